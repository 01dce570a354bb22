"""Asks forty claims of the literature from a fresh start, and scores what the laboratory says of them.

The claims, their references and the rules by which they were chosen are in parts/published_claims.toml, which was
written before any was asked. Everything takes the path that any result takes, in a laboratory of its own. Experiments
get 8 seeds each, cheapest first, then 16 and 32, as long as one of their claims is undecided. An effect denies a
publication that has none only where it is too large to be too small to matter. Stopped in any way and called again it
goes on; what there was no time for counts as not asked. Seeds follow from names, so whoever wrote an experiment's file
may have seen some of these: how many verdicts its own forecast had foretold stands beside, and what somebody would
score who computes nothing and says of every claim that it is so. The form is FIRE-Bench's; its tasks are others.

    scripts/campaign rediscovery --hours 2 --record
"""

import argparse
import os
import signal
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reckoning.findings import ComputedExperiment
from reckoning.kept import computed_experiments, is_weighed, open_up, weigh
from reckoning.order import Wanted
from reproduce import experiment_computed
from scipy import stats  # type: ignore[import-untyped]

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning, reading
from axiom.store.engine.folder import Folder
from axiom_weigh.values import Grade, Verdict

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = ROOT / "campaigns" / "parts" / "published_claims.toml"
ROUNDS = (8, 16, 32)  # seeds
_EFFECTS = (Meaning.AS_CLAIMED, Meaning.OPPOSITE)
_FORECASTS = {"positive": Verdict.POSITIVE, "negative": Verdict.NEGATIVE, "absent": Verdict.ABSENT}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a work says of an estimand's claim."""

    experiment: str
    estimand: str
    published: Meaning
    reference: str
    size: str = ""  # the number that was published


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the laboratory says of it."""

    claim: Claim
    meaning: Meaning | None  # None: it was not asked
    foretold: Meaning | None = None  # what the file's own forecast called the likeliest
    seeds: int = 0
    seen: str = ""
    may_be_small: bool = False  # the interval holds effects that are too small to matter

    @property
    def is_called(self) -> bool:
        """Does the laboratory say that it is so, or is not?"""
        if self.meaning in _EFFECTS and self.claim.published is Meaning.TOO_SMALL:
            return not self.may_be_small
        return self.meaning in (*_EFFECTS, Meaning.TOO_SMALL)

    @property
    def told(self) -> str:
        """What it says, in words."""
        if self.meaning in _EFFECTS and not self.is_called:
            return f"{self.meaning}, and open whether it matters"
        return self.meaning or "not asked"

    @property
    def is_right(self) -> bool:
        """Does it say what was published?"""
        return self.meaning is self.claim.published


def claims() -> list[Claim]:
    """All that were chosen."""
    listed = tomllib.loads(CLAIMS.read_text(encoding="utf-8"))["claim"]
    return [Claim(**{**entry, "published": Meaning(entry["published"])}) for entry in listed]


def answer(claim: Claim, experiments: Mapping[str, ComputedExperiment]) -> Answer:
    """How a claim stands. A finding that still awaits its grade says nothing."""
    computed = experiments.get(claim.experiment)
    finding = computed.findings.get(claim.estimand) if computed else None
    if finding is None:
        return Answer(claim=claim, meaning=None)
    conclusion, question = finding.conclusion, finding.question
    seen, may_be_small = "–" if conclusion.estimate is None else f"{conclusion.estimate:.3g}", True
    if conclusion.low is not None and conclusion.high is not None:
        seen += f" [{conclusion.low:.3g}, {conclusion.high:.3g}]"
        may_be_small = max(conclusion.low - question.null, question.null - conclusion.high) <= question.smallest
    return Answer(
        claim=claim,
        meaning=Meaning.UNDECIDED if conclusion.grade is Grade.AWAITING else finding.meaning,
        foretold=foretold(finding.estimand),
        seeds=finding.seeds,
        seen=seen,
        may_be_small=may_be_small,
    )


def foretold(estimand: Mapping[str, Any]) -> Meaning:
    """The outcome to which the file's own forecast gave the largest chance."""
    likeliest = max(_FORECASTS, key=estimand["prediction"].__getitem__)
    return reading(_FORECASTS[likeliest], Direction(estimand["expects"]))


def compute(chosen: Sequence[Claim], folder: Folder, hours: float) -> None:
    """Round after round, cheapest experiment first, as long as there is time."""
    ends = time.monotonic() + 3600.0 * hours
    manifests = [manifest_of(shipped.catalogue() / f"{name}.py") for name in {claim.experiment for claim in chosen}]
    for seeds in ROUNDS:
        experiments = computed_experiments(folder)
        undecided = {claim.experiment for claim in chosen if not answer(claim, experiments).is_called}
        for manifest in sorted(manifests, key=lambda declared: (declared.seconds, declared.name)):
            if manifest.name not in undecided:
                continue
            wanted = Wanted(
                name=manifest.name, version=manifest.version, seconds=manifest.seconds, seeds=seeds, claims=1
            )
            experiment_computed(wanted, manifest.name, folder, ends)
        while folder.exists() and not is_weighed(folder):
            weigh(folder)


def share(hits: int, amount: int, sure: float = 0.95) -> tuple[float, float, float]:
    """A share with its exact interval."""
    if not amount:
        return 0.0, 0.0, 1.0
    low, high = stats.binomtest(hits, amount).proportion_ci(sure)
    return hits / amount, float(low), float(high)


def scores(answers: Sequence[Answer], kind: Meaning | None = None) -> str:
    """Precision, recall and F1 of what is called, or of one kind of it.

    The interval of F1 lies between its values at the ends of the other two, each of which is 97.5 % sure.
    """
    called = [row for row in answers if row.is_called and kind in (None, row.meaning)]
    published = [row for row in answers if kind in (None, row.claim.published)]
    right = sum(row.is_right for row in called)
    precision, recall = share(right, len(called)), share(right, len(published))
    surer = zip(share(right, len(called), 0.975), share(right, len(published), 0.975), strict=True)
    f1 = [2 * p * r / (p + r) if p + r else 0.0 for p, r in surer]
    return "".join(
        f"{name} {value:.2f} [{low:.2f}, {high:.2f}]".ljust(30)
        for name, (value, low, high) in (("precision", precision), ("recall", recall), ("F1", f1))
    ).rstrip()


def summary(weighed: Sequence[Answer], chosen: int) -> Iterator[str]:
    """What is scored, and what would be by computing nothing."""
    called = [row for row in weighed if row.is_called]
    yield f"\n{len(weighed)} of {chosen} claims were asked; not called {len(weighed) - len(called)}"
    yield f"all that is called   {scores(weighed)}"
    yield f"called found         {scores(weighed, Meaning.AS_CLAIMED)}"
    yield f"called absent        {scores(weighed, Meaning.TOO_SMALL)}"
    always = [replace(row, meaning=Meaning.AS_CLAIMED, may_be_small=False) for row in weighed]
    yield f"always as claimed    {scores(always)}"
    for name, hits in (
        ("rediscovery", [not row.is_right for row in called]),
        ("rediscovery-always-as-claimed", [not row.is_right for row in always]),
        ("rediscovery-foretold", [row.meaning is row.foretold for row in called]),
    ):
        seen, low, high = (100 * part for part in share(sum(hits), len(hits)))
        yield f"  scorecard: {name} {seen:.1f} % [{low:.1f}, {high:.1f}] of {len(hits)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every claim was asked; what is seen is the measurement, and no failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=0.0, help="compute for so long at most")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "rediscovery", help="the laboratory that is kept")
    wanted = parser.parse_args(arguments)
    os.environ.setdefault("AXIOM_WORKERS", "1")
    os.environ.setdefault("AXIOM_PRIORITY", "normal")  # that of this process counts
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what computes for us must not go on without us
    chosen, folder = claims(), Folder(path=wanted.data.resolve())
    open_up(folder)
    compute(chosen, folder, wanted.hours)
    answers = [answer(claim, computed_experiments(folder)) for claim in chosen]
    for row in answers:
        print(
            f"{row.claim.experiment}.{row.claim.estimand}\n  published: {row.claim.published}"
            f"{f' ({row.claim.size})' if row.claim.size else ''}; {row.claim.reference}\n"
            f"  the laboratory: {row.told}{f', {row.seen}, {row.seeds} seeds' if row.seeds else ''}"
            f"{f'; foretold: {row.foretold}' if row.foretold else ''}"
        )
    weighed = [row for row in answers if row.meaning is not None]
    print("\n".join(summary(weighed, len(answers))))
    if left := len(answers) - len(weighed):
        print(f"MISSED: {left} of the {len(answers)} claims were not asked, for want of time; the same command goes on")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
