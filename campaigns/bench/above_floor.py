"""How many core-hours of designs stand above the floor of value, of the shipped catalogue and what follows from it.

declared      all declared designs beside maps, as `axiom session plan --fleet docs/howto/fleet-of-83.json` sums them
              up in a laboratory in which nothing was computed yet
follow-ups    what the autopilot would ask if each finding of the catalogue were decided as claimed, Moderate, after 48
              seeds and by twice the smallest effect that matters; each likely cost. `at first`: before any is answered;
              `in all`: as answers make room. What follows from follow-ups is not counted: it hangs on how they come out

Nothing is computed, so costs are what files declare. Ends with 0 only if declared and follow-ups in all are at least
5,000 core-hours.

    scripts/bench above_floor
"""

import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from follow_up_subjects import said, subject

from axiom.cli.experiment.manifests import catalogue_files, load_manifests
from axiom.domain.estimands import Direction
from axiom.domain.proposals import Proposal, Template
from axiom.laboratory.planning.fleet_file import read_fleet
from axiom.laboratory.planning.preview import preview_shipped
from axiom.laboratory.planning.rules.block_size import block_size
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.proposals.rules.factor_levels import level_as_number
from axiom.laboratory.proposals.rules.grammar import derive_followups
from axiom.laboratory.proposals.rules.subject import Subject, find_axis
from axiom.limits import planning as limits
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.settings import Settings
from axiom.signed.manifests import Manifest
from axiom_weigh.values import Verdict

FLEET = Path(__file__).resolve().parents[2] / "docs" / "howto" / "fleet-of-83.json"
WANTED = 5_000.0  # core-hours
SIDES = {
    Direction.MORE: (Verdict.POSITIVE, 2.0),
    Direction.LESS: (Verdict.NEGATIVE, -2.0),
    Direction.ABSENT: (Verdict.ABSENT, 0.0),
}


def decided(manifest: Manifest) -> Iterator[Subject]:
    """Each of a file's findings as claimed. Along a factor its measure changes by even steps, whatever it is."""
    block = block_size(manifest.seconds, has_address=True, has_volunteers=True).replicates
    for number, estimand in enumerate(manifest.estimands, start=1):
        verdict, times = SIDES[Direction(estimand["expects"])]
        middle = estimand["null"] + times * estimand["smallest"]
        evidence = said(verdict=verdict, estimate=middle, low=middle, high=middle)
        finding = subject(number, evidence, manifest=manifest, estimand=estimand, block=block, means=())
        if along := find_axis(finding):
            factor = along.factor
            ordered = sorted(manifest.configs, key=lambda config: level_as_number(config[factor]))
            finding = replace(finding, means=tuple((config, float(step)) for step, config in enumerate(ordered)))
        yield finding


def worth_it(subjects: Sequence[Subject]) -> dict[tuple[int | None, str], Proposal]:
    """What follows and is worth the floor, by finding and slug."""
    following = (proposal for proposal in derive_followups(subjects) if proposal.core_seconds > 0)
    return {
        (proposal.finding, proposal.slug): proposal
        for proposal in following
        if proposal.per_core_hour >= limits.WORTH_FLOOR
    }


def approve_all(finding: Subject, proposals: Iterable[Proposal]) -> Subject:
    """The finding once these are answered; no more of it is known."""
    mine = [proposal for proposal in proposals if proposal.finding == finding.number]
    elsewhere = sum(proposal.template is Template.GENERALISE for proposal in mine)
    return replace(finding, decided=frozenset(proposal.slug for proposal in mine), feeders=1 + elsewhere)


def all_that_follows(manifest: Manifest) -> tuple[list[Proposal], list[Proposal]]:
    """What follows at first, and in all."""
    subjects = list(decided(manifest))
    first = proposals = worth_it(subjects)
    amount = 0
    while amount < len(proposals):
        amount = len(proposals)
        answered = [approve_all(finding, proposals.values()) for finding in subjects]
        proposals = {**worth_it(answered), **proposals}
    return list(first.values()), list(proposals.values())


def sum_core_hours(proposals: Sequence[Proposal]) -> tuple[float, str]:
    """In all, and how many of which template they are."""
    amounts = Counter(str(proposal.template) for proposal in proposals)
    hours = dict.fromkeys(amounts, 0.0)
    for proposal in proposals:
        hours[str(proposal.template)] += proposal.core_seconds / 3_600.0
    parts = ", ".join(f"{name} {amount:,} of {hours[name]:.1f} h" for name, amount in sorted(amounts.items()))
    return math.fsum(hours.values()), parts


def main() -> int:
    """Sum up, print, judge."""
    manifests = [manifest for manifest in load_manifests(catalogue_files()) if manifest.name != DRILL]
    policy = policy_from_settings(Settings())
    above = preview_shipped(manifests, policy, read_fleet(FLEET.read_bytes(), FLEET.name)).above
    whole = above.core_seconds / 3_600.0
    print(f"floor {above.floor:g} bits a core-hour")
    print(f"declared              {whole:8.1f} core-hours of {above.designs} designs, {above.below} below it")
    pairs = [all_that_follows(manifest) for manifest in manifests if manifest.map is None]
    hours = 0.0
    for words, place in (("at first", 0), ("in all", 1)):
        hours, parts = sum_core_hours([proposal for pair in pairs for proposal in pair[place]])
        print(f"follow-ups {words:10} {hours:8.1f} core-hours: {parts}")
    is_met = whole + hours >= WANTED
    print(f"{'Met' if is_met else 'MISSED'}: {whole + hours:,.0f} core-hours, of {WANTED:,.0f} wanted.")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
