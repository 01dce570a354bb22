"""What groups of commands answer: bare, asked for help, and to a word that they do not have."""

import click
import pytest

from axiom import errors
from axiom.__main__ import _main
from axiom.cli.groups import Group
from axiom.cli.help_topics import EXITS
from axiom.cli.main import axiom


def groups(context: click.Context):
    """Every group of the program, as the words that lead to it."""
    yield tuple(context.command_path.split()[1:]), context.command
    for name in context.command.list_commands(context):
        found = context.command.get_command(context, name)
        if isinstance(found, click.Group):
            yield from groups(click.Context(found, parent=context, info_name=name))


GROUPS = dict(groups(click.Context(axiom, info_name="axiom")))


@pytest.fixture
def said(capsys):
    """Types a command; its status, what it printed and what it remarked."""

    def said(*words: str):
        status = _main([*words])
        return status, *capsys.readouterr()

    return said


def test_all_groups_are_of_the_house():
    assert len(GROUPS) > 15
    assert {words for words, group in GROUPS.items() if not isinstance(group, Group)} == set()


@pytest.mark.parametrize("words", GROUPS, ids=" ".join)
def test_a_bare_group_shows_its_help_as_if_it_was_asked_for_it(said, words):
    status, out, err = said(*words)
    assert (status, err) == (0, "")
    assert out == said(*words, "--help")[1] == said("help", *words)[1]
    assert out.startswith(f"Usage: {' '.join(['axiom', *words])} ")


def test_help_of_a_command_is_that_of_its_flag(said):
    assert said("help", "ledger", "policy", "list") == said("ledger", "policy", "list", "--help")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("help", "experimnt"), "There is no command 'experimnt'. Did you mean experiment? Nothing was started."),
        (("help", "lab", "x"), "`axiom lab` has no commands of its own, so none 'x'. Nothing was started."),
        (("version",), "There is no command 'version'. Did you mean `axiom --version`? Nothing was started."),
        (("experiment", "help"), "Did you mean `axiom experiment --help`? Nothing was started."),
        (
            ("finding", "poster"),
            "There is no command 'poster'. `axiom finding --help` lists them. Nothing was started.",
        ),
        (("fnding",), "There is no command 'fnding'. Did you mean finding? Nothing was started."),
        (("erosion",), "There is no command 'erosion'. `axiom --help` lists them. Nothing was started."),
        (("experiment", "rnu"), "There is no command 'rnu'. Did you mean run? Nothing was started."),
    ],
)
def test_what_is_not_there_is_named_and_only_a_near_name_is_suggested(said, words, answer):
    status, out, err = said(*words)
    assert (status, out) == (2, "")
    assert answer in err


def test_the_exit_codes_are_told_and_are_those_of_the_errors(said):
    status, out, err = said("help", "exit-codes")
    assert (status, err) == (0, "")
    told = {int(line.split()[0]): line for line in out.splitlines()[1:]}
    assert "an approval is missing" in told[4]
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.AxiomError)]
    raised = {kind.exit_code for kind in kinds}
    assert {code for code in raised if code < 10 or code == 70} | {0, 130} == set(told) == set(EXITS)


def leaves(context: click.Context):
    """Every command that is no group, in its context."""
    for name in context.command.list_commands(context):
        found = context.command.get_command(context, name)
        inside = click.Context(found, parent=context, info_name=name)
        yield from leaves(inside) if isinstance(found, click.Group) else [inside]


GIVING_REASONS = [
    leaf
    for leaf in leaves(click.Context(axiom, info_name="axiom"))
    if any(option.name in ("why", "reason") for option in leaf.command.params)
]


@pytest.mark.parametrize("leaf", GIVING_REASONS, ids=lambda leaf: leaf.command_path)
def test_a_reason_is_given_as_why_everywhere(leaf):
    option = next(option for option in leaf.command.params if option.name == "why")
    assert option.opts == ["--why"]
    assert "--why TEXT" in leaf.get_help()


def test_there_are_many_that_want_a_reason(said):
    assert len(GIVING_REASONS) >= 15
    assert "Missing option '--why'.\n" in said("experiment", "pause", "test_deploy")[2]
