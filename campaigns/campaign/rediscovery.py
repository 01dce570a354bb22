"""Asks forty claims of the literature from a fresh start, and scores what the laboratory says of them.

The claims, their references and the rules by which they were chosen are in parts/published_claims.toml, which was
written before any was asked. Everything takes the path that any result takes, in a laboratory of its own. Experiments
get 8 seeds each, cheapest first, then 16 and 32, as long as one of their claims is undecided. An effect denies a
publication that has none only where it is too large to be too small to matter. Stopped in any way and called again it
goes on; what there was no time for counts as not asked. What the record tells of the same version of an experiment
stays, until the laboratory has as many seeds. Seeds follow from names, so whoever wrote an experiment's file
may have seen some of these: how many verdicts its own forecast had foretold stands beside, and what somebody would
score who computes nothing and says of every claim that it is so. The form is FIRE-Bench's; its tasks are others.

    scripts/campaign rediscovery --hours 2 --record
"""

import argparse
import os
import re
import signal
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from old_claims.compute import experiment_computed
from old_claims.findings import ComputedExperiment
from old_claims.laboratory import computed_experiments, open_up, weigh_closed_blocks
from old_claims.order import Wanted
from scipy import stats  # type: ignore[import-untyped]

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.domain.estimands import Direction
from axiom.domain.evidence import Meaning, verdicts_of
from axiom.signed.manifests import Manifest
from axiom.store.engine.folder import Folder
from axiom_weigh.values import Grade, Verdict

ROOT = Path(__file__).resolve().parents[2]
CLAIMS = ROOT / "campaigns" / "parts" / "published_claims.toml"
ROUNDS = (8, 16, 32)  # seeds
RECORD = ROOT / "docs" / "measurements" / "rediscovery.md"
_OPEN = ", and open whether it matters"
_RECORDED = re.compile(
    r"^(?P<name>\w+@\d+\.\w+)\n.*\n  the laboratory: (?P<verdict>effect [+−]|absent|mixed|undecided)"
    r"(?:, and open whether it matters)?(?:, (?P<estimate>[^\s,;]+))?(?: \[(?P<low>\S+), (?P<high>\S+)\])?"
    r", (?P<seeds>\d+) seeds",
    re.MULTILINE,
)
_EFFECTS = (Verdict.POSITIVE, Verdict.NEGATIVE)
_FORECASTS = {"positive": Verdict.POSITIVE, "negative": Verdict.NEGATIVE, "absent": Verdict.ABSENT}


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a work says of an estimand's number."""

    experiment: str
    estimand: str
    published: Verdict
    reference: str
    size: str = ""  # the number that was published


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the laboratory says of it."""

    claim: Claim
    version: int  # of the experiment
    declared: Mapping[str, Any]  # the estimand
    verdict: Verdict | None = None  # None: it was not asked
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    seeds: int = 0
    is_kept: bool = False  # it was computed for a record before this one

    @property
    def is_called(self) -> bool:
        """Does the laboratory say that it is so, or is not?"""
        if self.verdict in _EFFECTS and self.claim.published is Verdict.ABSENT:
            return not self.may_be_small
        return self.verdict is not None and self.verdict.is_decided

    @property
    def is_right(self) -> bool:
        """Does it say what was published?"""
        return self.verdict is self.claim.published

    @property
    def may_be_small(self) -> bool:
        """Does the interval hold effects that are too small to matter?"""
        null, smallest = self.declared["null"], self.declared["smallest"]
        return self.low is None or self.high is None or max(self.low - null, null - self.high) <= smallest

    @property
    def foretold(self) -> Verdict:
        """The outcome to which the file's own forecast gave the largest chance."""
        return _FORECASTS[max(_FORECASTS, key=self.declared["prediction"].__getitem__)]

    @property
    def claimed(self) -> Verdict:
        """What the file claims. A claim is what its own forecast holds likeliest, so it is the same for new files."""
        (verdict,) = verdicts_of(Meaning.AS_CLAIMED, Direction(self.declared["expects"]))
        return verdict

    def __str__(self) -> str:
        claim, ends = self.claim, "" if self.low is None or self.high is None else f" [{self.low:.3g}, {self.high:.3g}]"
        return (
            f"{claim.experiment}@{self.version}.{claim.estimand}\n"
            f"  published: {claim.published}{f' ({claim.size})' if claim.size else ''}; {claim.reference}\n"
            f"  the laboratory: {self.verdict or 'not asked'}"
            f"{_OPEN if self.verdict in _EFFECTS and not self.is_called else ''}"
            f"{f', {self.estimate:.3g}' if self.estimate is not None else ', –' if self.verdict else ''}{ends}"
            f"{f', {self.seeds} seeds' if self.verdict else ''}; foretold: {self.foretold}"
            f"{'; as recorded before' if self.is_kept else ''}"
        )


def claims() -> list[Claim]:
    """All that were chosen."""
    listed = tomllib.loads(CLAIMS.read_text(encoding="utf-8"))["claim"]
    return [Claim(**{**entry, "published": Verdict(entry["published"])}) for entry in listed]


def answers(chosen: Sequence[Claim], manifests: Mapping[str, Manifest], folder: Folder, record: str) -> list[Answer]:
    """How the claims stand: by the laboratory or, where it has fewer seeds of the same version, by the record."""
    experiments, kept = computed_experiments(folder), {match["name"]: match for match in _RECORDED.finditer(record)}
    return [_answer(claim, manifests[claim.experiment], experiments, kept) for claim in chosen]


def _answer(
    claim: Claim,
    manifest: Manifest,
    experiments: Mapping[str, ComputedExperiment],
    kept: Mapping[str, re.Match[str]],
) -> Answer:
    """A finding that still awaits its grade says nothing."""
    (declared,) = (estimand for estimand in manifest.estimands if estimand["name"] == claim.estimand)
    answer = Answer(claim=claim, version=manifest.version, declared=declared)
    computed = experiments.get(claim.experiment)
    is_same = computed is not None and computed.manifest.version == manifest.version
    finding = computed.findings.get(claim.estimand) if computed is not None and is_same else None
    before = kept.get(f"{claim.experiment}@{manifest.version}.{claim.estimand}")
    if before is not None and (finding is None or finding.seeds < int(before["seeds"])):
        numbers: dict[str, Any] = {name: float(before[name]) for name in ("estimate", "low", "high") if before[name]}
        verdict, seeds = Verdict(before["verdict"]), int(before["seeds"])
        return replace(answer, verdict=verdict, seeds=seeds, is_kept=True, **numbers)
    if finding is None:
        return answer
    conclusion = finding.conclusion
    return replace(
        answer,
        verdict=Verdict.UNDECIDED if conclusion.grade is Grade.AWAITING else conclusion.verdict,
        seeds=finding.seeds,
        estimate=conclusion.estimate,
        low=conclusion.low,
        high=conclusion.high,
    )


def compute(
    chosen: Sequence[Claim], manifests: Mapping[str, Manifest], folder: Folder, record: str, hours: float
) -> None:
    """Round after round, cheapest experiment first, as long as there is time."""
    ends = time.monotonic() + 3600.0 * hours
    for seeds in ROUNDS:
        undecided = {row.claim.experiment for row in answers(chosen, manifests, folder, record) if not row.is_called}
        for manifest in sorted(manifests.values(), key=lambda declared: (declared.seconds, declared.name)):
            if manifest.name not in undecided:
                continue
            wanted = Wanted(
                name=manifest.name, version=manifest.version, seconds=manifest.seconds, seeds=seeds, claims=1
            )
            experiment_computed(wanted, manifest.name, folder, ends)
        weigh_closed_blocks(folder)


def share(hits: int, amount: int, sure: float = 0.95) -> tuple[float, float, float]:
    """A share with its exact interval."""
    if not amount:
        return 0.0, 0.0, 1.0
    low, high = stats.binomtest(hits, amount).proportion_ci(sure)
    return hits / amount, float(low), float(high)


def scores(answers: Sequence[Answer], *kinds: Verdict) -> str:
    """Precision, recall and F1 of what is called, or of one kind of it.

    The interval of F1 lies between its values at the ends of the other two, each of which is 97.5 % sure.
    """
    called = [row for row in answers if row.is_called and (not kinds or row.verdict in kinds)]
    published = [row for row in answers if not kinds or row.claim.published in kinds]
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
    yield f"as recorded before {sum(row.is_kept for row in weighed)}"
    yield f"all that is called   {scores(weighed)}"
    yield f"called found         {scores(weighed, *_EFFECTS)}"
    yield f"called absent        {scores(weighed, Verdict.ABSENT)}"
    as_claimed = sum(row.claim.published is row.claimed for row in weighed)
    yield f"who says “as claimed” of every claim is right for {as_claimed} of {len(weighed)}"
    for name, hits in (
        ("rediscovery", [not row.is_right for row in called]),
        ("rediscovery-always-as-claimed", [row.claim.published is not row.claimed for row in called]),
        ("rediscovery-foretold", [row.verdict is row.foretold for row in called]),
    ):
        seen, low, high = (100 * part for part in share(sum(hits), len(hits)))
        yield f"  scorecard: {name} {seen:.1f} % [{low:.1f}, {high:.1f}] of {len(hits)}"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every claim was asked; what is seen is the measurement, and no failure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=0.0, help="compute for so long at most")
    parser.add_argument("--anew", action="store_true", help="take nothing over from the record that there is")
    parser.add_argument("--data", type=Path, default=ROOT / "build" / "rediscovery", help="the laboratory that is kept")
    wanted = parser.parse_args(arguments)
    os.environ.setdefault("AXIOM_WORKERS", "1")
    os.environ.setdefault("AXIOM_PRIORITY", "normal")  # that of this process counts
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what computes for us must not go on without us
    chosen, folder = claims(), Folder(path=wanted.data.resolve())
    manifests = {
        claim.experiment: manifest_of(shipped.catalogue_folder() / f"{claim.experiment}.py") for claim in chosen
    }
    record = "" if wanted.anew or not RECORD.exists() else RECORD.read_text(encoding="utf-8")
    open_up(folder)
    compute(chosen, manifests, folder, record, wanted.hours)
    tellings = answers(chosen, manifests, folder, record)
    print("\n".join(map(str, tellings)))
    weighed = [row for row in tellings if row.verdict is not None]
    print("\n".join(summary(weighed, len(tellings))))
    if left := len(tellings) - len(weighed):
        print(f"MISSED: {left} of {len(tellings)} claims were not asked, for want of time; the same command goes on")
    return int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
