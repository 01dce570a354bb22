"""The same for the site: what became of each old claim, as a file that every laboratory brings along."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from axiom.domain.evidence import headline
from axiom.domain.links import LinkKind
from axiom.lab.registrations.old_claims import OldClaims
from reckoning.page import asked, lead, reckoned_of
from reckoning.told import Known, Told
from reckoning.verdict import Asked

NAME = "old_claims_answered.json"


def write(file: Path, listed: OldClaims, known: Mapping[str, Known]) -> None:
    """Write it, a line for each claim."""
    became = reckoned_of(listed, known)
    lines = []
    for claim in listed.claims:
        found, rows = became[claim.name], [asked(each, known) for each in claim.askings]
        said = {
            "name": claim.name,
            "claim": claim.claim,
            "experiment": claim.experiment,
            "question": known[claim.experiment].manifest.question if claim.experiment in known else "",
            "figure": claim.figure,
            "rests_on": claim.rests_on,
            "called": claim.status,
            "log": claim.source,
            "became": found.reckoning.value,
            "is_slight": found.is_slight,
            "reason": found.reason,
            "chosen_late": listed.tested_later.get(claim.name, ""),
            "tests": [_test(one, known) for one in rows],
        }
        lines.append(json.dumps(said, ensure_ascii=False))
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _test(one: Asked, known: Mapping[str, Known]) -> dict[str, Any]:
    asking = one.asking
    is_asked = asking.kind is LinkKind.TESTS or bool(asking.overturned_by)
    experiment = known.get(asking.experiment)
    told = experiment.findings.get(asking.estimand) if experiment else None
    return {
        "experiment": asking.experiment,
        "estimand": asking.estimand,
        "part": lead(one) if is_asked else "On what it depends",
        **(_found(told) if told else {"answer": None}),
    }


def _found(told: Told) -> dict[str, Any]:
    said = told.said
    return {
        "answer": headline(told.estimand, told.meaning, told.status),
        "grade": said.grade.value,
        "seeds": said.seeds,
        "centre": said.centre,
        "estimate": said.estimate,
        "low": said.low,
        "high": said.high,
    }
