"""A note holds no number of its own, and every note that Axiom writes has its facts."""

import ast
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import axiom
from axiom.domain.amounts import counted
from axiom.domain.sessions import Note, Step
from axiom.web.views.log import pieces, sentence

PACKAGE = Path(axiom.__file__).parent


@given(st.text(max_size=20), st.sampled_from(string.digits), st.text(max_size=20))
def test_a_typed_number_is_refused(before, digit, after):
    text = f"{before}{digit}{after}".replace("{", "").replace("}", "")
    with pytest.raises(ValueError, match="a number belongs into its facts"):
        Note(kind="a.b", text=text)


@given(st.integers(), st.floats(allow_nan=False), st.text())
def test_a_number_from_a_fact_is_not(amount, share, name):
    note = Note(
        kind="a.b", text="{amount} and {share} of {name}", facts={"amount": amount, "share": share, "name": name}
    )
    assert note.sentence == f"{amount} and {share} of {name}"


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        (0, "0 simulated hosts of 1 volunteer (said)."),
        (1, "1 simulated host of 1 volunteer (said)."),
        (2, "2 simulated hosts of 1 volunteer (said)."),
    ],
)
def test_a_noun_is_in_the_number_of_its_fact(hosts, said):
    text = "{hosts} simulated host(s) of {volunteers} volunteer(s) (said)."
    note = Note(kind="a.b", text=text, facts={"hosts": hosts, "volunteers": 1})
    assert note.sentence == said
    assert sentence(note) == said
    assert "".join(piece["text"] for piece in pieces(note)) == said


def test_an_amount_is_counted_in_words():
    assert [counted(amount, "task") for amount in (0, 1, 2, 1_200)] == ["0 tasks", "1 task", "2 tasks", "1,200 tasks"]


def test_the_name_of_a_fact_may_hold_a_digit():
    assert Note(kind="a.b", text="{first2}.", facts={"first2": 7}).sentence == "7."


def test_a_note_is_kept_apart_from_the_next_one():
    assert Note(kind="a.b", text="None.").facts == {}


def test_the_steps_are_in_this_order():
    assert [*Step] == [
        *["health", "queue", "review", "inspect", "failures", "credit", "clean", "withdraw", "repair"],
        *["evaluate", "rank", "design", "try", "plan", "deploy", "publish", "log"],
    ]


def notes_written() -> list:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "Note(" not in text:  # every process of a round reads all, before its first test
            continue
        for function in ast.walk(ast.parse(text)):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Note":
                    words = {keyword.arg: keyword.value for keyword in call.keywords}
                    if isinstance(words.get("text"), ast.Constant):  # any other was written once and is read again
                        found.append(pytest.param(function, words, id=f"{path.stem}-{ast.unparse(words['kind'])}"))
    return found


def facts_of(function: ast.FunctionDef, given: ast.expr | None) -> set[str]:
    """The names of the facts; `**name` takes those of the dictionary that the function made under that name."""
    if given is None:
        return set()
    assert isinstance(given, ast.Dict)
    names = {key.value for key in given.keys if isinstance(key, ast.Constant)}
    for key, value in zip(given.keys, given.values, strict=True):
        if key is None:
            (made,) = [
                one.value
                for one in ast.walk(function)
                if isinstance(one, ast.Assign) and isinstance(value, ast.Name) and one.targets[0].id == value.id
            ]
            names |= facts_of(function, made)
    return names


WRITTEN = notes_written()


def test_notes_are_found_to_look_at():
    assert len(WRITTEN) >= 15


@pytest.mark.parametrize(("function", "words"), WRITTEN)
def test_every_template_has_its_facts_and_no_digit(function, words):
    text = words["text"].value
    wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    facts = facts_of(function, words.get("facts"))
    assert wanted <= facts, text
    Note(kind="a.b", text=text, facts=dict.fromkeys(wanted))
