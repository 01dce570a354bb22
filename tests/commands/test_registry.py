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


def test_words_become_a_command_and_each_is_known_by_its_own_name():
    for amount in (1, 10_000):
        command = read_command("experiment.deploy", {"experiment": "tiny_sum", "workunits": amount})
        assert command == DeployExperiment(experiment="tiny_sum", workunits=amount)
    assert {name: command.name for name, command in COMMANDS.items()} == {name: name for name in COMMANDS}
    assert all(command.__doc__ for command in COMMANDS.values())
    limits = {limit for command in COMMANDS.values() for word in fields(command) for limit in word.metadata}
    assert limits <= {"ge", "le", "min_length", "max_length", "pattern", "strict", SPEAKER}


def test_who_gives_one_command_does_not_wait_for_the_modules_of_others():
    give = "read_command('workunit.cancel', {'workunits': [1]})"
    look = "print([name for name in sys.modules if name.startswith('axiom.commands.')])"
    script = f"import sys; from axiom.commands.registry import read_command; {give}; {look}"
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert "axiom.commands.work" in shown
    assert "axiom.commands.accounts" not in shown


@pytest.mark.parametrize(
    ("name", "words", "error", "fact"),
    [
        ("experiment.deplo", {}, UnknownName, "experiment.deploy"),
        ("make.coffee", {}, UnknownName, "account.confirm, account.email"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunit": 2}, UnknownName, "workunits"),
        ("experiment.deploy", {"experiment": "tiny_sum"}, WrongUse, "workunits"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": 0}, WrongUse, "workunits: .* greater"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": 10_001}, WrongUse, "workunits: .* less"),
        ("experiment.deploy", {"experiment": "tiny_sum", "workunits": "2"}, WrongUse, "workunits: .* integer"),
        ("experiment.deploy", {"experiment": "../x", "workunits": 1}, WrongUse, "experiment: "),
        ("experiment.publish", {"experiment": ""}, WrongUse, "experiment: .* 1"),
        ("runner.sign", {"signatures": {}}, WrongUse, "signatures: .* 1"),
        ("runner.sign", {"signatures": {"ab": 5}}, WrongUse, r"signatures.ab: "),
        ("workunit.cancel", {"workunits": [2**63]}, WrongUse, r"workunits.0: .* less"),
        ("workunit.cancel", {"workunits": []}, WrongUse, "workunits: .* 1"),
        ("workunit.cancel", {"workunits": [1, "2"]}, WrongUse, r"workunits.1: .* integer"),
        ("watch.register", WATCH | {"threshold": 1e301}, WrongUse, r"threshold: .* 1e\+300"),
        ("watch.register", WATCH | {"threshold": math.nan}, WrongUse, "threshold: .* finite"),
    ],
)
def test_wrong_words_are_refused_and_the_field_is_named(name, words, error, fact):
    with pytest.raises(error, match=fact) as refused:
        read_command(name, words)
    assert refused.value.exit_code == 2


def test_a_command_that_a_program_makes_keeps_the_same_limits():
    for make, fact in (
        (lambda: DeployExperiment(experiment="tiny_sum", workunits=0), "workunits .* 1 to 10000"),
        (lambda: DeployExperiment(experiment="tiny_sum", workunits=10_001), "workunits .* 1 to 10000"),
        (lambda: DeployExperiment(experiment="tiny-sum", workunits=1), "experiment"),
        (lambda: DeployExperiment(experiment="x" * 65, workunits=1), "experiment .* 1 to 64"),
        (lambda: CancelWorkunits(workunits=[]), "workunits .* 1 to 10000"),
    ):
        with pytest.raises(WrongUse, match=fact):
            make()


# What is read as something else: a source file, configs in JSON, a name that must exist.
NO_FREE_TEXT = {
    *("text of experiment.publish", "text of draft.write"),
    *("configs", "between", "measure", "across", "estimand"),
}


def test_what_a_program_may_say_acts_on_nobody_who_reads_it():
    patterns = {
        word.metadata["pattern"]
        for name, command in OFFERED.items()
        for word in fields(command)
        if word.type in (str, str | None) and not {f"{word.name} of {name}", word.name} & NO_FREE_TEXT
    }
    for pattern in patterns:
        model = create_model("OneWord", word=(str, Field(pattern=pattern)))
        for sign in ("\x1b[2J", "\r", "\x7f", "\x85", "\u061c", "\u200f", "\u2028", "\u202e", "\u2066"):
            assert not re.fullmatch(pattern, f"{sign} it is so"), sign
            with pytest.raises(ValidationError):
                model(word=f"{sign} it is so")


@pytest.mark.parametrize("limits", [WHY, SENTENCE])
def test_a_reason_in_any_language_may_be_given_on_several_lines(limits):
    text = "naïve «ça» – 漢字\nעברית العربية می\u200cخواهم हिन्दी 👩\u200d🔬\u00a0?"
    model = create_model("OneWord", word=(str, Field(**limits)))
    assert re.fullmatch(limits["pattern"], model(word=text).word)
