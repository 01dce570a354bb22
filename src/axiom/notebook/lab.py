"""`axiom.open(D)`: a laboratory in a notebook. It only reads, and may do so while the laboratory works.

A connection lives as long as one question, so a notebook that stays open for days holds nothing up.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

from axiom.domain.declaration import ValueType
from axiom.domain.evidence import Meaning
from axiom.errors import NoLab, NotFound, UnknownName
from axiom.notebook.maps import FolderMap
from axiom.notebook.result_columns import Version, name_columns, tidy_results
from axiom.notebook.table import Table, join_tables
from axiom.notebook.typical_values import summarize_results
from axiom.signed.manifests import stored_manifest
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.migrate import require_current_schema
from axiom.store.registrations import registrations as registration_store
from axiom.store.views import exported_rows
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.facts_html import facts_html
from axiom_weigh.values import Evidence

_EXPERIMENTS = {
    "experiment": ValueType.TEXT,
    "version": ValueType.INT,
    "question": ValueType.TEXT,
    "status": ValueType.TEXT,
    "configs": ValueType.INT,
    "replicates": ValueType.INT,
    "results": ValueType.INT,
}
_WEIGHED = {
    "verdict": ValueType.TEXT,
    "grade": ValueType.TEXT,
    "estimate": ValueType.FLOAT,
    "low": ValueType.FLOAT,
    "high": ValueType.FLOAT,
    "e_value": ValueType.FLOAT,
    "seeds": ValueType.INT,
    "missing": ValueType.INT,
    "blocks": ValueType.INT,
    "hosts": ValueType.INT,
    "volunteers": ValueType.INT,
    "platforms": ValueType.INT,
}
FINDINGS = {
    "number": ValueType.INT,
    "experiment": ValueType.TEXT,
    "version": ValueType.INT,
    "estimand": ValueType.TEXT,
    "answer": ValueType.TEXT,
    "claim": ValueType.TEXT,
    "status": ValueType.TEXT,
    "reads": ValueType.TEXT,
    **_WEIGHED,
}
_OBSERVATIONS = {
    "replicate": ValueType.INT,
    "value": ValueType.FLOAT,
    "hosts": ValueType.INTS,
    "why_missing": ValueType.TEXT,
}


@dataclass(frozen=True, kw_only=True)
class FindingCard:
    """A finding as it stands, its history block by block, and the observations of the newest one."""

    number: int
    answer: str  # what is believed of the claim
    claim: str
    experiment: str
    estimand: str
    status: str
    reads: Meaning | None  # what the verdict says about the claim
    evidence: Evidence | None  # None until the first block closed
    history: Table
    observations: Table

    def __repr__(self) -> str:
        return "\n".join([self._title(), *(f"{name}: {value}" for name, value in self._facts().items())])

    def _repr_html_(self) -> str:
        return facts_html(self._title(), self._facts()) + self.history._repr_html_()

    def _title(self) -> str:
        return f"Finding {self.number}: {self.answer}"

    def _facts(self) -> dict[str, object]:
        facts: dict[str, object] = {name: getattr(self, name) for name in ("claim", "experiment", "estimand", "status")}
        if self.evidence is None:
            return facts | {"evidence": "none yet: its first block has not closed"}
        evidence = self.evidence
        bounds = [f"{bound:.4g}" if bound is not None else "unbounded" for bound in (evidence.low, evidence.high)]
        middle = "none" if evidence.estimate is None else f"{evidence.estimate:.4g}"
        return facts | {
            "verdict": evidence.verdict,
            "reads": self.reads,
            "grade": evidence.grade,
            f"{evidence.centre} over seeds": f"{middle}, 95 % at every look: {bounds[0]} to {bounds[1]}",
            "e-value": f"{e_told(evidence.e_value)} ({evidence.e_kind})",
            "seeds": f"{evidence.seeds}, {evidence.missing} missing",
            "for the next grade": "; ".join(evidence.needs) or "nothing",
        }


class Lab:
    """A laboratory's tables. Ask again, and you see what has come back since."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    @property
    def experiments(self) -> Table:
        """Every version of every experiment, and how many results each has."""
        with self._reading() as db:
            rows = exported_rows.list_experiment_counts(db)
        versions = [
            {
                **row,
                "experiment": row["name"],
                "question": (manifest := stored_manifest(row["manifest"])).question,
                "status": _status(row),
                "configs": len(manifest.configs),
            }
            for row in rows
        ]
        return rows_as_table(versions, _EXPERIMENTS, "Experiments")

    def results(self, experiment: str) -> Table:
        """All results of an experiment, a row per cell; `name@2` is a version, `name` the newest."""
        return join_tables(list(self.pages(self.version(experiment))))

    def summary(self, experiment: str, by: Sequence[str] | None = None) -> Table:
        """What is typical for each level of these factors (all of them, if none is named), with 95 % intervals.

        It is of the sweep that the file declares alone; what further designs hold beyond it is in `results`.
        """
        version = self.version(experiment)
        names = list(version.factors) if by is None else [by] if isinstance(by, str) else list(by)
        for name in names:
            if name not in version.factors:
                raise UnknownName(f"factor of {version.name}", name, version.factors)
        curves = {ValueType.INTS, ValueType.FLOATS, ValueType.GRID}
        return summarize_results(
            _declared(version, self.results(version.name)),
            by=[version.factors[name] for name in names],
            measures=[column for column in version.measures.values() if version.types[column] not in curves],
            groups=Counter(tuple(config[name] for name in names) for config in version.manifest.configs),
        )

    @property
    def findings(self) -> Table:
        """Every claim with its number, and how it stands."""
        with self._reading() as db:
            return rows_as_table(exported_rows.list_finding_rows(db), FINDINGS, "Findings")

    def finding(self, number: int) -> FindingCard:
        """One finding: its evidence, its history and its observations."""
        with self._reading() as db:
            rows = {row["number"]: row for row in exported_rows.list_finding_rows(db)}
            lines, observations = evidence.list_evidence_lines(db, number), evidence.read_observations(db, number)
        if number not in rows:
            numbers = f"The numbers go from {min(rows)} to {max(rows)}." if rows else "There is none yet."
            raise NotFound(f"There is no finding {number} in {self._folder.path}. {numbers}")
        row = rows[number]
        observed = [
            {
                "replicate": observation.replicate,
                "value": observation.value,
                "hosts": observation.hosts,
                "why_missing": observation.why_missing,
            }
            for observation in observations
        ]
        return FindingCard(
            number=number,
            answer=row["answer"],
            claim=row["claim"],
            experiment=f"{row['experiment']}@{row['version']}",
            estimand=row["estimand"],
            status=row["status"],
            reads=row["reads"],
            evidence=evidence.parse_evidence(lines[-1]) if lines else None,
            history=rows_as_table(lines, _WEIGHED, f"History of finding {number}"),
            observations=rows_as_table(observed, _OBSERVATIONS, f"Observations of finding {number}"),
        )

    def map(self, experiment: str) -> FolderMap:
        """The map of an experiment, whose pixels come as tables: `map(NAME).crop(x0, x1, y0, y1, level=3)`."""
        return FolderMap(self._reading, experiment)

    def versions(self) -> list[str]:
        """Every version of every experiment by its whole name, as in tiny_sum@1."""
        with self._reading() as db:
            return [version.whole_name for version in experiments.list_experiment_versions(db)]

    def version(self, experiment: str) -> Version:
        """The version that is meant, and its columns."""
        with self._reading() as db:
            stored = experiments.resolve_experiment_name(db, experiment)
            if stored is None:
                names = {
                    text
                    for version in experiments.list_experiment_versions(db)
                    for text in (version.name, version.whole_name)
                }
                raise UnknownName("experiment", experiment, names)
            placed = registration_store.read_placed_configs(db, stored.id)
        return name_columns(stored_manifest(stored.manifest), placed, stored.id)

    def pages(self, version: Version) -> Iterator[Table]:
        """The results of a version in tables of some thousand rows, at least one, from one consistent look."""
        with self._reading() as db:
            for page in exported_rows.iterate_result_pages(db, version.id):
                yield tidy_results(version, page)

    def __repr__(self) -> str:
        return f"Laboratory in {self._folder.path}\n{self.experiments!r}"

    def _repr_html_(self) -> str:
        return facts_html("Laboratory", {"folder": str(self._folder.path)}) + self.experiments._repr_html_()

    def _reading(self) -> AbstractContextManager[Database]:
        return Connections(folder=self._folder).follower()


def open_lab(data: str | Path) -> Lab:
    """The laboratory in this folder, for reading."""
    folder = Folder(path=Path(data))
    if not folder.exists():
        raise NoLab(
            f"There is no laboratory in {folder.path}, so there is nothing to read. `axiom lab --data {folder.path}` "
            "starts one; or name the folder of another."
        )
    with Connections(folder=folder).reader() as db:
        require_current_schema(db)
    return Lab(folder)


def _declared(version: Version, results: Table) -> Table:
    """The rows of the declared sweep: a seed of a further design may have as many cells, and they are others."""
    own = {tuple(config[name] for name in version.factors) for config in version.manifest.configs}
    columns = [results[column] for column in version.factors.values()]
    is_own = [tuple(column[place] for column in columns) in own for place in range(len(results))]
    rows = {name: list(compress(values, is_own)) for name, values in results.columns.items()}
    return Table(rows, results.types, results.title)


def rows_as_table(rows: Sequence[Mapping[str, Any]], types: Mapping[str, ValueType], title: str) -> Table:
    """These facts of each row as columns."""
    return Table({name: [row[name] for row in rows] for name in types}, types, title)


def _status(row: Mapping[str, Any]) -> str:
    if row["recalled_at"]:
        return "recalled"
    return "retired" if row["retired_at"] else "open"
