"""Packaging. The four top packages have the names the owner chose; each is listed, none is searched for."""

from pathlib import Path

from setuptools import setup

# what a worker needs to run the graph
RUN = [
    "alembic>=1.16",
    "apache-beam>=2.77,<2.78",
    "avro>=1.12",
    "cattrs>=24.1",
    "fastavro>=1.10",
    "google-cloud-pubsub>=2.28",
    "holidays>=0.60",
    "numpy>=1.26",
    "persiantools>=6.2",
    "phonenumbers>=9",
    "prometheus-client>=0.21",
    "py3langid>=0.4,<0.5",
    "pydantic>=2.9",
    "python-stdnum>=2.2",
    "pyyaml>=6",
    "regex>=2025.1",
    "requests>=2.32",
    "rich>=13.9",
    "safetensors>=0.5",
    "sqlalchemy>=2.0.36",
    "tokenizers>=0.21",
    "torch>=2.6",
    "tqdm>=4.66",
    "transformers>=5.0",
    "tzdata>=2025.1",
]
POSTGRESQL = ["psycopg[binary]>=3.2"]
TRAIN = ["accelerate>=1.1", "matplotlib>=3.9", "scikit-learn>=1.5"]
BIGQUERY = ["google-cloud-bigquery>=3.47"]
DUCKDB = ["duckdb>=1.5,<2"]
TEST = [
    "bqemulator==1.4.0",
    "duckdb-extension-spatial==1.5.5",
    "hypothesis>=6.100",
    "mypy>=1.13",
    "pytest>=8",
    "ruff>=0.8",
    "types-PyYAML",
    "types-regex",
    "types-requests",
    "types-tqdm",
    *POSTGRESQL,
    *BIGQUERY,
    *DUCKDB,
    *TRAIN,
]

setup(
    name="shenava",
    version="0.1.0",
    description="Streaming sentiment and complaint detection for social posts, in Persian and English",
    long_description=Path("README.md").read_text("utf-8"),
    long_description_content_type="text/markdown",
    python_requires=">=3.11",
    packages=[
        *("pipeline", "pipeline.adapters", "pipeline.io", "pipeline.logic", "pipeline.records", "pipeline.store"),
        "pipeline.transforms",
        *("models", "models.training", "models.evaluation", "models.review"),
        "schemas",
        "runners",
    ],
    package_data={
        "models": ["default/*", "training/*.yaml", "cards/*.md", "evaluation/held_out/*"],
        # no package: Alembic reads these files by their path
        "pipeline.store": ["migrations/*.py", "migrations/versions/*.py"],
        "schemas": ["*.avsc", "released/*.avsc"],
        "runners": ["config/*.yaml"],
    },
    install_requires=RUN,
    extras_require={"train": TRAIN, "test": TEST, "bigquery": BIGQUERY, "duckdb": DUCKDB, "postgresql": POSTGRESQL},
    entry_points={"console_scripts": ["shenava = runners.cli:main"]},
)
