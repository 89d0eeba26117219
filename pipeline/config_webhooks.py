"""The section of webhooks: which keys it has, and what makes a wrong one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from pipeline.config_sections import Section
from pipeline.logic.care import RECOVERED
from pipeline.logic.signals import ADVOCATE, CHURN
from pipeline.logic.wave_alerts import RULE as WAVE
from pipeline.logic.webhooks import ACTIONS, ALERTS, Subscription

OWN_RULES = (
    *("case-at-risk", "case-breached", "case-answered", "case-reopened", "case-resolved"),
    *(RECOVERED, ADVOCATE, CHURN, WAVE),
)
"""What Shenava raises beside the config's rules."""
_LOCAL = ("localhost", "127.0.0.1", "::1")
WebhookName = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,63}$")]


class WebhookSection(Section):
    """A receiver of alerts and actions over HTTP."""

    url: str
    secret_env: Annotated[str, Field(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]
    send: Annotated[list[Literal["alerts", "actions"]], Field(min_length=1)]
    departments: list[str] = Field([], description="of alerts; empty for all")
    levels: list[Literal["info", "high", "critical"]] = Field([], description="of alerts; empty for all")
    rules: list[str] = Field([], description="of alerts; empty for all")
    policies: list[str] = Field([], description="of actions; empty for all")
    allow_http: bool = False

    @model_validator(mode="after")
    def _holds_together(self) -> WebhookSection:
        try:
            url = urlsplit(self.url)
            # the port is read only when it is asked for
            host, _ = url.hostname, url.port
        except ValueError:
            host = None
        if not host or url.scheme not in ("http", "https"):
            raise ValueError("url: it must be https://HOST/PATH")
        if url.username or url.password:
            raise ValueError("url: it must hold no password; the receiver knows us by the signature")
        if url.scheme == "http" and host not in _LOCAL and not self.allow_http:
            raise ValueError(
                "url: http would show customers' posts to everybody on the way; https, or allow_http: true"
            )
        for key, of in {"departments": ALERTS, "levels": ALERTS, "rules": ALERTS, "policies": ACTIONS}.items():
            if getattr(self, key) and of not in self.send:
                raise ValueError(f"{key}: it chooses among {of}, and send does not name {of}")
        return self

    def subscription(self, name: str) -> Subscription:
        """As the outbox takes it."""
        return Subscription(
            name=name,
            url=self.url,
            secret_env=self.secret_env,
            send=frozenset(self.send),
            departments=frozenset(self.departments),
            levels=frozenset(self.levels),
            rules=frozenset(self.rules),
            policies=frozenset(self.policies),
        )


def check_webhooks(
    webhooks: Mapping[str, WebhookSection],
    departments: Collection[str],
    rules: Collection[str],
    policies: Collection[str],
) -> None:
    """Raise ValueError where a webhook speaks of what the config does not name, or Shenava does not raise.

    Args:
        rules: the config's; OWN_RULES are known.
    """
    for name, webhook in webhooks.items():
        known = {"departments": departments, "rules": [*rules, *OWN_RULES], "policies": policies}
        for key, names in known.items():
            if unknown := [each for each in getattr(webhook, key) if each not in names]:
                there = ", ".join(sorted(names)) or "none"
                raise ValueError(f"webhooks.{name}.{key}: there is no {unknown[0]!r} (there are: {there})")
