"""Run benchmarks and print a table."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.agent import measure as agent
from benchmarks.all_day import measure as all_day
from benchmarks.bundle import measure as bundle
from benchmarks.fleet import measure as fleet
from benchmarks.instructions import measure as instructions
from benchmarks.many_profiles import measure as many_profiles
from benchmarks.report import Measurement, table
from benchmarks.start import measure as start

BENCHMARKS = {
    "start": start,
    "many_profiles": many_profiles,
    "all_day": all_day,
    "agent": agent,
    "instructions": instructions,
    "bundle": bundle,
    "fleet": fleet,
}
# "bundle" takes minutes, because it builds two bundles. Run it after a change in packaging. "fleet"
# takes minutes too. Run it after a change in when tokens are renewed.
DEFAULT_BENCHMARKS = ("start", "many_profiles", "all_day", "agent", "instructions")


def main() -> int:
    """Run the benchmarks; return 1 if a goal was missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results to FILE")
    parser.add_argument(
        "--runs", type=int, default=15, help="runs of app and baseline (default: 15)"
    )
    parser.add_argument("--python", default=sys.executable, help="Python that runs the app")
    options = parser.parse_args()
    unknown = set(options.names) - BENCHMARKS.keys()
    if unknown:
        parser.error(f"unknown benchmark: {', '.join(sorted(unknown))}")
    found: list[Measurement] = []
    for name in options.names or DEFAULT_BENCHMARKS:
        found += BENCHMARKS[name](options.python, options.runs)
    sys.stdout.write(table(found))
    if options.json:
        rows = [asdict(measurement) for measurement in found]
        options.json.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    return 0 if all(measurement.reached for measurement in found) else 1


if __name__ == "__main__":
    sys.exit(main())
