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
from axiom.notebook.table import Table, extra
from axiom.signed.manifests import Manifest
from reckoning.told import Known, Told

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


def write(folder: Path, known: Mapping[str, Known]) -> None:
    """Write both files anew; the same numbers make the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = [row for manifest, one in _in_order(known) for row in _rows(manifest.name, manifest.version, one)]
    table = Table({name: [row[name] for row in rows] for name in _COLUMNS}, _COLUMNS)
    extra("pyarrow.parquet").write_table(table.to_arrow(), folder / VALUES, compression="zstd")
    write_numbers(folder / NUMBERS, known)


def write_numbers(file: Path, known: Mapping[str, Known]) -> None:
    """What was concluded of each estimand, a line for each."""
    told = (numbers(manifest.name, manifest.version, one) for manifest, one in _in_order(known))
    lines = [json.dumps(one, ensure_ascii=False) for one in told]
    file.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def numbers(name: str, version: int, told: Told) -> dict[str, Any]:
    """What was concluded of one estimand, and a digest of the values from which it was."""
    said, bounds = told.said, told.asked.bounds
    return {
        "estimand": f"{name}.{told.estimand['name']}",
        "version": version,
        "centre": said.centre,
        "bounds": list(bounds) if bounds else None,
        "seeds": said.seeds,
        "missing": said.missing,
        "estimate": said.estimate,
        "low": said.low,
        "high": said.high,
        "e_value": said.e_value,
        "verdict": said.verdict.value,
        "meaning": told.meaning.value,
        "grade": said.grade.value,
        "method": said.method,
        "status": told.status,
        "digest": digest(_rows(name, version, told)),
    }


def fact(told: Told) -> str:
    """How many seeds, which estimate, which interval: a piece of the page that `recompute.py` makes, too."""
    said = told.said
    lacking = f", {said.missing} without a value" if said.missing else ""
    if said.estimate is None:
        return f"{said.seeds} seeds{lacking}"
    return f"{said.seeds} seeds{lacking}, {said.centre} {short(said.estimate)} [{short(said.low)}, {short(said.high)}]"


def short(number: float | None) -> str:
    """A number in three digits."""
    return "unbounded" if number is None else f"{number:.3g}"


def digest(rows: Sequence[Mapping[str, Any]] | Iterator[Mapping[str, Any]]) -> str:
    """Changes when any value does, and when a seed is left out."""
    lines = (f"{row['seed']} {'' if row['value'] is None else float(row['value']).hex()}\n" for row in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def _in_order(known: Mapping[str, Known]) -> Iterator[tuple[Manifest, Told]]:
    """Each finding with its experiment, by their names."""
    for _, one in sorted(known.items()):
        yield from ((one.manifest, told) for _, told in sorted(one.findings.items()))


def _rows(name: str, version: int, told: Told) -> Iterator[dict[str, Any]]:
    """The values that count, in the order in which their seeds were issued."""
    for one in told.counted:
        yield {
            "experiment": name,
            "version": version,
            "estimand": told.estimand["name"],
            "replicate": one.replicate,
            "seed": seed_of(name, version, one.replicate),
            "value": one.value,
            "why_missing": one.why_missing,
        }
