"""Breaks simulated laboratories for months: killed anywhere, on disks and lines that fail, with hosts that lie.

First every way of writing is killed at each of its statements. Then so many months of fleets of 12 follow, each from
its own seed, with all troubles at once. What is done is kept in a file, so that a campaign which was stopped goes on;
a change of the program begins it anew. Ends with 0 only if no promise was broken anywhere.

    scripts/campaign months --months 200 --kills 500
    scripts/campaign months --seed 1234        # one month again, to look at it
"""

import argparse
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kept_outcomes import Part, outcomes
from simulation.troubles import ALL
from simulation.world import Scenario
from world.boundaries import PATHS, kill_everywhere, stage
from world.places import quick
from world.simulation import Simulation

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "months.jsonl"
FIRST = 1_000  # seed
HOSTS, WORKUNITS, BULKY, FULL_CHECK = 12, 2_000, 30, 4_000  # the last in events


def month(seed: int) -> dict[str, Any]:
    """One fleet for thirty days, in a process of its own."""
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="axiom-simulated-", dir=quick()) as place:
        course = Scenario(
            seed=seed,
            hosts=HOSTS,
            workunits=WORKUNITS,
            bulky=BULKY,
            troubles=ALL,
            full_check_every=FULL_CHECK,
        )
        return {"part": f"month {seed}", **asdict(Simulation(course, Path(place) / "lab").play())}


def path(name: str) -> dict[str, Any]:
    """One way of writing, killed at each of its statements."""
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="axiom-simulated-", dir=quick()) as place:
        origin = stage(Path(place) / "origin")
        outcome = kill_everywhere(name, origin, Path(place))
        return {"part": f"path {name}", "kills": outcome.points, "broken": outcome.broken, "results": 0}


def faults(what: str) -> str:
    """What was met, without the statement at which it was."""
    fault, _, place = what.partition(" at ")
    _, of, disk = place.partition(" of the ")
    return f"{fault} while writing to the {disk}" if of else f"{fault} at a statement"


def play(months: int, jobs: int, file: Path) -> Iterator[Mapping[str, Any]]:
    """What has come of each part, the kept ones first."""
    parts: dict[str, Part] = {f"path {name}": (path, (name,)) for name in PATHS}
    parts |= {f"month {seed}": (month, (seed,)) for seed in range(FIRST, FIRST + months)}
    return outcomes(file, jobs, parts)


def again(seed: int) -> int:
    """One month, with the last of what happened in it."""
    outcome = month(seed)
    print("\n".join((*outcome["last"], *outcome["broken"])))
    print(f"seed {seed}: hash {outcome['digest'][:16]}, promises broken: {len(outcome['broken'])}")
    return int(bool(outcome["broken"]))


def main() -> int:
    """One month again, or the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--months", type=int, default=200)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kept", type=Path, default=KEPT)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    return judge(options) if options.seed is None else again(options.seed)


def judge(options: argparse.Namespace) -> int:
    """Play all of it, count what was met, and say whether everything held."""
    months = kills = results = boundaries = 0
    by_fault: Counter[str] = Counter()
    broken: list[str] = []
    for outcome in play(options.months, options.jobs, options.kept):
        is_month = outcome["part"].startswith("month")
        months, results, kills = months + is_month, results + outcome["results"], kills + outcome["kills"]
        boundaries += 0 if is_month else outcome["kills"]
        for what, amount in outcome.get("met", {}).items():
            by_fault[faults(what)] += amount
        broken += [f"{outcome['part']}: {problem}" for problem in outcome["broken"]]
        print(
            f"{outcome['part']:<18} kills {outcome['kills']:>4}, results {outcome['results']:>6,}, "
            f"broken {len(outcome['broken'])}",
            file=sys.stderr,
            flush=True,
        )
    print(f"fleet-months {months}, seeds {FIRST} to {FIRST + options.months - 1}; results {results:,}")
    print(f"kills {kills:,}: {boundaries:,} at every statement of {len(PATHS)} ways to write, the others anywhere")
    print(f"what the laboratories met: {', '.join(f'{what} {amount:,}' for what, amount in sorted(by_fault.items()))}")
    print(f"promises broken: {len(broken)}")
    for problem in broken[:20]:
        print(f"  {problem}")
    is_met = not broken and kills >= options.kills and months >= options.months
    print(f"{'Met' if is_met else 'MISSED'}: {options.months} fleet-months and {options.kills} kills, nothing broken.")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
