"""The picture in the README, from the newest `make run`: `.venv/bin/python docs/images/render.py out`."""

import json
import sys
from pathlib import Path

from rich.console import Console

from pipeline.config import load_config
from runners import local, summary

output = Path(sys.argv[1])
found = json.loads((output / local.MANIFEST).read_text("utf-8"))
config = Path(found["config"])
job = local.Job(found["input"], output, load_config(config), config)
with Path("/dev/null").open("w") as nowhere:
    console = Console(record=True, width=104, file=nowhere, highlight=False)
    summary.show(found, job, console)
console.save_svg(str(Path(__file__).with_name("run.svg")), title="make run")
