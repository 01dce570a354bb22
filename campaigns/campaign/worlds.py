"""Lets laboratories live a month in worlds whose truth is known: how much of what they are sure of is false?

Each world has 40 questions of its own seed, 16 without any effect, and the old laboratory's 83 hosts, some of which lie
or are broken. Everything of the laboratory is real but its clock, network and hosts. What is done is kept in a file, so
that a campaign which was stopped goes on; a change of the program begins it anew.

    scripts/campaign worlds --worlds 20 --days 30
    scripts/campaign worlds --seed 7            # one world, every finding of it beside its truth
"""

import argparse
import logging
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kept_outcomes import Outcome, outcomes
from scipy.special import betaincinv  # type: ignore[import-untyped]
from world.places import quick
from world.truths import LARGE
from world.worlds import play

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "worlds.jsonl"
FIRST = 1  # seed
MOST_FALSE, LEAST_FOUND, LEAST_SURE = 0.01, 0.9, 300
_SURE = ("Strong", "Definitive")
_HOSTS = 4  # that Strong asks for where volunteers compute


def world(seed: int, days: float) -> dict[str, Any]:
    """One laboratory in one world, in a process of its own."""
    logging.disable()
    with tempfile.TemporaryDirectory(prefix="axiom-world-", dir=quick()) as place:
        ended = play(seed, Path(place) / "lab", days=days)
        return {
            "seed": seed,
            "days": days,
            "broken": list(ended.broken),
            "sessions": ended.sessions,
            "wrong_hosts": ended.wrong_hosts,
            **ended.judged.as_data(),
        }


def lived(seeds: Sequence[int], days: float, jobs: int, file: Path) -> Iterator[Outcome]:
    """What became of each world, the kept ones first."""
    return outcomes(file, jobs, {f"{days:g} days of {seed}": (world, (seed, days)) for seed in seeds})


def between(hits: int, amount: int) -> tuple[float, float]:
    """The exact 95 % interval of a share (Clopper and Pearson)."""
    low = float(betaincinv(hits, amount - hits + 1, 0.025)) if hits else 0.0
    high = float(betaincinv(hits + 1, amount - hits, 0.975)) if hits < amount else 1.0
    return low, high


def share(hits: int, amount: int) -> str:
    """A share as it is told."""
    if not amount:
        return "none of none"
    low, high = between(hits, amount)
    return f"{hits} of {amount} = {hits / amount:.1%} (95 %: {low:.1%} to {high:.1%})"


def is_found(finding: Outcome) -> bool:
    """Is the claim as it was published at least Strong, on the side on which its effect was planted?"""
    wanted = "effect +" if finding["effect"] > 0 else "effect −"
    return finding["grade"] in _SURE and finding["verdict"] == wanted


def summary(done: Sequence[Outcome]) -> tuple[list[str], bool]:
    """The pooled figures, and whether each is what it has to be."""
    findings = [
        {**finding, "seed": outcome["seed"], "wrong hosts": outcome["wrong_hosts"]}
        for outcome in done
        for finding in outcome["findings"]
    ]
    sure = [finding for finding in findings if finding["grade"] in _SURE]
    false = [finding for finding in sure if finding["is_false"]]
    declared = [finding for finding in findings if finding["is_declared"]]
    large = [finding for finding in declared if abs(finding["effect"]) >= LARGE]
    hit = [finding for finding in large if is_found(finding)]
    broken = [problem for outcome in done for problem in outcome["broken"]]
    verdicts = Counter(finding["verdict"] for finding in sure)
    lines = [
        f"worlds {len(done)}; findings {len(findings)}, {len(findings) - len(declared)} of them claims of the "
        f"laboratory's own; results {sum(outcome['results'] for outcome in done):,}, replicates "
        f"{sum(sum(outcome['replicates'].values()) for outcome in done):,}, sessions "
        f"{sum(outcome['sessions'] for outcome in done):,}",
        f"at least Strong: {len(sure)} ({', '.join(f'{name}: {amount}' for name, amount in verdicts.most_common())})",
        f"  false: {share(len(false), len(sure))}",
        "  holds over all that was weighed and not in each design: "
        f"{sum(not finding['is_everywhere'] for finding in sure)}",
        f"  computed by fewer than {_HOSTS} hosts: {sum(finding['hosts'] < _HOSTS for finding in sure)}",
        f"planted at {LARGE} standard deviations or more and found: {share(len(hit), len(large))}",
        *_by("wrong hosts", large),
        *_by("law", large),
        *_by("disturbance", large),
        *_grades(declared),
        *_missed([finding for finding in large if not is_found(finding)]),
        *(f"false: {_line(finding)}" for finding in false),
        *(f"not found: {_line(finding)}" for finding in large if not is_found(finding)),
        f"promises broken: {len(broken)}",
        *broken[:5],
    ]
    is_met = (
        len(sure) >= LEAST_SURE
        and len(false) <= MOST_FALSE * len(sure)
        and len(hit) >= LEAST_FOUND * len(large)
        and not broken
    )
    return lines, is_met


def _by(what: str, large: Sequence[Outcome]) -> Iterator[str]:
    for name in sorted({finding[what] for finding in large}):
        those = [finding for finding in large if finding[what] == name]
        yield f"  {what}, {name}: {share(sum(map(is_found, those)), len(those))}"


def _grades(declared: Sequence[Outcome]) -> Iterator[str]:
    """Of the published claims, how those without, with a small and with a large effect ended."""
    for name, low, high in (("no effect", 0.0, 0.0), ("less", 1e-9, LARGE - 1e-9), ("large", LARGE, 1e9)):
        those = [finding for finding in declared if low <= abs(finding["effect"]) <= high]
        ended = Counter(f"{finding['grade']} {finding['verdict']}" for finding in those)
        yield f"{name}: {len(those)}: {', '.join(f'{amount} {what}' for what, amount in ended.most_common())}"


def _missed(large: Sequence[Outcome]) -> Iterator[str]:
    """What stood between them and Strong, told by the first thing that did."""
    reasons = (
        ("duplicates that disagree", "duplicates disagree"),
        ("values of a host or platform that lie elsewhere", "lie elsewhere"),
        ("hosts or platforms that lie apart", "further apart than chance"),
        ("no verdict", "a verdict: an effect"),
        ("an e-value that is too small", "an e-value of"),
        ("a verdict that rests on one host or volunteer", "holds without each"),
    )
    by_reason = Counter(
        next((name for name, words in reasons if words in finding["why"]), "something else") for finding in large
    )
    yield f"not found: {len(large)}: {', '.join(f'{name}: {amount}' for name, amount in by_reason.most_common())}"


def _line(finding: Outcome) -> str:
    return (
        f"world {finding['seed']} {finding['question']}, effect {finding['effect']:.2f} ({finding['law']}; "
        f"{finding['disturbance']}): {finding['verdict']}, {finding['grade']}, {finding['seeds']} seeds of "
        f"{finding['hosts']} hosts, truth {finding['true']:.3f}, smallest {finding['smallest']:.2f}, "
        f"{finding['status']}; {finding['why'][:100]}"
    )


def again(seed: int, days: float) -> int:
    """One world, every finding."""
    outcome = world(seed, days)
    print("\n".join(_line({**finding, "seed": seed}) for finding in outcome["findings"]))
    lines, _ = summary([outcome])
    print("\n".join(lines))
    return int(bool(outcome["broken"]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Live, count, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kept", type=Path, default=KEPT)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args(arguments)
    if options.seed is not None:
        return again(options.seed, options.days)
    seeds = range(FIRST, FIRST + options.worlds)
    done = sorted(lived(seeds, options.days, options.jobs, options.kept), key=lambda outcome: int(outcome["seed"]))
    lines, is_met = summary(done)
    print("\n".join(lines))
    print(
        f"{'Met' if is_met else 'MISSED'}: at least {LEAST_SURE} Strong or better, at most {MOST_FALSE:.0%} of them "
        f"false, {LEAST_FOUND:.0%} of effects from {LARGE} on found, in {options.days:g} days of {options.worlds} "
        "worlds."
    )
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
