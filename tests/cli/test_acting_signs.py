"""What somebody wrote before the gate refused it acts on no terminal: neither its escapes nor its direction."""

import json

import pytest
from furnished_lab import fill, furnish_more

from axiom.service.terminal import escaped, printable
from axiom.store.evidence import finding_notes

ACTING = "\x1b[2J\x9b\r\u202e\u2066\u061c"
FREE = {
    "idea": ("question", "why", "said_by"),
    "proposal": ("why", "decided_by"),
    "link": ("why", "said_by"),
    "session": ("reason",),
    "prediction": ("because", "forecaster"),
}
COMMANDS = [
    "idea list",
    "idea show 1",
    "proposal list",
    "proposal show 1",
    "finding list",
    "finding show 1",
    "finding graph",
    "registration list",
    "registration show 1",
    "session list",
    "session show 2026-03-02-a",
    "session diff",
    "audit show",
]


@pytest.fixture
def hostile(small_lab, prepared, hand_over):
    """A laboratory whose free texts would all act on a terminal."""
    fill(small_lab, prepared)
    furnish_more(small_lab, prepared)
    db = small_lab.db
    with db.transaction():
        finding_notes.add(db, 1, text=f"a note{ACTING}", by="ada", now=small_lab.now)
        for table, columns in FREE.items():
            for column in columns:
                db.execute(f"UPDATE {table} SET {column} = {column} || :sign", sign=ACTING)  # noqa: S608 - the names are ours
        body = json.loads(db.select("SELECT body FROM proposal WHERE id = 1")[0]["body"])
        said = {name: f"{text}{ACTING}" for name, text in body.items() if name in ("claim", "question", "motivation")}
        db.execute("UPDATE proposal SET body = :body", body=json.dumps(body | said))
    return hand_over()


@pytest.mark.parametrize("words", COMMANDS)
def test_what_a_command_prints_acts_on_no_terminal(hostile, words):
    status, out, err = hostile(*words.split())
    assert status == 0
    assert is_calm(out + err)


def test_json_says_the_same_words_in_signs_that_act_on_nothing(hostile):
    assert hostile("idea", "show", "1", "--json")[1]["idea"]["question"].endswith(ACTING)
    assert is_calm(escaped(json.dumps({"said": ACTING}, indent=2, ensure_ascii=False)))


def test_words_of_any_language_are_printed_as_they_are():
    text = "naïve \u202f?\u00a0« ça »\nעברית العربية می\u200cخواهم हिन्दी\t漢字 👩\u200d🔬"
    assert printable(text, but="\n\t") == text


def is_calm(text):
    return all(sign.isprintable() or sign in "\n\u00a0" for sign in text)
