"""The same for the site: what became of each old claim, as a file that every laboratory brings along."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axiom.domain.headlines.answers import compose_answer, with_words
from axiom.domain.links import LinkKind
from axiom.laboratory.experiments.old_claims import OldClaims
from axiom.signed.manifests import Manifest
from old_claims.findings import ComputedExperiment, WeighedFinding
from old_claims.page import claim_test, lead, reckoned_of
from old_claims.verdict import ClaimTest

NAME = "old_claims_answered.json"


def write(file: Path, listed: OldClaims, experiments: Mapping[str, ComputedExperiment]) -> None:
    """Write it, a line for each claim."""
    became = reckoned_of(listed, experiments)
    lines = []
    for claim in listed.claims:
        reckoned, rows = became[claim.name], [claim_test(asking, experiments) for asking in claim.askings]
        line = {
            "name": claim.name,
            "claim": claim.claim,
            "experiment": claim.experiment,
            "question": experiments[claim.experiment].manifest.question if claim.experiment in experiments else "",
            "figure": claim.figure,
            "rests_on": claim.rests_on,
            "called": claim.status,
            "log": claim.source,
            "became": reckoned.reckoning.value,
            "is_slight": reckoned.is_slight,
            "reason": reckoned.reason,
            "chosen_late": listed.tested_later.get(claim.name, ""),
            "tests": [_test(test, experiments) for test in rows],
        }
        lines.append(json.dumps(line, ensure_ascii=False))
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _test(test: ClaimTest, experiments: Mapping[str, ComputedExperiment]) -> dict[str, Any]:
    asking = test.asking
    is_asked = asking.kind is LinkKind.TESTS or bool(asking.overturned_by)
    experiment = experiments.get(asking.experiment)
    finding = experiment.findings.get(asking.estimand) if experiment else None
    return {
        "experiment": asking.experiment,
        "estimand": asking.estimand,
        "part": lead(test) if is_asked else "On what it depends",
        **(_conclusion(finding, experiment.manifest) if experiment and finding else {"answer": None}),
    }


def _conclusion(finding: WeighedFinding, manifest: Manifest) -> dict[str, Any]:
    conclusion = finding.conclusion
    return {
        "answer": compose_answer(with_words(finding.estimand, manifest, manifest.configs), conclusion, finding.status),
        "grade": conclusion.grade.value,
        "seeds": conclusion.seeds,
        "centre": conclusion.centre,
        "estimate": conclusion.estimate,
        "low": conclusion.low,
        "high": conclusion.high,
    }
