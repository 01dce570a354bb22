"""What a text may say of findings: by hand-made cases, and by a property of every paragraph that is let through."""

import pytest

from axiom.decisions.findings.prose import faults, paragraphs, refused, unresolved, value_of
from axiom_weigh.evidence.cards import Citable
from axiom_weigh.values import Grade

FIELDS = {"estimate": 0.931, "low": None, "seeds": 24, "claim": "size 2 is more", "grade": "Strong", "at.width": 8}
EVERYWHERE = "At every size the sum is larger"


def citable(number, grade=Grade.STRONG, status="open", *, answer="The sum is larger", compares=True, **literature):
    fields = {**FIELDS, "answer": answer}
    return Citable(number=number, status=status, grade=grade, fields=fields, compares=compares, literature=literature)


KNOWN = {
    1: citable(1, tiny_sum="Noether 1918"),
    2: citable(2, Grade.MODERATE),
    3: citable(3, status="recalled"),
    4: citable(4, answer=EVERYWHERE),
    6: citable(6, compares=False),
    40: citable(40, status="recalled"),
}


@pytest.mark.parametrize(
    "text",
    [
        "The sum grows with the size: {F1.estimate} over {F1.seeds} seeds, against {F2.estimate} before.",
        "One arm of two is larger ({F1}), as {R:tiny_sum} expected of it.",
        "This confirms {F1}.",
        "At width {F1.at.width} the sum grows because the size does ({F1}).",
        "At every size, as {F4} says, but not always, not at all, and at first not at all.",
        "Nobody had asked it, because nobody had thought of it.",
        "We saw double descent and often a weight of attention; canine, tentative, attend, bone.",
    ],
)
def test_what_may_stand(text):
    assert refused(text, KNOWN) == ""


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("It is 0.93 there.", "0.93"),
        ("It is ½ of it.", "½"),
        ("Twenty seeds of {F1}.", "Twenty"),
        ("ｔｗｅｎｔｙ seeds.", "twenty"),
        ("twënty seeds.", "twenty"),
        ("It doubled.", "doubled"),
        ("It is one point two.", "one point two"),
        ("An order of magnitude more.", "order of magnitude"),
        ("Smith et al. said so.", "et al"),
        ("See https://example.org.", "https:"),
        ("sev\u200ben seeds.", "U+200B"),
        ("s\u0435ven seeds.", "scripts"),
        ("A {F1.estimat} here.", "did you mean estimate"),
        ("A {F5.estimate} here.", "nearest is F4"),
        ("A {F40} here.", "recalled"),
        ("A {Q1.estimate} here.", "no reference"),
        ("It is ٣ there.", "٣"),
        ("Half of it.", "Half"),
        ("A brace { here.", "no reference"),
        ("As {R:tiny_summ} says.", "did you mean tiny_sum"),
        ("It is -{F1.estimate}.", "before it"),
        ("It is {F1.seeds}.{F1.seeds} there.", "before it"),
        ("It is {F1.seeds}k there.", "behind it"),
        ("It is {F1.seeds} million.", "million"),
        ("This proves {F2}.", "Moderate"),
        ("It holds for transformers and for every architecture in use today.", "every"),
        ("It is so of every size ({F1}).", "every"),
        ("It is so of all sizes ({F4}).", "all"),
        ("{F1} holds without exception.", "without exception"),
        ("{F1} is the first evidence of it.", "first"),
        ("The sum grows due to the size ({F6}).", "due to"),
        ("{F6} is so because of the size.", "because"),
        ("This establishes that sums grow.", "names no finding"),
    ],
)
def test_what_may_not_stand_and_which_word_it_is(text, word):
    said = refused(text, KNOWN)
    assert word in said
    assert said.startswith("paragraph 1: ")
    assert ".estimate}" in said


def test_what_is_not_known_yet_is_told_and_may_stand():
    (paragraph,) = paragraphs("From {F1.low} on, {F1.estimate}.")
    assert faults(paragraph, KNOWN) == []
    assert unresolved(paragraph, KNOWN) == ["{F1.low}"]
    assert [value_of(each, KNOWN) for each in paragraph.references] == [None, 0.931]
