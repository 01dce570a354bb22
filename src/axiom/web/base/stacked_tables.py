"""Tables whose rows stack on a telephone: each cell carries the heading of its column, which the style sheet shows."""

import re
from typing import Any

from jinja2 import Template

_HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_CELL = re.compile(r"(<t[dh]\b)")


class StackingTemplate(Template):
    def render(self, *args: Any, **kwargs: Any) -> str:
        return label_cells(super().render(*args, **kwargs))


def label_cells(html: str) -> str:
    """The same page with a label on each cell of a row that has as many as its table has headings."""
    before, *tables = html.split("<table")
    return "<table".join([before, *map(_label_table, tables)])


def _label_table(html: str) -> str:
    """What follows `<table`, with its cells labelled."""
    table, end, after = html.partition("</table>")
    head, closing, body = table.partition("</thead>")
    headings = [_TAG.sub("", heading).strip().replace('"', "&quot;") for heading in _HEADING.findall(head)]
    labels = [f' data-of="{heading}"' for heading in headings]

    def label(row: str) -> str:
        parts = _CELL.split(row)
        if len(parts) == 2 * len(labels) + 1:
            parts[1::2] = [cell + heading for cell, heading in zip(parts[1::2], labels, strict=True)]
        return "".join(parts)

    return head + closing + "<tr".join(map(label, body.split("<tr"))) + end + after
