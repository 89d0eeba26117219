"""`pubsub://PROJECT/NAME`."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigError
from pipeline.io.pubsub_names import PubSubName, is_pubsub, parse_pubsub


@pytest.mark.parametrize(
    ("value", "project", "name"),
    [
        ("pubsub://demo-project/posts", "demo-project", "posts"),
        ("pubsub://example.com:old-project/alerts.v1_x", "example.com:old-project", "alerts.v1_x"),
        ("pubsub://abcdef/a%+~b", "abcdef", "a%+~b"),
        (f"pubsub://a{'b' * 29}/n{'m' * 254}", "a" + "b" * 29, "n" + "m" * 254),
    ],
)
def test_names(value, project, name):
    found = parse_pubsub(value, "--to")
    assert found == PubSubName(project, name)
    assert (found.topic, found.subscription) == (
        f"projects/{project}/topics/{name}",
        f"projects/{project}/subscriptions/{name}",
    )
    assert str(found) == value


@pytest.mark.parametrize(
    ("value", "mended_by"),
    [
        ("posts.jsonl", "write pubsub://PROJECT/NAME"),
        ("", "write pubsub://PROJECT/NAME"),
        ("pubsub://demo-project", "write pubsub://PROJECT/NAME"),
        ("PUBSUB://demo-project/posts", "write pubsub://PROJECT/NAME"),
        ("projects/demo-project/topics/posts", "write it pubsub://demo-project/posts"),
        ("pubsub://projects/demo-project/subscriptions/posts", "write it pubsub://demo-project/posts"),
        ("pubsub:///posts", "'' is no project id"),
        ("pubsub://test/posts", "such as demo-project"),
        ("pubsub://Demo-Project/posts", "lower-case"),
        ("pubsub://demo-project-/posts", "no hyphen last"),
        ("pubsub://demo-project/", "3 to 255 letters"),
        ("pubsub://demo-project/ab", "3 to 255 letters"),
        ("pubsub://demo-project/1st", "a letter first"),
        ("pubsub://demo-project/posts/more", "'posts/more' is no name"),
        ("pubsub://demo-project/posts\n", "is no name"),
        ("pubsub://demo-project/پست‌ها", "is no name"),
        ("pubsub://demo-project/google-posts", "not beginning with goog"),
    ],
)
def test_anything_else_is_refused_with_what_to_write(value, mended_by):
    with pytest.raises(ConfigError) as refused:
        parse_pubsub(value, "--from")
    assert str(refused.value).startswith("--from ")
    assert mended_by in str(refused.value)


def test_paths_are_told_from_names():
    assert [is_pubsub(value) for value in ("pubsub://x", "out/alerts", "pubsub.jsonl")] == [True, False, False]
