"""What the columns of a version's results are called, and results in these columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.declaration import ValueType
from axiom.notebook.table import Table
from axiom.notebook.typical_values import TYPICAL
from axiom.signed.manifests import Manifest
from axiom.store.views import exported_rows

_KEYS = {"replicate": ValueType.INT, "seed": ValueType.INT}
_ORIGINS = {
    "outcome": ValueType.TEXT,
    "cpu_seconds": ValueType.FLOAT,
    "host": ValueType.INT,
    "platform": ValueType.TEXT,
    "task": ValueType.INT,
}


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of an experiment, and what its columns are called."""

    id: int
    name: str  # with its version, as in tiny_sum@1
    manifest: Manifest
    configs: Mapping[int, Mapping[str, Any]]  # by place, over all designs
    factors: Mapping[str, str]  # the column of each factor; it has another name only where that is taken
    measures: Mapping[str, str]

    @property
    def types(self) -> dict[str, ValueType]:
        """The columns of its results."""
        kinds = {measure.name: measure.type for measure in self.manifest.measures}
        return {
            **_KEYS,
            **{column: self.manifest.factors[name] for name, column in self.factors.items()},
            **{column: kinds[name] for name, column in self.measures.items()},
            **_ORIGINS,
        }


def name_columns(manifest: Manifest, placed: Mapping[int, Mapping[str, Any]], experiment_id: int = 0) -> Version:
    """A version with names for its columns; `placed` are its configs by place."""
    # A summary has columns of its own, in whose place no factor may be.
    made = {f"{measure.name}_{end}" for measure in manifest.measures for end in TYPICAL}
    taken = {*_KEYS, *_ORIGINS, "n", *made}
    factors = {factor: exported_rows.take_column_name(factor, "factor", taken) for factor in manifest.factors}
    taken -= {"n", *made} - set(factors.values())
    return Version(
        id=experiment_id,
        name=f"{manifest.name}@{manifest.version}",
        manifest=manifest,
        configs=placed,
        factors=factors,
        measures={
            measure.name: exported_rows.take_column_name(measure.name, "measure", taken)
            for measure in manifest.measures
        },
    )


def tidy_results(version: Version, page: exported_rows.ResultColumns) -> Table:
    """Results as rows of a table, a column for each factor and each measure."""
    types = version.types
    measured = [row or {} for row in page.measures]
    columns: dict[str, Sequence[Any]] = {"replicate": page.replicates, "seed": page.seeds}
    configs = {place: version.configs[place] for place in set(page.configs)}  # deeper tiles of a map, too
    for name, column in version.factors.items():
        values = {place: config[name] for place, config in configs.items()}
        columns[column] = _real([values[place] for place in page.configs], types[column])
    for name, column in version.measures.items():
        columns[column] = _real([row.get(name) for row in measured], types[column])
    columns |= {
        "outcome": page.outcomes,
        "cpu_seconds": page.cpu_seconds,
        "host": page.hosts,
        "platform": page.platforms,
        "task": page.tasks,
    }
    return Table(columns, types, version.name)


def _real(values: list[Any], kind: ValueType) -> list[Any]:
    """JSON may write a float without its point."""
    if kind is not ValueType.FLOAT:
        return values
    return [None if value is None else float(value) for value in values]
