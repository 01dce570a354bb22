"""What is computed next, so that after any number of hours as many claims as possible are answered?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.links import LinkKind, OldClaim
from axiom.signed.manifests import Manifest
from old_claims.verdict import seeds_wanted

BLOCK = 8  # replicates that a laboratory which computes alone weighs together
_AT_ONCE_SECONDS = 60.0  # that blocks take which are computed without a look at the time between them
_STARTING_SECONDS = 6.0  # of a command, before it computes and after it


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An experiment, how many seeds are asked for, and what one costs."""

    name: str
    version: int
    seconds: float  # of a processor, for a replicate
    seeds: int
    claims: int  # that it tests

    @property
    def seconds_a_claim(self) -> float:
        """What it costs to answer one more claim."""
        return self.seconds * self.seeds / self.claims if self.claims else float("inf")


def asked_by(claims: Sequence[OldClaim]) -> dict[str, set[str]]:
    """The experiments that ask claims, and the claims that each decides: as a test or as a control."""
    by_experiment: dict[str, set[str]] = {}
    for claim in claims:
        for asking in claim.askings:
            decides = by_experiment.setdefault(asking.experiment, set())
            if asking.kind is LinkKind.TESTS or asking.overturned_by:
                decides.add(claim.name)
    return by_experiment


def in_order(manifests: Iterable[Manifest], claims: Mapping[str, Collection[str]]) -> list[Wanted]:
    """The experiments, cheapest claim first; those that only say on what a claim depends come last."""
    wanted = [
        Wanted(
            name=manifest.name,
            version=manifest.version,
            seconds=manifest.seconds,
            seeds=seeds_wanted(manifest.seconds),
            claims=len(claims[manifest.name]),
        )
        for manifest in manifests
    ]
    return sorted(
        wanted,
        key=lambda experiment: (experiment.seconds_a_claim, experiment.seconds * experiment.seeds, experiment.name),
    )


def until(wanted: Wanted, done: int, seconds: float, cores: int) -> tuple[int, float]:
    """Up to how many replicates to compute next, and how long that should take.

    These are whole blocks, several if they are short. `seconds` is what a replicate has cost so far, or is declared to.
    """
    begun = done // BLOCK
    block = seconds * BLOCK / min(cores, BLOCK)
    blocks = max(1, int(_AT_ONCE_SECONDS / block)) if block else wanted.seeds
    target = min(wanted.seeds, (begun + blocks) * BLOCK)
    return target, (target - done) * seconds / min(cores, BLOCK) + _STARTING_SECONDS
