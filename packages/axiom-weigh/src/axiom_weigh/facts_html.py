"""Names and values for a notebook."""

import html
from collections.abc import Mapping


def facts_html(title: str, facts: Mapping[str, object]) -> str:
    """Names and values for a notebook, escaped: a word of a host must not become a page."""
    rows = "".join(
        f"<tr><th style='text-align:left'>{html.escape(name)}</th><td>{html.escape(shorten_value(value))}</td></tr>"
        for name, value in facts.items()
    )
    return f"<table><caption>{html.escape(title)}</caption><tbody>{rows}</tbody></table>"


def shorten_value(value: object) -> str:
    """A value in a cell of a table that people look at."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return f"[{len(value)} numbers]"
    return str(value)
