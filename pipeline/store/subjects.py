"""What is known of each subject, summed up to one row each, so that no join of these multiplies a row.

A subject is a customer of the CRM with all linked accounts, or an account that is no customer's.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, String, Subquery, and_, case, cast, func, literal, null, select, union_all

from pipeline.logic.cases import BREACHED, RESOLVED, WAITING
from pipeline.logic.insight import ACCOUNT, CUSTOMER
from pipeline.store.care_tables import ACTIONS, ALERTS, CASES
from pipeline.store.customer_tables import CONSENTS, CUSTOMERS, LINKS, SUPPRESSED
from pipeline.store.profile_tables import PROFILES


def people() -> Subquery:
    """Every subject with the sums over their accounts, one row each."""
    theirs = _sums_of_linked()
    customers = select(
        CUSTOMERS.c.customer.label("subject"),
        literal(CUSTOMER).label("kind"),
        CUSTOMERS.c.name,
        CUSTOMERS.c.tier,
        func.coalesce(theirs.c.accounts, 0).label("accounts"),
        theirs.c.handles,
        *(func.coalesce(theirs.c[name], 0).label(name) for name in ("posts", "complaints", "recommendations", "reach")),
        theirs.c.first_seen,
        theirs.c.last_seen,
    ).select_from(CUSTOMERS.outerjoin(theirs, theirs.c.customer == CUSTOMERS.c.customer))
    profile = PROFILES.c
    others = (
        select(
            *(
                profile.account,
                literal(ACCOUNT),
                profile.display_name,
                cast(null(), String),
                literal(1),
                profile.handle,
            ),
            *(profile.posts, profile.complaints, profile.advocacy, profile.reach),
            *(profile.first_seen, profile.last_seen),
        )
        .select_from(PROFILES.outerjoin(LINKS, LINKS.c.account == profile.account))
        .where(LINKS.c.account.is_(None), profile.posts > 0)
    )
    return union_all(customers, others).subquery("people")


def _sums_of_linked() -> Subquery:
    """Customer -> sums over the linked accounts; one that never posted, or whose posts are gone, is only counted."""
    with_posts = and_(PROFILES.c.account == LINKS.c.account, PROFILES.c.posts > 0)
    names = ("handle", "posts", "complaints", "advocacy", "reach", "first_seen", "last_seen")
    # in order, so that the handles are
    each = (
        select(LINKS.c.customer, *(PROFILES.c[name] for name in names))
        .select_from(LINKS.outerjoin(PROFILES, with_posts))
        .order_by(LINKS.c.customer, LINKS.c.account)
        .subquery("linked")
    )
    return (
        select(
            each.c.customer,
            func.count().label("accounts"),
            func.aggregate_strings(each.c.handle, ", ").label("handles"),
            func.sum(each.c.posts).label("posts"),
            func.sum(each.c.complaints).label("complaints"),
            func.sum(each.c.advocacy).label("recommendations"),
            func.sum(each.c.reach).label("reach"),
            func.min(each.c.first_seen).label("first_seen"),
            func.max(each.c.last_seen).label("last_seen"),
        )
        .group_by(each.c.customer)
        .subquery("sums")
    )


def open_cases() -> Subquery:
    waiting = CASES.c.state.in_(WAITING)
    counts = (
        func.count().label("open_cases"),
        func.count().filter(CASES.c.state == BREACHED).label("breached_cases"),
        func.min(case((waiting, CASES.c.due_at))).label("next_due"),
    )
    return _by_subject("cases_of", CASES.c.customer, *counts, where=CASES.c.state != RESOLVED)


def latest_alert() -> Subquery:
    last = func.max(ALERTS.c.raised_at).label("last_alert_at")
    return _by_subject("alerts_of", ALERTS.c.customer, last, where=ALERTS.c.withdrawn.is_(False))


def latest_action() -> Subquery:
    last = func.max(ACTIONS.c.at).label("last_action_at")
    return _by_subject("actions_of", ACTIONS.c.customer, last, where=ACTIONS.c.withdrawn.is_(False))


def suppressed() -> Subquery:
    """Who is on the suppression list, or has an account there."""
    return _by_subject("suppressed_of", SUPPRESSED.c.subject)


def marketing_consents() -> Subquery:
    given = and_(CONSENTS.c.purpose == "marketing", CONSENTS.c.given.is_(True))
    counted = select(CONSENTS.c.customer.label("subject"), func.count().label("marketing_channels")).where(given)
    return counted.group_by(CONSENTS.c.customer).subquery("consents_of")


def _by_subject(
    name: str, account: ColumnElement[str], *sums: ColumnElement[Any], where: ColumnElement[bool] | None = None
) -> Subquery:
    """Sums over the rows of each subject; `account` is the column that says whose a row is."""
    subject = subject_of(account)
    rows = select(subject.label("subject"), *sums).select_from(
        account.table.outerjoin(LINKS, LINKS.c.account == account)
    )
    return (rows if where is None else rows.where(where)).group_by(subject).subquery(name)


def subject_of(account: ColumnElement[str]) -> ColumnElement[str]:
    """Whose an account is, where LINKS is joined."""
    # as text: SQLite makes no index to join on an expression without a type, and would compare each row with each
    return cast(func.coalesce(LINKS.c.customer, account), String)
