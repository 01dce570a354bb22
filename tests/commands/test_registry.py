"""Words become commands, or one sentence about what is wrong with them."""

import math
import re
import subprocess
import sys
from dataclasses import fields

import pytest
from pydantic import Field, ValidationError, create_model

from axiom.commands.arguments import SENTENCE, WHY
from axiom.commands.base import SPEAKER
from axiom.commands.experiments import DeployExperiment
from axiom.commands.registry import COMMANDS, read_command
from axiom.commands.work import CancelWorkunits
from axiom.errors import UnknownName, WrongUse
from axiom.web.api.commands import OFFERED

WATCH = {"experiment": "tiny_sum", "sentence": "it grows", "measure": "total", "comparison": ">"}


def test_words_become_a_command():
    command = read_command("experiment.deploy", {"experiment": "tiny_sum", "workunits": 2})
    assert command == DeployExperiment(experiment="tiny_sum", workunits=2)


def test_every_command_is_known_by_its_own_name():
    assert {name: command.name for name, command in COMMANDS.items()} == {name: name for name in COMMANDS}
    assert all(command.__doc__ for command in COMMANDS.values())


def test_who_gives_one_command_does_not_wait_for_the_modules_of_others():
    give = "read_command('workunit.cancel', {'workunits': [1]})"
    look = "print([name for name in sys.modules if name.startswith('axiom.commands.')])"
    script = f"import sys; from axiom.commands.registry import read_command; {give}; {look}"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "axiom.commands.work" in said
    assert "axiom.commands.accounts" not in said


@pytest.mark.parametrize(
    ("name", "words", "error", "problem"),
    [
        ("experiment.deplo", {}, UnknownName, "command named 'experiment.deplo'. Did you mean experiment.deploy?"),
        ("make.coffee", {}, UnknownName, "Known: account.confirm, account.email, account.erase"),
        (
            "experiment.deploy",
            {"experiment": "tiny_sum", "workunit": 2},
            UnknownName,
            "word of experiment.deploy named 'workunit'. Did you mean workunits?",
        ),
        ("experiment.deploy", {"experiment": "tiny_sum"}, WrongUse, "experiment.deploy: workunits: Field required"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": 0}, WrongUse, "workunits: .* greater than"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": 10_001}, WrongUse, "workunits: .* less than"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": "2"}, WrongUse, "workunits: .* valid integer"),
        ("experiment.deploy", {"experiment": "../x", "workunits": 1}, WrongUse, "experiment: String should match"),
        ("experiment.publish", {"experiment": ""}, WrongUse, "experiment: String should have at least 1"),
        ("runner.sign", {"signatures": {}}, WrongUse, "signatures: Dictionary should have at least 1"),
        ("runner.sign", {"signatures": {"ab": 5}}, WrongUse, r"signatures.ab: .* valid string"),
        ("workunit.cancel", {"workunits": [2**63]}, WrongUse, r"workunits.0: .* less than or equal"),
        ("workunit.cancel", {"workunits": []}, WrongUse, "workunits: List should have at least 1"),
        ("workunit.cancel", {"workunits": [1, "2"]}, WrongUse, r"workunits.1: .* valid integer"),
        ("watch.register", WATCH | {"threshold": 1e301}, WrongUse, r"threshold: .* less than or equal to 1e\+300\."),
        ("watch.register", WATCH | {"threshold": math.nan}, WrongUse, "threshold: Input should be a finite number"),
        ("watch.register", WATCH | {"threshold": -math.inf}, WrongUse, "threshold: Input should be a finite number"),
    ],
)
def test_wrong_words_are_refused_in_one_sentence(name, words, error, problem):
    with pytest.raises(error, match=problem) as refused:
        read_command(name, words)
    assert refused.value.exit_code == 2
    assert "Nothing was" in str(refused.value)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: DeployExperiment(experiment="tiny_sum", workunits=0), "workunits must be from 1 to 10000"),
        (lambda: DeployExperiment(experiment="tiny_sum", workunits=10_001), "workunits must be from 1 to 10000"),
        (lambda: DeployExperiment(experiment="tiny-sum", workunits=1), r"experiment must match \^\[a-zA-Z0-9_\]"),
        (lambda: DeployExperiment(experiment="x" * 65, workunits=1), "experiment must have a length from 1 to 64"),
        (lambda: CancelWorkunits(workunits=[]), "workunits must have a length from 1 to 10000"),
    ],
)
def test_a_command_that_a_program_makes_keeps_the_same_limits(make, problem):
    with pytest.raises(WrongUse, match=problem):
        make()


def test_every_limit_is_one_that_is_kept_everywhere():
    found = {limit for command in COMMANDS.values() for word in fields(command) for limit in word.metadata}
    assert found <= {"ge", "le", "min_length", "max_length", "pattern", "strict", SPEAKER}


# That are read as something else: a source file, configs in JSON, a name that must exist.
NO_FREE_TEXT = {
    "text of experiment.publish",
    "text of draft.write",
    "configs",
    "between",
    "measure",
    "across",
    "estimand",
}
FREE_TEXTS = [
    pytest.param(word.metadata, id=f"{word.name} of {name}")
    for name, command in OFFERED.items()
    for word in fields(command)
    if word.type in (str, str | None) and not {f"{word.name} of {name}", word.name} & NO_FREE_TEXT
]


@pytest.mark.parametrize("limits", FREE_TEXTS)
def test_what_a_program_may_say_acts_on_nobody_who_reads_it(limits):
    for sign in ("\x1b[2J", "\r", "\x7f", "\x85", "\u061c", "\u200f", "\u2028", "\u202e", "\u2066"):
        text = f"{sign} it is so"
        assert not re.fullmatch(limits["pattern"], text), sign
        model = create_model("OneWord", word=(str, Field(pattern=limits["pattern"])))
        with pytest.raises(ValidationError):
            model(word=text)


@pytest.mark.parametrize("limits", [WHY, SENTENCE])
def test_a_reason_in_any_language_may_be_given_on_several_lines(limits):
    text = "naïve «ça» – 漢字\nעברית العربية می\u200cخواهم हिन्दी 👩\u200d🔬\u00a0?"
    model = create_model("OneWord", word=(str, Field(**limits)))
    assert re.fullmatch(limits["pattern"], model(word=text).word)
