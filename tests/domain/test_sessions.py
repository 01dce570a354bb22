"""A note holds no number of its own, and every note that Axiom writes has its facts."""

import ast
import string
from pathlib import Path

import pytest

import axiom
from axiom.domain.rounds import Note
from axiom.reads.rounds.session_log import note_pieces, note_sentence
from axiom_weigh.amounts import tell_amount

PACKAGE = Path(axiom.__file__).parent


def test_a_typed_number_is_refused_and_one_from_a_fact_is_not():
    for digit in string.digits:
        with pytest.raises(ValueError, match="fact"):
            Note(kind="a.b", text=f"some {digit} of them")
    facts = {"amount": -3, "share": 0.5, "name": "x {1} 2"}
    note = Note(kind="a.b", text="{amount} and {share} of {name}", facts=facts)
    assert note.sentence == "-3 and 0.5 of x {1} 2"
    assert Note(kind="a.b", text="{first2}.", facts={"first2": 7}).sentence == "7."
    assert Note(kind="a.b", text="None.").facts == {}


def test_a_noun_is_in_the_number_of_its_fact():
    text = "{hosts} simulated host(s) of {volunteers} volunteer(s) (said)."
    for hosts, noun in ((0, "hosts"), (1, "host"), (2, "hosts")):
        note = Note(kind="a.b", text=text, facts={"hosts": hosts, "volunteers": 1})
        said = f"{hosts} simulated {noun} of 1 volunteer (said)."
        assert note.sentence == note_sentence(note) == "".join(piece["text"] for piece in note_pieces(note)) == said
    assert [tell_amount(amount, "task") for amount in (0, 1, 2, 1_200)] == [
        "0 tasks",
        "1 task",
        "2 tasks",
        "1,200 tasks",
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
                        found.append((function, words))
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
                node.value
                for node in ast.walk(function)
                if isinstance(node, ast.Assign) and isinstance(value, ast.Name) and node.targets[0].id == value.id
            ]
            names |= facts_of(function, made)
    return names


def test_every_template_has_its_facts_and_no_digit():
    written = notes_written()
    assert len(written) >= 15
    for function, words in written:
        text = words["text"].value
        wanted = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        assert wanted <= facts_of(function, words.get("facts")), text
        Note(kind="a.b", text=text, facts=dict.fromkeys(wanted))
