"""What the makers of the catalogue measured before any laboratory did, so that a new one is worth reading at once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from axiom import shipped
from axiom.domain.evidence import ConfigEstimate
from axiom_weigh.values import DesignVerdict, Grade, Verdict

FILE = "recorded_answers.json"  # written by scripts/campaign reproduce, as is the next
SWEEPS = "recorded_sweeps.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedNumber:
    """One estimand: what was concluded of it, and its value in each repetition; none where that had no value."""

    at: str
    verdict: Verdict
    grade: Grade
    centre: str  # what the estimate is of the values: a median, a mean or a share
    estimate: float | None
    low: float | None
    high: float | None
    values: tuple[float | None, ...]
    by_design: tuple[DesignVerdict, ...] = ()  # the makers computed the design of the file alone

    @property
    def seeds(self) -> int:
        """How many repetitions there are, as evidence counts them."""
        return len(self.values)


def find_recorded_numbers(experiment: str, version: int) -> Mapping[str, RecordedNumber]:
    """By estimand; nothing of another version, whose numbers may be others."""
    return _read().get((experiment, version), {})


def find_recorded_estimates(experiment: str, version: int) -> Mapping[int, ConfigEstimate]:
    """Of what its figure shows, by the place of a config in its sweep; nothing of another version."""
    return _read_sweeps().get((experiment, version), {})


@cache
def _read_sweeps() -> Mapping[tuple[str, int], Mapping[int, ConfigEstimate]]:
    return {
        (row["experiment"], row["version"]): {place: ConfigEstimate(*numbers) for place, *numbers in row["estimates"]}
        for row in _read_rows(SWEEPS)
    }


@cache
def _read() -> Mapping[tuple[str, int], Mapping[str, RecordedNumber]]:
    recorded: dict[tuple[str, int], dict[str, RecordedNumber]] = {}
    for row in _read_rows(FILE):
        experiment, version, estimand = (row.pop(name) for name in ("experiment", "version", "estimand"))
        typed = {"verdict": Verdict(row["verdict"]), "grade": Grade(row["grade"]), "values": tuple(row["values"])}
        recorded.setdefault((experiment, version), {})[estimand] = RecordedNumber(**row | typed)
    return recorded


def _read_rows(name: str) -> list[dict[str, Any]]:
    file = shipped.catalogue_folder() / name
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
