"""`shenava export`: what the store holds, for others: the CRM, the warehouse, the person themselves."""

from __future__ import annotations

import argparse

from runners import crm_export, export_person, warehouse


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `export` with its sub-commands."""
    does = "what the store holds, for the CRM, the warehouse, or the person themselves"
    export = commands.add_parser("export", help=does, description=does, epilog="examples: `shenava export crm --help`")
    exports = export.add_subparsers(title="what", required=True, metavar="WHAT")
    crm_export.add_step(exports, "crm")
    export_person.add_person_parser(exports)
    warehouse.add_profiles_parser(exports)
