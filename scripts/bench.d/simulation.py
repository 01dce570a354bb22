"""Thirty days of a laboratory with 83 computers, simulated: how long does that take, and does every promise hold?

Ends with 0 only if the median round takes at most 60 seconds, all rounds are the same course, and nothing is broken.
A round without troubles is what is timed; `--troubles` adds one with all of them, for comparison.
"""

import argparse
import logging
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "simulation"))

from world.outcome import CourseOutcome
from world.places import quick
from world.simulation import Simulation

from axiom.simulation.troubles import ALL, CALM, Troubles
from axiom.simulation.world import Scenario

MOST_SECONDS = 60.0


def play(seed: int, days: float, troubles: Troubles) -> tuple[CourseOutcome, float, float]:
    """One round: what came of it, its seconds by the wall and of processor time."""
    with tempfile.TemporaryDirectory(prefix="axiom-bench-", dir=quick()) as place:
        course = Scenario(seed=seed, days=days, workunits=round(14_000 * days / 30), troubles=troubles)
        began, spent = time.monotonic(), time.process_time()
        outcome = Simulation(course, Path(place) / "lab").play()
        return outcome, time.monotonic() - began, time.process_time() - spent


def summary(name: str, outcome: CourseOutcome, wall: float, cpu: float) -> str:
    """A round in a line."""
    counts = outcome.counts
    return (
        f"{name:<9} {wall:6.1f} s ({cpu:.1f} s of processor time): {outcome.events:,} events, "
        f"{counts.get('answered', 0):,} contacts, {outcome.results:,} results, {counts.get('session', 0)} sessions, "
        f"{outcome.kills} kills, {outcome.statements:,} statements"
    )


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=20_260_302)
    parser.add_argument("--troubles", action="store_true")
    options = parser.parse_args()
    logging.disable()
    walls: list[float] = []
    digests: set[str] = set()
    broken: list[str] = []
    for number in range(options.rounds):
        outcome, wall, cpu = play(options.seed, options.days, CALM)
        print(summary(f"round {number + 1}", outcome, wall, cpu), flush=True)
        walls.append(wall)
        digests.add(outcome.digest)
        broken += outcome.broken
    if options.troubles:
        outcome, wall, cpu = play(options.seed, options.days, ALL)
        print(summary("troubles", outcome, wall, cpu), flush=True)
        broken += outcome.broken
    median = statistics.median(walls)
    faster = options.days * 86_400 / median
    print(f"{options.days:g} days of 83 computers: median {median:.1f} s, {faster:,.0f} x real time")
    print(f"courses of seed {options.seed}: {len(digests)}, hash {min(digests)[:16]}; promises broken: {len(broken)}")
    print(f"load {os.getloadavg()[0]:.2f}; {os.cpu_count()} cores")
    for problem in broken[:10]:
        print(f"  {problem}")
    is_met = median <= MOST_SECONDS * options.days / 30.0 and len(digests) == 1 and not broken
    print(f"{'Met' if is_met else 'MISSED'}: at most {MOST_SECONDS:g} s for 30 days, one course, nothing broken.")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
