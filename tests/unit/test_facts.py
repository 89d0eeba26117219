import json
from dataclasses import replace

from pipeline.logic.facts import Kind, fact, latest, newest
from pipeline.records import to_json
from tests.builders import a_classification, a_deletion, a_post, an_enriched_post

SPOKEN = an_enriched_post(
    replace(a_post("1", text="call me 0912 345 67 89"), links=("https://a.example",), attributes={"a": "secret"}),
    a_classification(severity=3, categories=("delivery",), topics=("food",), sentiment="neg"),
)


def test_what_is_kept_for_weeks_holds_neither_raw_text_nor_scores():
    kept = fact(replace(SPOKEN, redacted_text="call me [phone]"), None)
    written = json.dumps(to_json(kept.enriched))
    assert not [each for each in ("0912", "a.example", "secret", "0.8", "0.7") if each in written]
    assert kept.enriched.redacted_text == "call me [phone]"
    said = kept.enriched.classification
    assert (said.severity.label, said.categories.labels, said.complaint.score) == ("3", ("delivery",), 0.9)
    assert kept.contribution.interests == {"food": 0.7}


def test_another_judgement_of_the_same_version_is_another_fact():
    milder = replace(SPOKEN, classification=a_classification(severity=2, categories=("delivery",)))
    ones = [fact(SPOKEN, None), fact(milder, None)]
    assert ones[0].version != ones[1].version
    assert latest(ones) == latest(ones[::-1])


def test_a_deletion_beats_every_version_and_is_no_news():
    gone = fact(an_enriched_post(a_deletion("1", hours=1)), None)
    assert latest([gone, fact(SPOKEN, None)]) == [gone]
    assert gone.kind is Kind.DELETED
    assert newest([gone, fact(SPOKEN, None)]) == []
