"""The values that flow through the graph. Their contracts are the files in `schemas/`.

Times are timezone-aware UTC `datetime`s with microseconds. Every record is frozen: a step
returns a new value. `to_dict` gives what fastavro and `json` write; `from_dict` reads it back.
"""

from pipeline.records.actions import Action
from pipeline.records.care import Alert, Case, CasePost, Sample, Transition
from pipeline.records.codec import from_dict, from_json, iso_time, to_dict, to_json
from pipeline.records.customer_rows import CustomerRow, WeighedInterest
from pipeline.records.customers import ANY, Consent, Customer, Link, Suppressed
from pipeline.records.dead_letters import DeadLetter
from pipeline.records.judgement import Choice, Classification, ClassifiedPost, EnrichedPost, Flag, Labels
from pipeline.records.kpis import Kpi, ResponseBin, Sketch
from pipeline.records.posts import Author, Engagement, ParsedPost, RawRecord, SocialPost
from pipeline.records.profiles import Contribution, CustomerBrief, DeclaredAttribute, Deletion, Look, Profile
from pipeline.records.review import Review

__all__ = [
    "ANY",
    "Action",
    "Alert",
    "Author",
    "Case",
    "CasePost",
    "Choice",
    "Classification",
    "ClassifiedPost",
    "Consent",
    "Contribution",
    "Customer",
    "CustomerBrief",
    "CustomerRow",
    "DeadLetter",
    "DeclaredAttribute",
    "Deletion",
    "Engagement",
    "EnrichedPost",
    "Flag",
    "Kpi",
    "Labels",
    "Link",
    "Look",
    "ParsedPost",
    "Profile",
    "RawRecord",
    "ResponseBin",
    "Review",
    "Sample",
    "Sketch",
    "SocialPost",
    "Suppressed",
    "Transition",
    "WeighedInterest",
    "from_dict",
    "from_json",
    "iso_time",
    "to_dict",
    "to_json",
]
