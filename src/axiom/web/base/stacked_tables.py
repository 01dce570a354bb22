"""Tables whose rows stack on a telephone: each cell carries the heading of its column, which the style sheet shows."""

import re
from typing import Any

from jinja2 import Template

_TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
_HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"(<t[dh]\b)")


class StackingTemplate(Template):
    def render(self, *args: Any, **kwargs: Any) -> str:
        return label_cells(super().render(*args, **kwargs))


def label_cells(html: str) -> str:
    """The same page with a label on each cell of a row that has as many as its table has headings."""
    return _TABLE.sub(_label_table, html) if "<table" in html else html


def _label_table(table: re.Match[str]) -> str:
    head, end, body = table[0].partition("</thead>")
    headings = [_TAG.sub("", heading).strip().replace('"', "&quot;") for heading in _HEADING.findall(head)]
    labels = [f' data-of="{heading}"' for heading in headings]

    def label(row: re.Match[str]) -> str:
        parts = _CELL.split(row[0])
        if len(parts) == 2 * len(labels) + 1:
            parts[1::2] = [cell + heading for cell, heading in zip(parts[1::2], labels, strict=True)]
        return "".join(parts)

    return head + end + _ROW.sub(label, body)
