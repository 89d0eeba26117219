"""The pipeline on one screen: posts in; events, profiles, cases, alerts, actions, KPIs and dead letters out."""

from __future__ import annotations

import apache_beam as beam

from pipeline.config import Config
from pipeline.failures import Outcome
from pipeline.ports import Ports
from pipeline.transforms.address_posts import AddressPosts
from pipeline.transforms.ask_for_review import AskForReview
from pipeline.transforms.care_for_customers import CareForCustomers
from pipeline.transforms.classify_posts import ClassifyPosts
from pipeline.transforms.detect_waves import DetectWaves
from pipeline.transforms.drop_duplicates import DropDuplicates
from pipeline.transforms.drop_forgotten import DropForgotten, DropForgottenLetters
from pipeline.transforms.enrich_posts import EnrichPosts
from pipeline.transforms.fold_profiles import FoldProfiles
from pipeline.transforms.parse_posts import ParsePosts


def build(pipeline: beam.Pipeline, config: Config, ports: Ports) -> None:
    """Lay the graph onto `pipeline`.

    Every record that is read ends as exactly one enriched event, one dead letter, or is one counted duplicate or
    post of somebody who is forgotten.
    """
    failures: list[beam.PCollection] = []

    def keep(outcome: Outcome) -> beam.PCollection:
        failures.append(outcome.failures)
        return outcome.ok

    records = pipeline | "Read posts" >> ports.read_posts
    parsed = keep(records | "Parse posts" >> ParsePosts(config.parse_settings(), ports.clock))
    heard = parsed | "Drop forgotten" >> DropForgotten(ports.forgotten)
    fresh = heard | "Drop duplicates" >> DropDuplicates()
    classified = keep(fresh | "Classify posts" >> ClassifyPosts(ports.classifier))
    enriched = keep(classified | "Enrich posts" >> EnrichPosts(config.enrich_settings()))

    enriched | "Write enriched events" >> ports.write_enriched
    enriched | "Ask for review" >> AskForReview(config.alert_settings()) | "Write reviews" >> ports.write_reviews
    (
        enriched
        | "Fold profiles" >> FoldProfiles(config.profile_settings())
        | "Upsert profiles" >> ports.upsert_profiles
    )  # fmt: skip
    recalled = pipeline | "Recall care" >> ports.recall_care
    addressed = enriched | "Address posts" >> AddressPosts(recalled)
    care = addressed | "Care for customers" >> CareForCustomers(
        config.care_settings(), ports.explain, ports.clock, recalled, ports.forgotten
    )
    habits = pipeline | "Recall waves" >> ports.recall_waves
    waves = care.sightings | "Detect waves" >> DetectWaves(config.wave_settings(), ports.clock, habits)

    care.cases | "Write cases" >> ports.write_cases
    (care.alerts, waves.alerts) | "All alerts" >> beam.Flatten() | "Write alerts" >> ports.write_alerts
    care.actions | "Permit actions" >> ports.permit_actions | "Write actions" >> ports.write_actions
    care.facts | "Keep facts" >> ports.keep_facts
    waves.courses | "Keep courses" >> ports.keep_courses
    care.kpis | "Count service" >> ports.count_service | "Write KPIs" >> ports.write_kpis
    letters = failures | "Collect failures" >> beam.Flatten()
    letters | "Drop letters" >> DropForgottenLetters(ports.forgotten) | "Write dead letters" >> ports.write_dead_letters
