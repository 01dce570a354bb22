"""A small table of its own: columns with names and types, which a notebook shows and other programs take over.

Nothing here needs pandas or Arrow until somebody asks for them. There is no NaN: what is absent is None.
"""

import csv
import html
import importlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

from axiom.domain.declaration import ValueType
from axiom.errors import CannotStart, UnknownName
from axiom.reads.base import csv_cells
from axiom_weigh.facts_html import shorten_value

_SHOWN = 20
_PANDAS = {
    ValueType.INT: "Int64",
    ValueType.FLOAT: "Float64",
    ValueType.BOOL: "boolean",
    ValueType.TEXT: "string",
    ValueType.GRID: "string",
}


class Table:
    """Columns of equal length, each a tuple of one type or None. Iterating gives rows, as dictionaries."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, ValueType], title: str = "") -> None:
        self.columns = {name: tuple(values) for name, values in columns.items()}
        self.types = dict(types)
        self.title = title
        if self.columns.keys() != self.types.keys() or len({len(values) for values in self.columns.values()}) > 1:
            raise ValueError(f"the columns {list(self.columns)} differ in length, or from the types {list(self.types)}")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        names = list(self.columns)
        return (dict(zip(names, row, strict=True)) for row in self.rows())

    def __getitem__(self, name: str) -> tuple[Any, ...]:
        if name not in self.columns:
            raise UnknownName("column", name, self.columns)
        return self.columns[name]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Every row as a tuple, in the order of the columns."""
        return zip(*self.columns.values(), strict=True)

    def to_csv(self, path: str | Path) -> None:
        """Write a CSV file in UTF-8: None is empty, a curve is a JSON list, a number has all its digits."""
        with Path(path).open("w", encoding="utf-8", newline="") as file:
            self.write_csv(file)

    def write_csv(self, file: Any, *, heading: bool = True) -> None:
        """Write these rows to an open text file."""
        writer = csv.writer(file)  # ends lines as RFC 4180 does: otherwise a text with a lone CR would not come back
        if heading:
            writer.writerow(self.columns)
        written = [map(csv_cells.WRITTEN_BY_TYPE[self.types[name]], values) for name, values in self.columns.items()]
        writer.writerows(zip(*written, strict=True))

    def to_arrow(self) -> Any:
        """The same as a `pyarrow.Table`: whole numbers in 64 bits, curves as lists. Needs the extra `data`."""
        arrow = import_extra("pyarrow")
        whole, real = arrow.int64(), arrow.float64()
        types = {
            ValueType.INT: whole,
            ValueType.FLOAT: real,
            ValueType.BOOL: arrow.bool_(),
            ValueType.TEXT: arrow.string(),
            ValueType.GRID: arrow.string(),
            ValueType.INTS: arrow.list_(whole),
            ValueType.FLOATS: arrow.list_(real),
        }
        arrays = [
            arrow.array(
                _reals(values) if self.types[name] is ValueType.FLOATS else values, type=types[self.types[name]]
            )
            for name, values in self.columns.items()
        ]
        return arrow.table(arrays, names=list(self.columns))

    def to_pandas(self) -> Any:
        """The same as a `pandas.DataFrame` with types that know absence, so that a seed stays whole. Extra `data`."""
        pandas = import_extra("pandas")
        series = {
            name: pandas.Series(list(values), dtype=_PANDAS.get(self.types[name], "object"))
            for name, values in self.columns.items()
        }
        return pandas.DataFrame(series)

    def __repr__(self) -> str:
        rows = [list(self.columns), *([shorten_value(value) for value in row] for row in islice(self.rows(), _SHOWN))]
        widths = [max(len(row[place]) for row in rows) for place in range(len(self.columns))]
        lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        return "\n".join([*([self.title] if self.title else []), *lines, *self._more()])

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(shorten_value(value))}</td>" for value in row) + "</tr>"
            for row in islice(self.rows(), _SHOWN)
        )
        caption = f"<caption>{html.escape(self.title)}</caption>" if self.title else ""
        more = "".join(f"<p>{html.escape(line)}</p>" for line in self._more())
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"

    def _more(self) -> list[str]:
        left = len(self) - _SHOWN
        if left > 0:
            return [f"… and {left} more rows"]
        return [] if len(self) else ["(no rows yet)"]


def join_tables(tables: Sequence[Table]) -> Table:
    """One below the other; all have the same columns, and there is at least one."""
    first = tables[0]
    columns = {name: [value for table in tables for value in table.columns[name]] for name in first.columns}
    return Table(columns, first.types, first.title)


def import_extra(name: str) -> ModuleType:
    """A package that not everybody has, or a sentence that says how to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise CannotStart(
            f"The package {name} is not installed, so these tables cannot become its own. Nothing was written; "
            "install Axiom's wheel with its extra `data` (docs/howto/notebook.md), or take CSV or JSON."
        ) from error


def _reals(curves: Sequence[Sequence[float] | None]) -> list[list[float] | None]:
    """JSON may write a float without its point, and Arrow refuses what looks like a large whole number."""
    return [None if curve is None else [float(number) for number in curve] for curve in curves]
