from pathlib import Path

import pytest
import yaml

from models.evaluation.names import NAMES, TEMPLATES
from models.training import names
from models.training.data import read_rows
from pipeline.errors import ConfigError

OWN = Path("models/training/rows/names.yaml")


def test_a_post_is_seen_with_several_names_and_nothing_else_changes():
    rows = read_rows(OWN)
    first = rows[: names.NAMES_EACH]
    assert len({row.text for row in first}) == names.NAMES_EACH
    assert all(row.labels == first[0].labels and row.lang == first[0].lang for row in first)
    assert rows == read_rows(OWN), "the same names every time"
    assert len({row.id for row in rows}) == len(rows)
    assert not any(names.GAP in row.text for row in rows)


def test_neither_a_name_nor_a_sentence_of_the_test_is_trained_on():
    value = yaml.safe_load(OWN.read_text("utf-8"))
    for (language, kind), tested in NAMES.items():
        assert not set(tested) & set(value["names"][language][kind])
        assert not set(TEMPLATES[language, kind]) & {pattern["text"] for pattern in value["patterns"]}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("patterns: []", "not a file of names and patterns"),
        (
            "{names: {en: {person: [A, B, C, D, E, F]}}, patterns: [{text: no gap, lang: en, of: person, labels: {}}]}",
            "pattern 1: .*one {name}",
        ),
        (
            '{names: {en: {person: [A]}}, patterns: [{text: "hi {name}", lang: en, of: person, labels: {}}]}',
            "pattern 1: .*names or more",
        ),
        (
            "{names: {en: {person: [A, B, C, D, E, F]}}, "
            'patterns: [{text: "hi {name}", lang: en, of: person, labels: {mood: bad}}]}',
            "own-nm-001-0: .*labels.mood",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_pattern(tmp_path, text, named):
    path = tmp_path / "names.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=named):
        read_rows(path)
