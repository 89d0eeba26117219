from dataclasses import replace

import pytest

from models.decoding import Decision, HeadDecision
from models.review.selection import Rules, answers, select
from pipeline.errors import ConfigError
from pipeline.records import Choice, Flag
from tests.builders import a_classification, a_post, an_enriched_post

RULES = Rules(
    "a-model",
    Decision(
        {
            "complaint": HeadDecision(thresholds={"complaint": 0.4}, band=0.2),
            "stage": HeadDecision(band=0.3),
        }
    ),
)


def post(post_id, *, complaint=None, stage=None, text=None, **more):
    """An enriched post; the scores given are unsure ones."""
    said = a_classification(**more)
    if complaint is not None:
        said = replace(said, complaint=Flag(complaint >= 0.4, complaint, abstain=True))
        said = replace(said, severity=replace(said.severity, abstain=True))
    if stage is not None:
        said = replace(said, stage=Choice("post", {"none": 0.0, "pre": 0.3, "buy": 0.1, "post": 0.3 + stage}, True))
    return an_enriched_post(a_post(post_id, text=text or f"text {post_id}"), said)


def ids(selection):
    return [each.id for each in selection.found]


def test_only_unsure_posts_are_found_those_of_most_doubt_first():
    posts = [
        post("sure"),
        post("far", complaint=0.58),  # 0.9 of the band away from its line
        post("near", complaint=0.38),  # 0.1
        post("middle", stage=0.15),  # 0.5
        post("two", complaint=0.46, stage=0.12),  # 0.3 and 0.4
    ]
    found = select(posts, RULES, {})
    assert ids(found) == ["x:two", "x:near", "x:middle", "x:far"]
    assert [round(each.doubt, 3) for each in found.found] == [1.3, 0.9, 0.5, 0.1]
    assert (found.posts, found.repeated, found.beyond_limit) == (5, 0, 0)


def test_a_candidate_says_why_and_carries_the_present_answers():
    (found,) = select([post("1", complaint=0.52, stage=0.1, severity=2, categories=("billing",))], RULES, {}).found
    assert found.unsure == ("complaint", "stage")
    assert found.reasons == ("complaint 0.52 unsure", "stage post 0.40 or pre 0.30 unsure")
    assert found.labels == {
        "sentiment": "neu",
        "complaint": 1,
        "severity": 2,
        "categories": ["billing"],
        "advocacy": 0,
        "intents": [],
        "stage": "post",
        "topics": [],
        "promo": 0,
    }


def test_the_limit_keeps_the_most_uncertain():
    found = select([post(str(i), complaint=0.4 + i / 100) for i in range(9, 0, -1)], RULES, {}, limit=2)
    assert ids(found) == ["x:1", "x:2"]
    assert found.beyond_limit == 7


def test_a_correction_that_is_followed_is_left_alone_and_one_that_is_not_comes_last():
    posts = [post("unsure", complaint=0.4), post("followed", complaint=0.41), post("not", severity=2)]
    sure = answers(posts[2].classification)
    corrections = {
        "x:followed": answers(posts[1].classification),
        "x:not": sure | {"complaint": 0, "severity": 0, "categories": [], "topics": ["food", "tech"]},
    }
    found = select(posts, RULES, corrections)
    assert ids(found) == ["x:unsure", "x:not"]
    assert found.differing == 1
    assert found.found[1].reasons == ("complaint 1 but corrected to 0", "topics none but corrected to food, tech")
    # the column still holds what the model says now
    assert found.found[1].labels["complaint"] == 1


def test_the_order_of_labels_and_unknown_heads_are_no_difference():
    said = post("1", topics=("food", "tech"))
    assert select([said], RULES, {"x:1": {"topics": ["tech", "food"]}}).found == []
    assert ids(select([said], RULES, {"x:1": {"topics": ["tech"]}})) == ["x:1"]


def test_brand_replies_empty_texts_and_reposts_are_not_shown():
    own = replace(post("own", complaint=0.4), is_brand_reply=True)
    empty = replace(post("empty", complaint=0.4), redacted_text=" ")
    posts = [own, empty, post("1", complaint=0.41, text="Late  again"), post("2", complaint=0.4, text="late again")]
    found = select(posts, RULES, {})
    assert ids(found) == ["x:2"]
    assert found.repeated == 1


def test_of_a_post_in_two_runs_the_later_counts():
    found = select([post("1", complaint=0.4), post("1")], RULES, {})
    assert (found.posts, found.found) == (1, [])


def test_only_the_redacted_text_leaves():
    masked = replace(post("1", complaint=0.4, text="call 0912 345 6789"), redacted_text="call [phone]")
    (found,) = select([masked], RULES, {}).found
    assert "0912" not in repr(found)


def test_rules_of_another_model_are_refused():
    with pytest.raises(
        ConfigError, match=r"x:1 was judged by a-model, but --model is b-model: run `shenava run` again"
    ):
        select([post("1", complaint=0.4)], replace(RULES, model="b-model"), {})


def test_rules_come_from_a_model_directory(tmp_path):
    (tmp_path / "config.json").write_text('{"shenava_name": "mine"}')
    assert Rules.load(str(tmp_path)) == Rules("mine", Decision())
    RULES.decision.save(tmp_path / "decision.json")
    assert Rules.load(str(tmp_path)).decision.heads["complaint"].band == 0.2
    with pytest.raises(ConfigError, match=r"config\.json"):
        Rules.load(str(tmp_path / "none"))
