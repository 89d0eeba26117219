"""`pubsub://PROJECT/NAME`: how flags name a Pub/Sub topic or subscription."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ConfigError

PREFIX = "pubsub://"
"""What tells such a name from the path of a file."""

# https://cloud.google.com/resource-manager/docs/creating-managing-projects#before_you_begin; older projects may
# carry a domain (example.com:my-project)
PROJECT = re.compile(r"(?:[a-z0-9.-]+\.[a-z]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]", re.ASCII)
# https://cloud.google.com/pubsub/docs/pubsub-basics#resource_names
_NAME = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9._~+%-]{2,254}", re.ASCII)
_RESOURCE = re.compile(r"/*projects/([^/]+)/(?:topics|subscriptions)/([^/]+)")


@dataclass(frozen=True, slots=True)
class PubSubName:
    """A name in a project. Whether a topic or a subscription is meant, the flag knows that it came from."""

    project: str
    name: str

    @property
    def topic(self) -> str:
        """Path of the topic, as Google's clients and Beam take it."""
        return f"projects/{self.project}/topics/{self.name}"

    @property
    def subscription(self) -> str:
        """Path of the subscription, as Google's clients and Beam take it."""
        return f"projects/{self.project}/subscriptions/{self.name}"

    def __str__(self) -> str:
        return f"{PREFIX}{self.project}/{self.name}"


def is_pubsub(value: str) -> bool:
    """Whether a flag that also takes paths names Pub/Sub; the name itself may still be wrong."""
    return value.startswith(PREFIX)


def parse_pubsub(value: str, flag: str) -> PubSubName:
    """The topic or subscription that `value` names.

    Args:
        value: `pubsub://PROJECT/NAME`.
        flag: the flag or key it was given with, such as `--to`.

    Raises:
        ConfigError: naming the flag, what is wrong, and what to write.
    """
    if resource := _RESOURCE.fullmatch(value.removeprefix(PREFIX)):
        raise ConfigError(f"{flag} {value!r}: write it {PREFIX}{resource[1]}/{resource[2]}")
    project, slash, name = value.removeprefix(PREFIX).partition("/")
    if not is_pubsub(value) or not slash:
        raise ConfigError(f"{flag} {value!r}: write {PREFIX}PROJECT/NAME, such as {PREFIX}my-project/posts")
    if not PROJECT.fullmatch(project):
        raise ConfigError(
            f"{flag} {value!r}: {project!r} is no project id: 6 to 30 lower-case letters, digits and hyphens, "
            "a letter first, no hyphen last, such as demo-project"
        )
    return PubSubName(project, check_name(name, f"{flag} {value!r}"))


def check_name(name: str, where: str) -> str:
    """`name` itself, if a topic or subscription may be called so; else ConfigError beginning with `where`."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{where}: {name!r} is no name of a topic or subscription: 3 to 255 letters, digits and -._~+%, "
            "a letter first, not beginning with goog"
        )
    return name
