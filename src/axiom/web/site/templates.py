"""The templates, and the words in which they write what a page's answer holds."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from axiom.domain.headlines import numbers
from axiom.domain.work import Agreement, TaskState, count_failures
from axiom.limits import figures as limits
from axiom.locale import languages
from axiom.reads import results
from axiom.reads.base import page_cells
from axiom.web.base.document_html import document_in_html
from axiom.web.base.facts import facts_in_html
from axiom.web.base.stacked_tables import StackingTemplate
from axiom.web.base.tiny_drawings import draw_tiny_picture
from axiom.web.maps import colours
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import Grade, Verdict

_ENGLISH_WORDS = Markup(' lang="en"')
_FONT = "literata-axiom.woff2"
_CLASSES = {
    Verdict.POSITIVE: "plus",
    Verdict.NEGATIVE: "minus",
    Verdict.ABSENT: "absent",
    Verdict.MIXED: "mixed",
    Verdict.UNDECIDED: "undecided",
}
_SHAPES = {  # of a state: what it looks like, and whether it asks for a look
    TaskState.UNSENT: "wait",
    TaskState.SENT: "busy",
    TaskState.RETURNED: "busy",
    TaskState.VALID: "well",
    TaskState.INVALID: "failed",
    TaskState.FAILED: "failed",
    TaskState.EXPIRED: "care",
    TaskState.ABORTED: "stopped",
    Agreement.WAITING: "wait",
    Agreement.AGREES: "well",
    Agreement.DIFFERS: "care",
    "ok": "well",
    "late": "care",
    "diverged": "care",
    "open": "busy",
    "done": "well",
    "cancelled": "stopped",
    "retired": "shut",
    "recalled": "care",
    "suspended": "care",
}
_OF_EVERY_DICT = frozenset(dir(dict))  # `items`, say, whatever a dict holds


class _AnswerEnvironment(Environment):
    """What templates name with a dot is nearly always in an answer, which is a dict: it is looked for there first."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The word of an answer, or whatever else it is."""
        if type(obj) is dict and attribute in obj and attribute not in _OF_EVERY_DICT:
            return obj[attribute]
        return super().getattr(obj, attribute)


def template_environment() -> Environment:
    """Everything that a template may use. What a page's answer holds is escaped, whoever wrote it."""
    made = _AnswerEnvironment(
        loader=FunctionLoader(lambda name: static_bytes(name, "templates").decode()),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.template_class = StackingTemplate
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        languages.gettext, languages.ngettext, newstyle=True
    )
    made.filters |= {
        "number": _number,
        "credit": lambda amount: languages.translate_number(numbers.format_credit(amount)),
        "percent": lambda share: languages.translate_number(f"{100.0 * share:.1f}"),
        "moment": lambda value: languages.translate_moment(numbers.format_moment(value)),
        "translated": _translated,
        "span": numbers.format_duration,
        "e_value": numbers.format_e_value,
        "odds": numbers.tell_odds,
        "minus": numbers.write_minus,
        "failures": count_failures,
        "verdict_class": _CLASSES.__getitem__,
        "shape": lambda state: _SHAPES.get(state, "wait"),
        "cell": page_cells.format_cell,
        "in_a_sentence": page_cells.measures_in_words,
        "in_html": facts_in_html,
        "breakable": _breakable,
        "sentence": numbers.begin_sentence,
        "by_version": _by_version,
        "document_in_html": document_in_html,
    }
    made.globals |= {
        "band_colours": lambda place, shades: [*map(colours.hex_colour, colours.band_colours(place, shades))],
        "cells": page_cells.row_cells,
        "columns": page_cells.number_columns,
        "estimate": _estimate,
        "grades": list(Grade),
        "most_rows": limits.ROWS_BESIDE_A_PICTURE,
        "tiny_picture": draw_tiny_picture,
        "sort_address": results.sort_address,
        "versioned": static_address,
        "spoken": languages.current_language,
        "languages": lambda: languages.list_languages().items(),
        "in_english": _in_english,
    }
    return made


def _breakable(name: str) -> Markup:
    """A name that may go on in the next line behind each of its underscores; what is copied has nothing between."""
    return Markup("_<wbr>").join(name.split("_"))  # it escapes each of the parts


def _number(value: object, **how: bool) -> str:
    written = numbers.format_number(value, **how)
    return written if isinstance(value, str) else languages.translate_number(written)


def _translated(sentence: str, *, capital: bool = False) -> str:
    """A sentence that was marked where it stands; one without a translation is said to be English."""
    words = numbers.begin_sentence(languages.gettext(sentence)) if capital else languages.gettext(sentence)
    if languages.is_known(sentence) or not any(letter.isalpha() for letter in sentence):
        return words
    return Markup('<span lang="en">{}</span>').format(words)


def _in_english() -> Markup:
    """Marks an element whose words are English, on a page in another language."""
    return _ENGLISH_WORDS if languages.current_language() != languages.ENGLISH else Markup()


def _by_version(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, list[Mapping[str, Any]]]]:
    """Findings by the version of the experiment that asks, in their order."""
    return group_pairs((f"{row['experiment']}@{row['version']}", row) for row in rows).items()


@cache
def static_bytes(name: str, folder: str = "static") -> bytes:
    """A file of ours, read once a process.

    The stylesheet names the font by the address that pages name it by: else a browser would fetch it twice.
    """
    content = (resources.files("axiom.web") / folder / name).read_bytes()
    return content.replace(_FONT.encode(), static_address(_FONT).encode()) if name == "style.css" else content


@cache
def static_address(name: str) -> str:
    """The address of a static file, which changes with its content, so that it may be kept for ever."""
    return f"/static/{name}?v={hashlib.sha256(static_bytes(name)).hexdigest()[:8]}"


def _estimate(finding: Mapping[str, Any], evidence: Mapping[str, Any]) -> tuple[str, str, str]:
    low, high = evidence["interval"]
    return numbers.format_interval(finding, evidence["estimate"], low, high)
