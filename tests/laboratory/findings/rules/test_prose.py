"""References in what somebody writes: which stand, which are refused, with what help. Their words are their own."""

import pytest

from axiom.domain.evidence import Citable
from axiom.laboratory.findings.rules.prose import (
    find_named_findings,
    find_referenced_value,
    find_references,
    list_prose_faults,
    list_unresolved_references,
    why_text_refused,
)

FIELDS = {"estimate": 0.931, "low": None, "seeds": 24, "claim": "size 2 is more", "grade": "Strong", "at.width": 8}


def citable(number, status="open", *, is_weighed=True, **literature):
    return Citable(number=number, status=status, is_weighed=is_weighed, fields=FIELDS, literature=literature)


KNOWN = {
    1: citable(1, tiny_sum="Noether 1918"),
    2: citable(2),
    5: citable(5, is_weighed=False),
    40: citable(40, status="recalled"),
}


@pytest.mark.parametrize(
    "text",
    [
        "The sum grows with the size: {F1.estimate} over {F1.seeds} seeds, against {F2.estimate} before.",
        "Three of four, half of the first twenty: 0.93, -{F1.estimate}, {F1.seeds}%, ½ and ٣ of it.",
        "This proves {F2}, for every architecture, as Smith et al. (2019) say; see https://example.org.",
        "A set {a, b}, {0.5} and {Q1} is no reference; {Finding} neither.",
        "At width {F1.at.width}, as {R:tiny_sum} expected ({F1}).",
        "می\u200cخواهم 👩\u200d🔬",
        "Two\n\nparagraphs.",
    ],
)
def test_words_are_their_author_s_and_stand(text):
    assert why_text_refused(text, KNOWN) == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("A {F1.estimat} here.", "did you mean estimate"),
        ("A {F4.estimate} here.", "nearest is F5"),
        ("A {F40} here.", "recalled"),
        ("A {F5} here.", "no evidence"),
        ("A {f1.estimate} here.", "{f1.estimate}"),
        ("A {F 1} here.", "{F 1}"),
        ("A {F1.estimate here.", "{F1.estimate here."),
        ("As {R:tiny_summ} says of {F1}.", "did you mean tiny_sum"),
        ("As {R:tiny_summ} says of {F1}.", "axiom reference"),
        ("As {R:tiny-sum} says.", "{R:tiny-sum}"),
        ("sev\u2060en seeds.", "U+2060"),
        ("\x1b[2J", "U+001B"),
    ],
)
def test_what_refers_to_nothing_is_refused_with_what_there_is(text, word):
    message = why_text_refused(text, KNOWN)
    assert word in message
    assert "{F1.estimate}" in message


def test_what_is_not_bounded_yet_is_told_and_may_stand():
    text = "From {F1.low} on, {F1.estimate}."
    assert list_prose_faults(text, KNOWN) == []
    assert list_unresolved_references(text, KNOWN) == ["{F1.low}"]
    assert [find_referenced_value(reference, KNOWN) for reference in find_references(text)] == [None, 0.931]
    assert find_named_findings("{F1} {R:x} {F2.low}") == {1, 2}
