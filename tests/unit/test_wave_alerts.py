"""Complaints on their way into waves, and what is said of a wave when more is known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pipeline.logic.facts import fact
from pipeline.logic.spikes import History, Sighting, SpikeSettings, waves
from pipeline.logic.wave_alerts import (
    RULE,
    WaveSettings,
    key_of,
    revisable_from,
    sightings,
    wave_alerts,
    wave_news,
)
from tests.builders import START, a_classification, a_deletion, a_post, an_enriched_post
from tests.unit.test_cases import SETTINGS

BRANDS = frozenset({"Parsi"})
WAVE = WaveSettings(SETTINGS.alerts, SpikeSettings(), "critical")
KEY = key_of("Parsi", "delivery")
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def a_fact(categories=("delivery",), hours=0.0, **more):
    said = a_classification(severity=3, categories=categories)
    return fact(an_enriched_post(a_post(hours=hours, text="بسته نیامد", **more), said), BRANDS)


def test_a_complaint_is_seen_by_each_of_its_categories():
    found = dict(sightings("x:ali", [], [a_fact(("delivery", "service"))], BRANDS))
    assert sorted(found) == ["delivery Parsi", "service Parsi"]
    seen = found[KEY]
    assert (seen.post, seen.author, seen.severity, seen.excerpt) == ("x:1", "x:ali", 3, "بسته نیامد")


def test_a_complaint_in_no_category_is_one_of_others():
    assert [key for key, _ in sightings("x:ali", [], [a_fact(())], BRANDS)] == ["other Parsi"]


def test_only_sure_complaints_about_our_brands_are_seen():
    unsure = fact(an_enriched_post(a_post(), a_classification(severity=3, abstain=True)), BRANDS)
    calm = fact(an_enriched_post(a_post(), a_classification()), BRANDS)
    assert list(sightings("x:ali", [], [unsure, calm], BRANDS)) == []
    assert list(sightings("x:ali", [], [a_fact()], frozenset({"Rahavard"}))) == []


def test_an_edit_takes_a_complaint_out_of_the_category_it_left():
    edited = a_fact(("billing",), edited_at=START + timedelta(hours=1))
    found = dict(sightings("x:ali", [a_fact()], [edited], BRANDS))
    assert found["billing Parsi"].stands
    assert not found[KEY].stands
    assert found[KEY].excerpt == ""
    assert found[KEY].version > a_fact().version


def test_a_deletion_takes_a_complaint_back_and_an_older_delivery_says_nothing():
    gone = fact(an_enriched_post(a_deletion(hours=1)), BRANDS)
    (key, seen) = next(iter(sightings("x:ali", [a_fact()], [gone], BRANDS)))
    assert (key, seen.stands, seen.permalink) == (KEY, False, None)
    assert list(sightings("x:ali", [gone], [a_fact()], BRANDS)) == []


def a_wave(people: int = 40) -> History:
    """Two weeks of a complaint every five hours, then so many people within half an hour."""
    history = History()
    times = [START + timedelta(hours=5 * n) for n in range(67)]
    times += [START + timedelta(days=14, minutes=30 * n / people) for n in range(people)]
    for number, at in enumerate(times):
        seen = Sighting(f"x:{number}", at, f"x:person{number}", "1", severity=1 + number % 3, platform="x")
        history.add(replace(seen, excerpt=f"پیک نیامد {number}"), WAVE.spikes)
    return history


def told(history: History, now: datetime) -> dict:
    return wave_alerts(KEY, history, waves(history, now, WAVE.spikes), WAVE)


NOW = START + timedelta(days=14, hours=3)


def test_a_wave_shows_its_gravest_first_post_and_its_samples():
    (alert,) = told(a_wave(), NOW).values()
    assert (alert.rule, alert.level, alert.department) == (RULE, "critical", "logistics")
    assert alert.severity == max(sample_severity(alert)) == 3
    assert [sample.post for sample in alert.samples] == [f"x:{67 + n}" for n in range(5)]
    assert alert.raised_at == START + timedelta(days=14, minutes=15)
    assert "people complained within 60 minutes, where 0.2 are usual" in alert.reasons[0]


def sample_severity(alert):
    return [1 + int(sample.post.removeprefix("x:")) % 3 for sample in alert.samples]


def test_what_was_said_is_not_said_again():
    found = told(a_wave(), NOW)
    assert wave_news({}, found, LONG_AGO) == list(found.values())
    assert wave_news(found, found, LONG_AGO) == []


def test_a_late_complaint_is_the_next_revision_of_the_same_alert():
    history = a_wave()
    before = told(history, NOW)
    at = START + timedelta(days=14, seconds=1)
    history.add(Sighting("x:late", at, "x:late", "1", platform="x", excerpt="دیر"), WAVE.spikes)
    (again,) = wave_news(before, told(history, NOW), LONG_AGO)
    assert (again.alert_id, again.revision) == (next(iter(before)), 2)
    assert again.reasons != before[again.alert_id].reasons


def test_a_wave_that_is_none_after_all_is_withdrawn_without_its_texts():
    (gone,) = wave_news(told(a_wave(), NOW), {}, LONG_AGO)
    assert (gone.withdrawn, gone.revision, gone.excerpt, gone.samples, gone.words) == (True, 2, "", (), ())


def test_what_is_walked_for_good_is_not_taken_back():
    history = a_wave()
    before = told(history, NOW)
    history.seal(NOW + timedelta(days=1), WAVE.spikes)
    cut = revisable_from(history, WAVE.spikes)
    assert cut == NOW + timedelta(days=4)
    assert wave_news(before, told(history, NOW + timedelta(days=2)), cut) == []
