"""What is written beside the page already: it stands there until a laboratory has as many seeds of the same version.

So an experiment that was changed is computed again alone, and whoever has no laboratory loses nothing of the page.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from axiom.domain.estimands import Direction
from axiom.domain.evidence import verdict_meaning
from axiom.notebook.table import import_extra
from axiom.signed.manifests import Manifest
from axiom_weigh.evidence.choice_of_statistic import pose_question
from axiom_weigh.values import Grade, Observation, Verdict
from old_claims.findings import ComputedExperiment, Conclusion, WeighedFinding
from old_claims.values import NUMBERS, VALUES


def recorded(
    folder: Path, manifest_of: Callable[[str], Manifest | None], numbers: str = NUMBERS
) -> dict[str, ComputedExperiment]:
    """What the folder beside the page says of the experiments that are still what they were."""
    if not (folder / numbers).exists():
        return {}
    values = _values(folder / VALUES)
    findings: dict[str, dict[str, WeighedFinding]] = defaultdict(dict)
    manifests: dict[str, Manifest | None] = {}
    for line in json.loads((folder / numbers).read_text(encoding="utf-8")):
        name, _, estimand = line["estimand"].partition(".")
        if name not in manifests:
            manifests[name] = manifest_of(name)
        manifest = manifests[name]
        declared = {declaration["name"]: declaration for declaration in manifest.estimands} if manifest else {}
        if manifest and manifest.version == line["version"] and estimand in declared:
            findings[name][estimand] = _finding(line, declared[estimand], values[line["estimand"]])
    return {
        name: _experiment(manifest, findings[name])
        for name, manifest in manifests.items()
        if manifest and name in findings
    }


def joined(
    old: Mapping[str, ComputedExperiment], new: Mapping[str, ComputedExperiment]
) -> dict[str, ComputedExperiment]:
    """Of each experiment that which rests on more seeds; what a laboratory has counts before what is written."""
    kept = {name: experiment for name, experiment in old.items() if name not in new or _is_less(new[name], experiment)}
    return {**new, **kept}


def _is_less(new: ComputedExperiment, old: ComputedExperiment) -> bool:
    return new.manifest.version == old.manifest.version and new.done < old.done


def _experiment(manifest: Manifest, findings: Mapping[str, WeighedFinding]) -> ComputedExperiment:
    replicates = {value.replicate for finding in findings.values() for value in finding.counted}
    return ComputedExperiment(manifest=manifest, done=len(replicates), findings=findings)


def _finding(line: Mapping[str, Any], estimand: Mapping[str, Any], counted: tuple[Observation, ...]) -> WeighedFinding:
    weighed_by = pose_question(estimand)
    parts = {name: line[name] for name in ("centre", "seeds", "missing", "estimate", "low", "high", "e_value")}
    return WeighedFinding(
        estimand=estimand,
        conclusion=Conclusion(
            **parts,
            verdict=Verdict(line["verdict"]),
            grade=Grade(line["grade"]),
            method=line.get("method", 1),  # the first rules had no number
        ),
        meaning=verdict_meaning(Verdict(line["verdict"]), Direction(estimand["expects"])),
        status=line["status"],
        question=replace(weighed_by, bounds=tuple(line["bounds"]) if line["bounds"] else None),
        counted=counted,
    )


def _values(file: Path) -> Mapping[str, tuple[Observation, ...]]:
    by_estimand: dict[str, list[Observation]] = defaultdict(list)
    for row in import_extra("pyarrow.parquet").read_table(file).to_pylist():
        observation = Observation(replicate=row["replicate"], value=row["value"], why_missing=row["why_missing"])
        by_estimand[f"{row['experiment']}.{row['estimand']}"].append(observation)
    return {name: tuple(observations) for name, observations in by_estimand.items()}
