"""The same for the site: what became of each old claim, as a file that every laboratory brings along."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from pathlib import Path
from typing import Any

from axiom.domain.headlines import numbers
from axiom.domain.headlines.finding_sentences import compose_question
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.links import AskingEstimand, LinkKind
from axiom.laboratory.experiments.old_claims import OldClaims
from axiom.signed.manifests import Manifest
from old_claims.findings import ComputedExperiment, WeighedFinding
from old_claims.page import claim_test, compose_finding_answer, lead, reckoned_of
from old_claims.verdict import ClaimTest

NAME = "old_claims_answered.json"


def write(
    file: Path,
    listed: OldClaims,
    experiments: Mapping[str, ComputedExperiment],
    declared: Callable[[str], Manifest | None],
) -> None:
    """Write it, a line for each claim."""
    became = reckoned_of(listed, experiments)
    lines = []
    for claim in listed.claims:
        reckoned, rows = became[claim.name], [claim_test(asking, experiments) for asking in claim.askings]
        tests = [test for test in rows if test.asking.kind is LinkKind.TESTS]
        controls = sum(bool(test.asking.overturned_by) for test in rows)
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
            "is_size_open": reckoned.is_size_open,
            "reason": reckoned.reason,
            "chosen_late": listed.tested_later.get(claim.name, ""),
            "asked_by": {"tests": len(tests), "controls": controls, "beside": len(rows) - len(tests) - controls},
            "tests": [_test(test, experiments, declared) for test in rows],
        }
        lines.append(json.dumps(line, ensure_ascii=False))
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def write_recorded(file: Path, experiments: Mapping[str, ComputedExperiment]) -> None:
    """Write what was concluded of each estimand that a headline names, with its values, for laboratories to begin with.

    What is written of other experiments stays, and a line that says what it said keeps its day.
    """
    written = _read_rows(file)
    before = {_without_day(row): row["at"] for row in written}
    rows = [row for row in written if row["experiment"] not in experiments]
    for name, experiment in experiments.items():
        named = set[str]().union(*(headline.when for headline in experiment.manifest.headlines))
        for estimand in named & experiment.findings.keys():
            finding = experiment.findings[estimand]
            row = {
                "experiment": name,
                "version": experiment.manifest.version,
                "estimand": estimand,
                "at": f"{datetime.now(UTC):%Y-%m-%d}",
                "verdict": finding.conclusion.verdict.value,
                "grade": finding.conclusion.grade.value,
                "centre": finding.conclusion.centre,
                "estimate": finding.conclusion.estimate,
                "low": finding.conclusion.low,
                "high": finding.conclusion.high,
                "values": [_short(observation.value) for observation in finding.counted],
            }
            rows.append(row | {"at": before.get(_without_day(row), row["at"])})
    _write_rows(file, sorted(rows, key=itemgetter("experiment", "estimand")))


def write_sweeps(file: Path, experiments: Mapping[str, ComputedExperiment]) -> None:
    """Write what each figure shows. Where nothing was computed anew, what is written of a version stays."""
    rows = {row["experiment"]: row for row in _read_rows(file)}
    for name, experiment in experiments.items():
        version = experiment.manifest.version
        if experiment.estimates:
            estimates = [
                [place, seeds, *map(_short, numbers)]
                for place, (seeds, *numbers) in sorted(experiment.estimates.items())
            ]
            rows[name] = {"experiment": name, "version": version, "estimates": estimates}
        elif name in rows and rows[name]["version"] != version:
            del rows[name]
    _write_rows(file, [rows[name] for name in sorted(rows)])


def _read_rows(file: Path) -> list[dict[str, Any]]:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []


def _write_rows(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def _short(value: float | None) -> float | None:
    """As many digits as a picture shows; all of them are in the table of values."""
    return None if value is None else float(f"{value:.5g}")


def _without_day(row: Mapping[str, Any]) -> str:
    return json.dumps({**row, "at": ""}, ensure_ascii=False)


def _test(
    test: ClaimTest, experiments: Mapping[str, ComputedExperiment], declared: Callable[[str], Manifest | None]
) -> dict[str, Any]:
    asking = test.asking
    is_asked = asking.kind is LinkKind.TESTS or bool(asking.overturned_by)
    experiment = experiments.get(asking.experiment)
    finding = experiment.findings.get(asking.estimand) if experiment else None
    return {
        "experiment": asking.experiment,
        "estimand": asking.estimand,
        "part": lead(test) if is_asked else "On what it depends",
        **(
            _conclusion(finding, experiment.manifest)
            if experiment and finding
            else {"answer": None, "asked": _question(asking, declared(asking.experiment))}
        ),
    }


def _question(asking: AskingEstimand, manifest: Manifest | None) -> str:
    """What it asks, in words; nothing where nobody has declared it yet."""
    if manifest is None:
        return ""
    declared = [estimand for estimand in manifest.estimands if estimand["name"] == asking.estimand]
    return " ".join(compose_question(with_words(estimand, manifest, manifest.configs)) for estimand in declared)


def _conclusion(finding: WeighedFinding, manifest: Manifest) -> dict[str, Any]:
    conclusion, estimand = finding.conclusion, with_words(finding.estimand, manifest, manifest.configs)
    number, certainty = "", ""
    if conclusion.estimate is not None:
        ends = conclusion.estimate, conclusion.low, conclusion.high
        number, certainty = numbers.estimate_with_unit(estimand, *ends), numbers.tell_certainty(estimand, *ends)
    return {
        "answer": compose_finding_answer(manifest, finding),
        "number": number,
        "certainty": certainty,
        "grade": conclusion.grade.value,
        "seeds": conclusion.seeds,
        "centre": conclusion.centre,
        "estimate": conclusion.estimate,
        "low": conclusion.low,
        "high": conclusion.high,
    }
