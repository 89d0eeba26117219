"""The measured quality of redaction cannot get lost: floors are what benchmarks/redaction.py printed on 2026-11-22."""

from itertools import pairwise

import pytest

from benchmarks.redaction import ALL_KINDS, Case, exact, overlap, read_cases, right_texts, score
from pipeline.logic.redaction import findings, redact

CASES = read_cases()
# kind: (precision, recall) with exact edges over both halves, cut after the third place
FLOORS = {
    "card": (1.0, 0.976),
    "email": (0.977, 0.977),
    "iban": (0.972, 0.972),
    "national-id": (0.974, 0.926),
    "phone": (0.985, 0.958),
    ALL_KINDS: (0.983, 0.961),
}


@pytest.mark.parametrize(("kind", "precision", "recall"), [(kind, *floor) for kind, floor in FLOORS.items()])
def test_quality_stays(kind: str, precision: float, recall: float) -> None:
    scored = score(CASES, exact)[kind]
    assert scored.precision >= precision
    assert scored.recall >= recall


def test_every_kind_has_a_floor() -> None:
    assert set(score(CASES, exact)) == set(FLOORS)


def test_touching_counts_at_least_as_much_as_exact_edges() -> None:
    strict, loose = score(CASES, exact)[ALL_KINDS], score(CASES, overlap)[ALL_KINDS]
    assert loose.found >= strict.found
    assert loose.right >= strict.right


def test_most_texts_leave_just_as_they_should() -> None:
    assert right_texts(CASES) >= 543


def test_cases_are_enough_and_of_both_sorts() -> None:
    personal = sum(bool(case.spans) for case in CASES)
    assert personal >= 250
    assert len(CASES) - personal >= 250
    assert [case.id for case in CASES] == list(range(1, len(CASES) + 1))
    assert len({case.text for case in CASES}) == len(CASES)


def test_spans_of_the_cases_point_at_something() -> None:
    for case in CASES:
        assert all(0 <= span.start < span.end <= len(case.text) for span in case.spans), case.id
        assert all(first.end <= second.start for first, second in pairwise(case.spans)), case.id
        assert all(case.text[span.start : span.end].strip() for span in case.spans), case.id


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.id))
def test_masking_a_case_again_changes_nothing(case: Case) -> None:
    once = redact(case.text)
    assert redact(once) == once
    assert findings(once) == []
