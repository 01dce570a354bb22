"""Weighs what is kept by the rules of today. The values stay as they are, so nothing is computed."""

from collections.abc import Mapping
from dataclasses import replace

from axiom.domain.estimands import Direction
from axiom.domain.evidence import verdict_meaning
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import COARSE, METHOD
from old_claims.findings import ComputedExperiment, Conclusion, WeighedFinding
from old_claims.order import BLOCK


def is_of_earlier_rules(experiments: Mapping[str, ComputedExperiment]) -> bool:
    """Was any of it weighed otherwise than today?"""
    return any(
        finding.conclusion.method < METHOD
        for experiment in experiments.values()
        for finding in experiment.findings.values()
    )


def weighed_again(experiments: Mapping[str, ComputedExperiment]) -> dict[str, ComputedExperiment]:
    """The same values, weighed by the rules of today."""
    return {
        name: replace(
            experiment,
            findings={
                estimand: _weigh_again(finding, is_event=finding.estimand["measure"] in experiment.manifest.events)
                for estimand, finding in experiment.findings.items()
            },
        )
        for name, experiment in experiments.items()
    }


def as_before(
    experiments: Mapping[str, ComputedExperiment], earlier: Mapping[str, ComputedExperiment]
) -> dict[str, ComputedExperiment]:
    """What the earlier rules said of the same values; of values that they never weighed, what is said now.

    The seeds of an experiment follow from their number, so as many seeds of one version are the same values.
    """
    return {
        name: _restore_earlier(experiment, earlier[name]) if name in earlier else experiment
        for name, experiment in experiments.items()
    }


def _restore_earlier(now: ComputedExperiment, then: ComputedExperiment) -> ComputedExperiment:
    old = [(name, finding) for name, finding in then.findings.items() if name in now.findings]
    same = {name: finding for name, finding in old if finding.seeds == now.findings[name].seeds}
    return replace(now, findings={**now.findings, **same})


def _weigh_again(finding: WeighedFinding, *, is_event: bool) -> WeighedFinding:
    """That seeds differ was seen when they were computed, from all that was measured. It is not kept, and not asked."""
    observations = [replace(observation, fingerprint=COARSE) for observation in finding.counted]
    estimand = {**finding.estimand, "is_event": is_event}
    evidence = weigh_observations(estimand, observations, blocks=-(-len(observations) // BLOCK))
    return replace(
        finding,
        conclusion=Conclusion.of(evidence),
        meaning=verdict_meaning(evidence.verdict, Direction(finding.estimand["expects"])),
    )
