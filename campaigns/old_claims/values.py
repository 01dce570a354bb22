"""The numbers to take away: every value that was weighed, seed by seed, and what the laboratory concluded from them.

`recompute.py`, which lies beside them and needs nothing of ours, weighs the values again and compares.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from axiom.domain.declaration import ValueType
from axiom.domain.experiments import seed_of
from axiom.notebook.table import Table, import_extra
from axiom.signed.manifests import Manifest
from old_claims.findings import ComputedExperiment, WeighedFinding

VALUES, NUMBERS = "values.parquet", "numbers.json"
EARLIER = "earlier.json"  # numbers as they were by the rules before
_COLUMNS = {
    "experiment": ValueType.TEXT,
    "version": ValueType.INT,
    "estimand": ValueType.TEXT,
    "replicate": ValueType.INT,
    "seed": ValueType.INT,
    "value": ValueType.FLOAT,
    "why_missing": ValueType.TEXT,
}


def write(folder: Path, experiments: Mapping[str, ComputedExperiment]) -> None:
    """Write both files anew; the same numbers make the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        row for manifest, finding in _in_order(experiments) for row in _rows(manifest.name, manifest.version, finding)
    ]
    table = Table({name: [row[name] for row in rows] for name in _COLUMNS}, _COLUMNS)
    import_extra("pyarrow.parquet").write_table(table.to_arrow(), folder / VALUES, compression="zstd")
    write_numbers(folder / NUMBERS, experiments)


def write_numbers(file: Path, experiments: Mapping[str, ComputedExperiment]) -> None:
    """What was concluded of each estimand, a line for each."""
    rows = (numbers(manifest.name, manifest.version, finding) for manifest, finding in _in_order(experiments))
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def numbers(name: str, version: int, finding: WeighedFinding) -> dict[str, Any]:
    """What was concluded of one estimand, and a digest of the values from which it was."""
    conclusion, bounds = finding.conclusion, finding.question.bounds
    return {
        "estimand": f"{name}.{finding.estimand['name']}",
        "version": version,
        "centre": conclusion.centre,
        "bounds": list(bounds) if bounds else None,
        "seeds": conclusion.seeds,
        "missing": conclusion.missing,
        "estimate": conclusion.estimate,
        "low": conclusion.low,
        "high": conclusion.high,
        "e_value": conclusion.e_value,
        "verdict": conclusion.verdict.value,
        "meaning": finding.meaning.value,
        "grade": conclusion.grade.value,
        "method": conclusion.method,
        "status": finding.status,
        "digest": digest(_rows(name, version, finding)),
    }


def fact(finding: WeighedFinding) -> str:
    """How many seeds, which estimate, which interval: a piece of the page that `recompute.py` makes, too."""
    conclusion = finding.conclusion
    lacking = f", {conclusion.missing} without a value" if conclusion.missing else ""
    if conclusion.estimate is None:
        return f"{conclusion.seeds} seeds{lacking}"
    interval = f"[{short(conclusion.low)}, {short(conclusion.high)}]"
    return f"{conclusion.seeds} seeds{lacking}, {conclusion.centre} {short(conclusion.estimate)} {interval}"


def short(number: float | None) -> str:
    """A number in three digits."""
    return "unbounded" if number is None else f"{number:.3g}"


def digest(rows: Sequence[Mapping[str, Any]] | Iterator[Mapping[str, Any]]) -> str:
    """Changes when any value does, and when a seed is left out."""
    lines = (f"{row['seed']} {'' if row['value'] is None else float(row['value']).hex()}\n" for row in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def _in_order(experiments: Mapping[str, ComputedExperiment]) -> Iterator[tuple[Manifest, WeighedFinding]]:
    """Each finding with its experiment, by their names."""
    for _, experiment in sorted(experiments.items()):
        yield from ((experiment.manifest, finding) for _, finding in sorted(experiment.findings.items()))


def _rows(name: str, version: int, finding: WeighedFinding) -> Iterator[dict[str, Any]]:
    """The values that count, in the order in which their seeds were issued."""
    for observation in finding.counted:
        yield {
            "experiment": name,
            "version": version,
            "estimand": finding.estimand["name"],
            "replicate": observation.replicate,
            "seed": finding.issued_seeds.get(observation.replicate) or seed_of(name, version, observation.replicate),
            "value": observation.value,
            "why_missing": observation.why_missing,
        }
