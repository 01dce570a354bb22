"""The data of any rectangle of a map, in one call: JSON, CSV or Parquet."""

import importlib
import io
import json
from typing import Any

from axiom.errors import CannotStart, WrongUse
from axiom.reads.base import query_errors
from axiom.reads.base.breathe import Breathe
from axiom.reads.base.csv_cells import guard_text
from axiom.reads.base.request import Answer, Reading
from axiom.reads.maps import map_view
from axiom.reads.maps.map_view import require_map
from axiom.store.maps.crops import Crop, crop_map
from axiom.web.base.slow_files import SlowFile

FORMS = {"json": "application/json", "csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
WORDS = "x0 x1 y0 y1 level arm replicate format"  # of an address
COLUMNS = ("x", "y", "shade", "band", "level")
_PIECE = 4_096  # rows that are written between two breaths


def rectangle_data(reading: Reading, name: str) -> Answer:
    """The rectangle as JSON: both knobs along its sides, and rows of pixels from below."""
    return _as_json(reading, name, _cropped(reading, name))


def rectangle_file(reading: Reading, breathe: Breathe, name: str) -> SlowFile:
    form = reading.query.get("format") or "json"
    if refusals := [*query_errors.not_a_choice({"format": form}, "format", FORMS), *_unknown_words(reading)]:
        raise WrongUse(refusals[0])
    rectangle = _cropped(reading, name)
    body = {
        "json": lambda: json.dumps(_as_json(reading, name, rectangle), separators=(",", ":")).encode(),
        "csv": lambda: _csv(rectangle, breathe),
        "parquet": lambda: _parquet(rectangle),
    }[form]()
    file = (
        f"{require_map(reading, name).stored.name}-{rectangle.arm}-{rectangle.replicate}-level-{rectangle.level}.{form}"
    )
    return SlowFile(body=body, kind=FORMS[form], name="" if form == "json" else file)


def _unknown_words(reading: Reading) -> list[str]:
    names = sorted(WORDS.split())
    return list(query_errors.unknown_words(reading.query, names, f"a rectangle has {', '.join(names)}"))


def _cropped(reading: Reading, name: str) -> Crop:
    shown = require_map(reading, name)
    query = {word: text for word, text in reading.query.items() if text}
    x, y = (
        (
            map_view.require_knob(axis, f"{word}0", query.get(f"{word}0", repr(axis.low))),
            map_view.require_knob(axis, f"{word}1", query.get(f"{word}1", repr(axis.high))),
        )
        for axis, word in ((shown.drawn.x, "x"), (shown.drawn.y, "y"))
    )
    return crop_map(
        reading.db,
        shown.stored.id,
        shown.drawn,
        arm=map_view.require_arm(shown, query.get("arm", str(min(shown.arms)))),
        replicate=map_view.require_whole_number("replicate", query["replicate"]) if "replicate" in query else None,
        x=x,
        y=y,
        level=map_view.require_whole_number("level", query.get("level", "0")),
    )


def _as_json(reading: Reading, name: str, rectangle: Crop) -> Answer:
    shown, width = require_map(reading, name), len(rectangle.x)

    def lines(values: bytes) -> list[list[int]]:
        return [list(values[start : start + width]) for start in range(0, len(values), width)]

    return {
        "map": shown.name,
        "level": rectangle.level,
        "arm": rectangle.arm,
        "replicate": rectangle.replicate,
        "names": [shown.drawn.x.name, shown.drawn.y.name],
        "bands": [[band.name, band.shades] for band in shown.drawn.bands],
        "x": rectangle.x,
        "y": rectangle.y,
        "pixels": lines(rectangle.pixels),
        "levels": lines(rectangle.levels),
    }


def _csv(rectangle: Crop, breathe: Breathe) -> bytes:
    names = [_field(band.name) for band in rectangle.drawn.bands]
    ends = [
        f"{shade},{name}"
        for band, name in zip(rectangle.drawn.bands, names, strict=True)
        for shade in range(band.shades)
    ]
    across = [repr(value) for value in rectangle.x]
    width, pieces = len(across), [",".join(COLUMNS) + "\r\n"]
    for row, up in enumerate(rectangle.y):
        start, y = row * width, repr(up)
        pieces.append(
            "".join(
                f"{x},{y},{ends[rectangle.pixels[at]]},{rectangle.levels[at]}\r\n"
                for at, x in enumerate(across, start=start)
            )
        )
        if start % _PIECE < width:
            breathe()
    return "".join(pieces).encode()


def _field(text: str) -> str:
    """A text of ours in a CSV: quoted, as it may hold a comma, and never a formula."""
    return '"' + guard_text(text).replace('"', '""') + '"'


def _parquet(rectangle: Crop) -> bytes:
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise CannotStart(
            "This laboratory cannot write Parquet: its operator has not installed the extra `data`. Nothing was "
            "written; take format=csv or format=json."
        ) from error
    columns = dict(zip(COLUMNS, zip(*rectangle.rows(), strict=True), strict=True))
    types = {"x": arrow.float64(), "y": arrow.float64(), "shade": arrow.int64(), "level": arrow.int64()}
    made = arrow.table({name: arrow.array(columns[name], type=types.get(name, arrow.string())) for name in COLUMNS})
    body = io.BytesIO()
    parquet.write_table(made, body, compression="zstd")
    return body.getvalue()
