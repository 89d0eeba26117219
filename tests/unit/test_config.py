from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from models.labels import BY_NAME
from models.labels import CATEGORIES as MODEL_CATEGORIES
from pipeline.config import CATEGORIES, load_config
from pipeline.config_sections import Intent, Stage
from pipeline.errors import ConfigError
from pipeline.logic.durations import parse_duration
from runners import local

CONFIGS = Path("runners/config")


@pytest.mark.parametrize("name", ["minimal.yaml", "reference.yaml"])
def test_the_configs_that_ship_are_valid(name):
    config = load_config(CONFIGS / name)
    assert config.alert_settings().departments
    assert config.parse_settings().format == "auto"


def test_the_examples_configs_are_valid():
    for path in Path("examples").glob("*/config.yaml"):
        load_config(path)


def test_the_reference_uses_every_key():
    reference = load_config(CONFIGS / "reference.yaml")
    assert reference.model_fields_set == set(type(reference).model_fields)
    for section in (reference.profiles, reference.input, reference.brands["Parsi"], reference.calendars["logistics"]):
        missing = set(type(section).model_fields) - section.model_fields_set
        assert missing <= {"country", "holidays", "working_days"}


def test_categories_are_those_of_the_classifier():
    assert CATEGORIES == MODEL_CATEGORIES


def test_stages_and_intents_are_those_of_the_classifier():
    assert Stage.__args__ == BY_NAME["stage"].labels
    assert Intent.__args__ == BY_NAME["intents"].labels


def test_a_policy_of_the_reference():
    settings = load_config(CONFIGS / "reference.yaml").action_settings()
    invite = next(policy for policy in settings.policies if policy.name == "invite-skiers")
    assert invite.when.segments == {"advocate", "loyal"}
    assert (invite.needs_consent, invite.usual_hour, max(invite.hours)) == ("marketing", 20, 21)
    assert settings.brands == {"Parsi", "Parsi Express"}
    named = [settings.persian[name] for name in ("Parsi", "skiing", "sports")]
    assert named == ["پارسی", "اسکی", "ورزش"]
    assert load_config(CONFIGS / "minimal.yaml").action_settings().policies == ()


def acting(*names, **change):
    """A section of policies that would be valid but for the change."""
    template = {"fa": "سلام {name}", "en": "Hello {name}"}
    good = {"when": {"segments": ["loyal"]}, "action": "thank", "channel": "reply", "template": template}
    return {"actions": {"policies": [{"name": name, **good, **change} for name in names]}}


def broken(**change):
    value = yaml.safe_load((CONFIGS / "minimal.yaml").read_text())
    for path, new in change.items():
        at = value
        *parents, last = path.split("__")
        for parent in parents:
            at = at[parent.replace("_", "-") if parent not in at else parent]
        at[last] = new
    return value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"brand": {}}, "brand: Extra inputs are not permitted"),
        ({"fallback_department": "nobody"}, "fallback_department: 'nobody' is not under departments"),
        ({"departments__customer-care__answer_within": "soon"}, "departments.customer-care.answer_within"),
        ({"departments__customer-care__categories": ["late"]}, "departments.customer-care.categories.0"),
        ({"departments__customer-care__calendar": "night"}, "departments.customer-care.calendar: 'night'"),
        ({"calendars__office__hours": {"monday": ["9 to 5"]}}, "calendars.office"),
        ({"calendars__office__hours": {"someday": []}}, "calendars.office.hours.someday"),
        ({"calendars__office__country": "XX"}, "calendars.office"),
        ({"time_zone": "Tehran"}, "Tehran"),
        ({"alerts": [{"name": "a", "level": "loud"}]}, "alerts.0.level"),
        ({"alerts": [{"name": "a", "level": "high"}] * 2}, "the name 'a' is used twice"),
        ({"alerts": [{"name": "a", "level": "high", "min_severity": 5}]}, "alerts.0.min_severity"),
        ({"input": {"format": "twitter"}}, "twitter"),
        ({"input": {"columns": {"txt": "comment"}}}, "txt"),
        ({"brands": {"A": {"channels": ["x"]}, "B": {"channels": ["x"]}}}, "channel of two brands"),
        ({"interests": {"skiing": {"terms": []}}}, "interests.skiing.terms"),
        ({"brands": {"A": {"accounts": {"x": ["1", "1"]}}}}, "the account x 1 is listed twice"),
        ({"departments__customer-care__answer_within": "900d"}, "departments.customer-care.answer_within"),
        ({"departments__customer-care__escalate_to": "nobody"}, "customer-care.escalate_to: 'nobody' is not under"),
        (
            {"departments__customer-care__escalate_to": "customer-care"},
            "customer-care → customer-care goes in a circle",
        ),
        ({"cases": {"warn_after": 1.5}}, "cases.warn_after"),
        ({"cases": {"alert_on": ["opened"]}}, "cases.alert_on.0"),
        ({"signals": {"department": "nobody"}}, "signals.department: 'nobody' is not under departments"),
        ({"actions": {"cool_down": "9999d"}}, "actions.cool_down"),
        (acting("a", "b", "a"), "actions.policies.a: the name is used twice"),
        (acting("a", when={"segments": ["fan"]}), "actions.policies.0.when.segments.0"),
        (acting("a", when={"stages": ["later"]}), "actions.policies.0.when.stages.0"),
        (acting("a", when={"intents": ["praise"]}), "actions.policies.0.when.intents.0"),
        (acting("a", when={"languages": ["Persian"]}), "actions.policies.0.when.languages.0"),
        (acting("a", when={"interests": ["golf"]}), "a.when.interests: 'golf' is not under interests, and no topic"),
        (acting("a", when={}), "when: a policy without any condition"),
        (acting("a", needs_consent="sms"), "actions.policies.0.needs_consent"),
        (acting("a", hours="21:00-09:00"), "actions.policies.0.hours"),
        (acting("a", usual_hour=22), "usual_hour: 22 is not within the hours"),
        (acting("a", template={"fa": "سلام {nam}", "en": "Hi"}), "actions.policies.0.template.fa"),
        (
            acting("a", template={"fa": "سلام", "en": "Hi {nam}"}),
            "unknown placeholder {nam}; there are {name}, {brand}",
        ),
        (acting("a", template={"fa": "سلام"}), "actions.policies.0.template.en"),
        (acting("a", template={"fa": "{interest}", "en": "Hi"}), "{interest} is nothing where `when` asks for no"),
        (acting("a", template={"fa": "{brand}", "en": "Hi"}), "{brand} is nothing where the config names no brand"),
    ],
)
def test_what_is_wrong_is_named_by_its_key(tmp_path, change, named):
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(broken(**change)))
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_format_can_be_named_for_one_run():
    config = load_config(CONFIGS / "minimal.yaml")
    assert config.with_format("telegram").parse_settings().format == "telegram"
    assert config.with_format(None) is config
    with pytest.raises(ConfigError, match="--format: 'myspace' is none of"):
        config.with_format("myspace")


@pytest.mark.parametrize("content", ["", "- a", ":", "a: [", "\x00"])
def test_what_is_no_config_at_all_is_refused(tmp_path, content):
    path = tmp_path / "c.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=r"c\.yaml"):
        load_config(path)


def test_a_missing_config_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_config(tmp_path / "c.yaml")


@pytest.mark.parametrize(("text", "hours"), [("8h", 8), ("90m", 1.5), ("2d", 48), ("1d2h30m", 26.5), (" 1h ", 1)])
def test_durations(text, hours):
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "8", "h", "8 hours", "0h", "-1h", "1m1h"])
def test_durations_that_are_none(text):
    with pytest.raises(ValueError, match="is no duration"):
        parse_duration(text)


def test_alerts_can_go_without_words(tmp_path):
    for explained in (True, False):
        config = load_config(CONFIGS / "reference.yaml").model_copy(update={"explain_alerts": explained})
        job = local.Job(input="posts", output=tmp_path, config=config, config_path=CONFIGS)
        words = local.ports(job).explain("سه روزه جواب نمیدین، خیلی بد", "complaint", "1")
        assert bool(words) == explained
