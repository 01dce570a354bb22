"""What a runner writes and the server reads: a header, one line per cell, a footer. One strict reader.

The footer is how a whole output is told from one that was cut; a line is one canonical JSON object. The header carries
the ticket itself: an output proves what it answers even to a laboratory that was restored from a backup made before
the task was sent.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from axiom.domain.experiments import NAME
from axiom.domain.fleet import Platform
from axiom.domain.value import value_class
from axiom.domain.work import Outcome
from axiom.errors import OutputError
from axiom.signed import canonical_json

OUTPUT_LIMIT = 16 * 1024 * 1024  # bytes of one that is taken at all
_FORMAT = "axiom-output-2"
_LINE_LIMIT = 1024 * 1024
ANSWER_LIMIT = _LINE_LIMIT - 1024  # what a child may say in a line; with the cell's name it still fits one of ours
_HEX = re.compile(r"[0-9a-f]{64}")
_ANSWER = ("outcome", "measures", "early", "cpu_seconds", "error")
_CELL = ("replicate", "config", "seed", *_ANSWER)
_EARLY_LIMIT = 8
_TICKET = re.compile(rf"[A-Za-z0-9_.-]{{1,{canonical_json.TICKET_LIMIT}}}")
_LABEL = re.compile(r"[^\x00-\x1f]{0,200}")
_RUNNER = re.compile(r"[0-9A-Za-z.+-]{1,64}")
_WORD = re.compile(r"[a-z0-9_]{1,32}")
_GRID = re.compile(r"[0-9A-Za-z+/]{4,400000}={0,2}")  # the pixels of a tile, compressed
_OUTCOME = re.compile("|".join(outcome.value for outcome in Outcome))


@value_class
class CellError:
    """What the code raised: the name of the exception and the line in the bundle. Its message stays on the host."""

    kind: str
    where: str


@value_class
class CellAnswer:
    outcome: Outcome
    measures: Mapping[str, Any] | None
    early: tuple[float, ...]
    cpu_seconds: float
    error: CellError | None = None


@value_class
class CellOutput(CellAnswer):
    """How one cell ended, and which cell it was. `config` is its place in the registered sweep."""

    replicate: int
    config: int
    seed: int


@value_class
class Header:
    task: int
    host: int
    experiment: str
    version: int
    bundle: str
    ticket_text: str
    runner: str
    platform: Platform

    @property
    def ticket(self) -> str:
        return ticket_digest(self.ticket_text)


@value_class
class Output:
    header: Header
    cells: tuple[CellOutput, ...]


_HEADER = (*Header.__dataclass_fields__, "format")


def ticket_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def header_line(header: Header) -> bytes:
    platform = header.platform
    data = {name: getattr(header, name) for name in Header.__dataclass_fields__} | {
        "format": _FORMAT,
        "platform": {name: getattr(platform, name) for name in Platform.__dataclass_fields__},
    }
    return canonical_json.canonical_bytes(data) + b"\n"


def cell_line(cell: CellOutput) -> bytes:
    error = cell.error and {"kind": cell.error.kind, "where": cell.error.where}
    data = {name: getattr(cell, name) for name in CellOutput.__dataclass_fields__}
    return canonical_json.canonical_bytes(data | {"early": list(cell.early), "error": error}) + b"\n"


def footer_line(cells: int) -> bytes:
    return b'{"cells":%d}\n' % cells


def read_output(raw: bytes, *, limit: int, most_cells: int | None = None) -> Output:
    """Read a whole output; anything else is an OutputError that says what is off.

    One with more than `most_cells` is refused before any of them is read.
    """
    if not raw:
        raise OutputError("The output is empty (0 bytes), so nothing was measured. The task must be done again.")
    if len(raw) > limit:
        raise OutputError(f"The output has {len(raw)} bytes, and {limit} are allowed. It is not read.")
    if most_cells is not None and raw.count(b"\n") > most_cells + 2:
        raise OutputError(f"The output has more lines than the {most_cells} cells that were ordered. It is not read.")
    lines = raw.split(b"\n")
    if lines.pop() or len(lines) < 2:
        raise OutputError("The output ends in the middle of a line or before its last one: it is cut. It is not used.")
    place = 0
    try:
        header = read_header(lines[0])
        cells = []
        for place, line in enumerate(lines[1:-1], start=1):  # noqa: B007  the message below names the line
            cells.append(read_cell(line))
        place = len(lines) - 1
        if lines[-1] + b"\n" != footer_line(len(cells)):
            footer = canonical_json.Fields(
                canonical_json.parse_canonical(lines[-1], limit=_LINE_LIMIT), "the footer", ("cells",)
            )
            _check_count(footer.whole("cells"), len(cells))
    except ValueError as fault:
        raise OutputError(
            f"Line {place + 1} of the output is refused: {fault}. Nothing of the output is used."
        ) from None
    return Output(header=header, cells=tuple(cells))


def _check_count(declared: int, counted: int) -> None:
    if declared != counted:
        raise ValueError(f"the footer counts {declared} cells, and there are {counted}")


def read_header(line: bytes) -> Header:
    fields = canonical_json.Fields(canonical_json.parse_canonical(line, limit=_LINE_LIMIT), "the header", _HEADER)
    fields.text("format", _FORMAT)
    platform = canonical_json.Fields(fields.part("platform"), "the platform", Platform.__dataclass_fields__)
    return Header(
        task=fields.whole("task", least=1),
        host=fields.whole("host", least=1),
        experiment=fields.text("experiment", NAME),
        version=fields.whole("version", least=1),
        bundle=fields.text("bundle", _HEX),
        ticket_text=fields.text("ticket_text", _TICKET),
        runner=fields.text("runner", _RUNNER),
        platform=Platform(
            system=platform.text("system", _WORD),
            processor=platform.text("processor", _WORD),
            instructions=platform.text("instructions", _WORD),
        ),
    )


def read_cell(line: bytes) -> CellOutput:
    fields = canonical_json.Fields(canonical_json.parse_canonical(line, limit=_LINE_LIMIT), "the cell", _CELL)
    return CellOutput(
        replicate=fields.whole("replicate"),
        config=fields.whole("config"),
        seed=fields.whole("seed"),
        **_answer(fields),
    )


def read_answer(data: object) -> CellAnswer:
    return CellAnswer(**_answer(canonical_json.Fields(data, "the answer", _ANSWER)))


def _answer(fields: canonical_json.Fields) -> dict[str, Any]:
    answer = {
        "outcome": Outcome(fields.text("outcome", _OUTCOME)),
        "measures": fields.either("measures", _measures),
        "early": read_early(fields.data["early"]),
        "cpu_seconds": fields.real("cpu_seconds", least=0),
        "error": fields.either("error", _error),
    }
    measured = answer["outcome"] in (Outcome.OK, Outcome.DIVERGED)
    if measured != (answer["measures"] is not None):
        raise ValueError(f"the outcome {answer['outcome']} and its measures do not go together")
    if (answer["outcome"] is Outcome.FAILED) != (answer["error"] is not None):
        raise ValueError(f"the outcome {answer['outcome']} and its error do not go together")
    return answer


def read_early(data: object) -> tuple[float, ...]:
    if not isinstance(data, list):
        raise ValueError("early is not a list")  # noqa: TRY004  every refusal of this reader is a ValueError
    if len(data) > _EARLY_LIMIT:
        raise ValueError(f"early has more than {_EARLY_LIMIT} values")
    return tuple(canonical_json.check_real(value, f"early[{place}]") for place, value in enumerate(data))


def _measures(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"{what} is not an object")  # noqa: TRY004  every refusal of this reader is a ValueError
    for name, item in value.items():
        if isinstance(item, str):
            if not _GRID.fullmatch(item):
                raise ValueError(f"{what}: {name[:40]!r} holds letters that are no grid")
            continue
        for number in item if isinstance(item, list) else [item]:
            if number is not None and not isinstance(number, bool):
                canonical_json.check_real(number, f"{what}: {name[:40]!r}")
            elif number is not item:
                raise ValueError(f"{what}: {name[:40]!r} holds something that is no number")
    return value


def _error(value: Any, what: str) -> CellError:
    fields = canonical_json.Fields(value, what, ("kind", "where"))
    return CellError(kind=fields.text("kind", _LABEL), where=fields.text("where", _LABEL))
