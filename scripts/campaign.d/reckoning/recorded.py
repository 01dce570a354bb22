"""What is written beside the page already: it stands there until a laboratory has as many seeds of the same version.

So an experiment that was changed is computed again alone, and whoever has no laboratory loses nothing of the page.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from axiom.domain.evidence import Meaning
from axiom.notebook.table import extra
from axiom.signed.manifests import Manifest
from axiom_weigh.evidence.method import question
from axiom_weigh.values import Grade, Observation, Verdict
from reckoning.data import NUMBERS, VALUES
from reckoning.told import Known, Said, Told


def recorded(folder: Path, manifest_of: Callable[[str], Manifest | None], numbers: str = NUMBERS) -> dict[str, Known]:
    """What the folder beside the page says of the experiments that are still what they were."""
    if not (folder / numbers).exists():
        return {}
    values = _values(folder / VALUES)
    found: dict[str, dict[str, Told]] = defaultdict(dict)
    manifests: dict[str, Manifest | None] = {}
    for line in json.loads((folder / numbers).read_text(encoding="utf-8")):
        name, _, estimand = line["estimand"].partition(".")
        if name not in manifests:
            manifests[name] = manifest_of(name)
        manifest = manifests[name]
        declared = {one["name"]: one for one in manifest.estimands} if manifest else {}
        if manifest and manifest.version == line["version"] and estimand in declared:
            found[name][estimand] = _told(line, declared[estimand], values[line["estimand"]])
    return {name: _known(manifest, found[name]) for name, manifest in manifests.items() if manifest and name in found}


def joined(old: Mapping[str, Known], new: Mapping[str, Known]) -> dict[str, Known]:
    """Of each experiment that which rests on more seeds; what a laboratory has counts before what is written."""
    kept = {name: one for name, one in old.items() if name not in new or _is_less(new[name], one)}
    return {**new, **kept}


def _is_less(new: Known, old: Known) -> bool:
    return new.manifest.version == old.manifest.version and new.done < old.done


def _known(manifest: Manifest, told: Mapping[str, Told]) -> Known:
    replicates = {value.replicate for one in told.values() for value in one.counted}
    return Known(manifest=manifest, done=len(replicates), findings=told)


def _told(line: Mapping[str, Any], estimand: Mapping[str, Any], counted: tuple[Observation, ...]) -> Told:
    asked = question(estimand)
    parts = {name: line[name] for name in ("centre", "seeds", "missing", "estimate", "low", "high", "e_value")}
    return Told(
        estimand=estimand,
        said=Said(
            **parts,
            verdict=Verdict(line["verdict"]),
            grade=Grade(line["grade"]),
            method=line.get("method", 1),  # the first rules had no number
        ),
        meaning=Meaning(line["meaning"]),
        status=line["status"],
        asked=replace(asked, bounds=tuple(line["bounds"]) if line["bounds"] else None),
        counted=counted,
    )


def _values(file: Path) -> Mapping[str, tuple[Observation, ...]]:
    found: dict[str, list[Observation]] = defaultdict(list)
    for row in extra("pyarrow.parquet").read_table(file).to_pylist():
        one = Observation(replicate=row["replicate"], value=row["value"], why_missing=row["why_missing"])
        found[f"{row['experiment']}.{row['estimand']}"].append(one)
    return {name: tuple(each) for name, each in found.items()}
