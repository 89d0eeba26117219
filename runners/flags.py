"""What the commands' parsers have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

DEFAULT_CONFIG = Path(__file__).parent / "config" / "minimal.yaml"


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    does: str,
    command: Callable[[argparse.Namespace], int],
    examples: str,
) -> argparse.ArgumentParser:
    """A command with its function and, under its help, its examples."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = commands.add_parser(name, help=does, description=does, epilog=examples, formatter_class=layout)
    parser.set_defaults(command=command)
    return parser


def add_model(parser: argparse.ArgumentParser) -> None:
    """`--model`."""
    from models.loading import DEFAULT_MODEL

    parser.add_argument(
        "--model",
        default=str(DEFAULT_MODEL),
        metavar="DIR_OR_HUB_NAME",
        help="classifier (default: the one that ships)",
    )


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--store`."""
    examples = "such as sqlite:///out/profiles.db or postgresql+psycopg://…"
    parser.add_argument("--store", required=True, metavar="URL", help=examples)


def add_json(parser: argparse.ArgumentParser, does: str) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help=does)


def positive(value: str) -> float:
    """A flag's number above 0."""
    try:
        number = float(value)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{value!r} is no number above 0")
    return number


def count(value: str) -> int:
    """A flag's whole number from 1 on."""
    if not value.isdecimal() or int(value) < 1:
        raise argparse.ArgumentTypeError(f"{value!r} is no number from 1 on")
    return int(value)
