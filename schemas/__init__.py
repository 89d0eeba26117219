"""The contracts: Avro schemas of every record that leaves the pipeline, and what follows from them.

    social_post.v1.avsc  …  one file a record and version; its field docs are the documentation
    loading.py              a schema by name
    validation.py           does this record keep the contract? if not, which field breaks it
    bigquery.py             the same contract as a BigQuery table, and a record as its row
    pubsub.py               the same contract as a Pub/Sub schema resource
    compatibility.py        may a contract change like this?
    releases.py             the frozen copies in released/ that a change is compared with
    __main__.py             `python -m schemas --help`

The dataclasses of these contracts are in `pipeline/records/`; contract tests hold both in step.
"""

from schemas.bigquery import bigquery_schema, to_row
from schemas.loading import load, names, raw, versions
from schemas.pubsub import pubsub_schema
from schemas.validation import validate

__all__ = ["bigquery_schema", "load", "names", "pubsub_schema", "raw", "to_row", "validate", "versions"]
