"""What came of a preflight as canonical JSON: how it travels from whoever computed it to the laboratory."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from axiom.domain.preflights import Attempt, ControlRun, Refusal, TriedCell
from axiom.domain.work import Outcome
from axiom.errors import WrongUse
from axiom.signed import canonical_json

LIMIT = 4 * 1024 * 1024  # bytes
_PARTS = ("first", "again", "others", "compared", "published")
_DIGEST = r"[0-9a-f]{64}"


def write_preflight_report(attempt: Attempt) -> str:
    return canonical_json.canonical_bytes(
        asdict(attempt)
        | {name: [_cell_data(cell) for cell in getattr(attempt, name)] for name in _PARTS}
        | {
            "refusals": [asdict(refusal) for refusal in attempt.refusals],
            "controls": [asdict(run) | {"tried": [_cell_data(cell) for cell in run.tried]} for run in attempt.controls],
        }
    ).decode()


def read_preflight_report(text: str) -> Attempt:
    """An attempt that `write` wrote down; anything else is a WrongUse."""
    try:
        data = canonical_json.parse_canonical(text.encode(), limit=LIMIT)
        if isinstance(data, dict):
            for part in ("compared", "published"):  # reports of before do not have it
                data.setdefault(part, [])
        fields = canonical_json.Fields(data, "the report", Attempt.__dataclass_fields__)
        return Attempt(
            bundle=fields.text("bundle"),
            gates=fields.text("gates"),
            platform=fields.text("platform"),
            seed=fields.whole("seed"),
            refusals=fields.array("refusals", _refusal),
            first=fields.array("first", _read_cell),
            again=fields.array("again", _read_cell),
            others=fields.array("others", _read_cell),
            controls=fields.array("controls", _run),
            compared=fields.array("compared", _read_cell),
            published=fields.array("published", _read_cell),
            fault=fields.text("fault"),
            seconds=fields.real("seconds", least=0),
        )
    except (ValueError, UnicodeEncodeError) as error:
        raise WrongUse(f"The report of the preflight cannot be read: {error}. Nothing was stored.") from None


def why_out_of_order(attempt: Attempt) -> str:
    """Why these cells are not those of one preflight, or nothing: a seed counts once, and the sweep has number 0."""
    parts = {"first": attempt.first, "again": attempt.again, "others": attempt.others}
    parts |= {f"{run.estimand}, {run.is_planted}": run.tried for run in attempt.controls}
    if len(parts) < 3 + len(attempt.controls):
        return "a control is in it twice"
    for name, part in parts.items():
        cells = [(cell.config, cell.seed) for cell in part]
        if len(cells) > len(set(cells)):
            return f"a cell of {name} is in it twice"
        if any((cell.seed == 0) is not (name in ("first", "again")) for cell in part):
            return f"a cell of {name} has a seed that is not its own"
    return ""


def _cell_data(tried: TriedCell) -> dict[str, Any]:
    return asdict(tried) | {"outcome": tried.outcome.value, "missing": list(tried.missing)}


def _read_cell(value: Any, what: str) -> TriedCell:
    if isinstance(value, dict):
        value.setdefault("learned", None)  # reports of before do not have it
    fields = canonical_json.Fields(value, what, TriedCell.__dataclass_fields__)
    return TriedCell(
        config=fields.whole("config"),
        seed=fields.whole("seed"),
        outcome=Outcome(fields.text("outcome")),
        digest=fields.text("digest", _DIGEST),
        mark=fields.text("mark", _DIGEST),
        cpu_seconds=fields.real("cpu_seconds", least=0),
        measures=_measures(fields.part("measures"), f"{what}: measures"),
        missing=fields.array("missing", canonical_json.check_text),
        error=fields.text("error"),
        learned=None if fields.data["learned"] is None else fields.flag("learned"),
    )


def _measures(data: Mapping[str, Any], what: str) -> Mapping[str, float | None]:
    for name, number in data.items():
        if number is not None and not isinstance(number, bool):
            canonical_json.check_real(number, f"{what}: {name[:40]!r}")
    return data


def _run(value: Any, what: str) -> ControlRun:
    fields = canonical_json.Fields(value, what, ControlRun.__dataclass_fields__)
    return ControlRun(
        estimand=fields.text("estimand"), is_planted=fields.flag("is_planted"), tried=fields.array("tried", _read_cell)
    )


def _refusal(value: Any, what: str) -> Refusal:
    fields = canonical_json.Fields(value, what, Refusal.__dataclass_fields__)
    return Refusal(gate=fields.text("gate", r"G[0-8]"), line=fields.whole("line"), sentence=fields.text("sentence"))
