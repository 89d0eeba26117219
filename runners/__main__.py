"""`python -m runners`: the same as `shenava`."""

import sys

from runners.cli import main

sys.exit(main())
