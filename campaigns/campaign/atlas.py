"""Charts maps, and says what their registered numbers are, beside what others found.

Each map is computed by `axiom experiment run MAP --replicates 8` into a laboratory of its own that is kept, so that
tiles take the path of any result: signed tickets, runner, validation. Stopped in any way and called again it goes on.
Then a session weighs, and each registered number stands there with its 95 % interval over replicates, the range that
was written down before, and what others found. A number whose tiles are not all there is not known yet.

    scripts/campaign atlas                          # four maps, to their ends: about 13 core-hours
    scripts/campaign atlas --minutes 30 lazy_map    # one, for so long at most

Ends with 0 if every registered number of these maps is known.
"""

import argparse
import contextlib
import json
import math
import signal
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from axiom.domain.maps import LEVEL, Map
from axiom.errors import AxiomError
from axiom.notebook.lab import open_lab
from axiom.notebook.table import Table

MAPS = ("trainability", "grokking_map", "lazy_map", "catapult_map")
OTHERS = {  # one draw each, without intervals, and much deeper than level 4
    "trainability": {"one_example": 1.41, "batches": 1.55, "linear": 1.17, "relu": 1.20, "tanh": 1.66},
}
AXIOM = [sys.executable, "-m", "axiom"]
ENDING_SECONDS = 60.0


def main() -> int:
    """0 if every registered number is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("maps", nargs="*", default=MAPS, metavar="MAP")
    parser.add_argument("--data", type=Path, default=Path("lab-data", "atlas"), help="where the laboratories are kept")
    parser.add_argument("--replicates", type=int, default=8)
    parser.add_argument("--workers", type=int, help="on so many cores; else on all")
    parser.add_argument("--minutes", type=float, default=math.inf, help="computes no longer than that; 0: not at all")
    options = parser.parse_args()
    until = time.monotonic() + 60.0 * options.minutes
    for name in options.maps:
        chart(name, options, until - time.monotonic())
    are_known = [print_map(options.data / name, name) for name in options.maps]
    return 0 if all(are_known) else 1


def chart(name: str, options: argparse.Namespace, seconds: float) -> None:
    """Compute what is missing of a map, for so long at most."""
    if seconds <= 0:
        return
    workers = ["--workers", str(options.workers)] if options.workers else []
    words = [*AXIOM, "experiment", "run", name, "--replicates", str(options.replicates), *workers, "--quiet", "--json"]
    with subprocess.Popen([*words, "--data", str(options.data / name)], stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(None if math.isinf(seconds) else seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            process.wait(ENDING_SECONDS)


def command(*words: str, data: Path) -> str:
    """What a command answers."""
    done = subprocess.run([*AXIOM, *words, "--data", str(data)], check=True, capture_output=True, text=True)
    return done.stdout


def print_map(data: Path, name: str) -> bool:
    """Print what is known of one map; are all of its registered numbers?"""
    try:
        for _ in range(2):  # one that was left open has weighed what had come before it, and goes on from there
            command("session", "run", "--quiet", data=data)
        lab = open_lab(data)
        version = lab.version(name)
    except (AxiomError, subprocess.CalledProcessError) as error:
        print(f"\n{name}: nothing is known. {error}")
        return False
    rows = lab.results(version.name)
    hours = math.fsum(rows["cpu_seconds"]) / 3_600.0
    print(f"\n{version.name}: {len(rows):,} tiles, {hours:.2f} core-hours")
    drawn = version.manifest.map
    if drawn is not None and any(estimand["kind"] == "dimension" for estimand in version.manifest.estimands):
        slopes(rows, drawn, [factor for factor in version.factors.values() if factor not in ("column", "row")])
    findings = json.loads(command("finding", "list", "--json", data=data))["findings"]
    by_estimand = {finding["estimand"]: finding for finding in findings if finding["experiment"] == name}
    print(f"  {'number':<24}{'seeds':>6}  {'estimate':<28}{'written down before':<22}{'others':<8}answer")
    are_known = [line(estimand, by_estimand[estimand["name"]], name) for estimand in version.manifest.estimands]
    return all(are_known)


def line(estimand: Mapping[str, Any], finding: Mapping[str, Any], name: str) -> bool:
    """Print one number; is it known?"""
    evidence = finding["evidence"]
    low, high = estimand["prediction"]["interval"]
    estimate = "not known yet"
    if evidence and evidence["estimate"] is not None:
        ends = ["?" if end is None else f"{end:.3f}" for end in evidence["interval"]]
        estimate = f"{evidence['estimate']:.3f} [{', '.join(ends)}]"
    others = OTHERS.get(name, {}).get(estimand["name"], "")
    before, seeds = f"[{low:g}, {high:g}]", evidence["seeds"] if evidence else 0
    print(f"  {estimand['name']:<24}{seeds:>6}  {estimate:<28}{before:<22}{others!s:<8}{finding['answer']}")
    return estimate != "not known yet"


def slopes(rows: Table, drawn: Map, factors: Sequence[str]) -> None:
    """By how much the boxes that the border crosses grow from level to level, as a dimension: mean over replicates."""
    boxes: dict[tuple[Any, ...], dict[int, dict[int, int]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(int)))
    arms = [name for name in factors if name != LEVEL and len(set(rows[name])) > 1]
    settings = zip(*(rows[name] for name in arms), strict=True)
    for arm, replicate, level, border in zip(settings, rows["replicate"], rows[LEVEL], rows["border"], strict=True):
        boxes[arm][replicate][level] += border
    print(f"  slope from level to level, mean over replicates: {', '.join(arms)}")
    for arm, replicates in boxes.items():
        print(f"  {', '.join(map(str, arm)):<28}", end="")
        if not all(of[drawn.charted] for of in replicates.values()):
            print("not charted yet")
            continue
        for level in range(drawn.charted):
            grown = [math.log2(of[level + 1] / of[level]) for of in replicates.values() if of[level] and of[level + 1]]
            print(f"{statistics.fmean(grown):>7.3f}" if grown else "      –", end="")
        print()


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
