from hypothesis import given
from hypothesis import strategies as st

from models.batching import WIDTHS, sub_batches, width_for


@given(st.lists(st.integers(1, 512), max_size=200), st.sampled_from([64, 512, 2048]))
def test_every_post_comes_once_within_the_budget(lengths, budget):
    batches = list(sub_batches(lengths, budget))
    assert sorted(i for _, batch in batches for i in batch) == list(range(len(lengths)))
    for width, batch in batches:
        assert width in WIDTHS
        assert all(lengths[i] <= width for i in batch)
        assert len(batch) == 1 or len(batch) * width <= budget


def test_a_text_beyond_the_widths_gets_its_own_length():
    assert width_for(600) == 600
    assert list(sub_batches([600], 100)) == [(600, [0])]


def test_padding_is_a_small_share_on_posts_of_mixed_length():
    lengths = [8 + (i * 37) % 90 for i in range(500)]
    padded = sum(width * len(batch) for width, batch in sub_batches(lengths, 2048))
    assert padded / sum(lengths) < 1.2


def test_a_width_comes_with_one_number_of_posts_but_for_the_last_few():
    lengths = [4 + (i * 37) % 90 for i in range(700)]
    batches = list(sub_batches(lengths, 2048))
    full = {(width, len(batch)) for width, batch in batches if len(batch) * width > 1024}
    assert len(full) == len({width for width, _ in full})
    rest = [len(batch) for width, batch in batches if len(batch) * width <= 1024]
    assert rest == sorted(rest, reverse=True)
    assert all(size & (size - 1) == 0 for size in rest)
