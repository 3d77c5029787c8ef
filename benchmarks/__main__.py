"""`python -m benchmarks [NAME...] [--json FILE]`: measure, and print a table."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.agent import measure as agent
from benchmarks.all_day import measure as all_day
from benchmarks.bundle import measure as bundle
from benchmarks.report import Measurement, table
from benchmarks.start import measure as start

BENCHMARKS = {"start": start, "all_day": all_day, "agent": agent, "bundle": bundle}
# Of a bundle only after a change in packaging: it is built for that.
DEFAULT_BENCHMARKS = ("start", "all_day", "agent")


def main() -> int:
    """Run what was named, or all; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers too")
    parser.add_argument("--runs", type=int, default=15, help="of each side (default: 15)")
    parser.add_argument("--python", default=sys.executable, help="that runs what is measured")
    given = parser.parse_args()
    unknown = set(given.names) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    found: list[Measurement] = []
    for name in given.names or DEFAULT_BENCHMARKS:
        found += BENCHMARKS[name](given.python, given.runs)
    sys.stdout.write(table(found))
    if given.json:
        rows = [asdict(measurement) for measurement in found]
        given.json.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    return 0 if all(measurement.reached for measurement in found) else 1


if __name__ == "__main__":
    sys.exit(main())
