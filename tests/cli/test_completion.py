"""What a shell is told when somebody presses the key that completes a word."""

import json
import subprocess
import sys

import pytest

ASK = """
import json, sys
from click.shell_completion import ShellComplete
from axiom.cli.main import axiom
words = json.loads(sys.argv[1])
found = ShellComplete(axiom, {}, "axiom", "_AXIOM_COMPLETE").get_completions(words[:-1], words[-1])
heavy = sorted(name for name in sys.modules if name.startswith(("axiom.lab", "axiom.web", "numpy")))
print(json.dumps([[[one.type, one.value] for one in found], heavy]))
"""


def told(*words: str) -> tuple[list[str], list[str], list[str]]:
    """Names that are told, files that are asked for, and what was imported for it that takes long."""
    done = subprocess.run([sys.executable, "-c", ASK, json.dumps(words)], capture_output=True, check=True, text=True)
    found, heavy = json.loads(done.stdout)
    return [value for kind, value in found if kind == "plain"], [v for kind, v in found if kind == "file"], heavy


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("expe",), ["experiment"]),
        (("compl",), ["completion"]),
        (("experiment", "re"), ["recall", "reopen", "resume", "retire"]),
        (
            ("experiment", "run", "grokking"),
            ["grokking_dynamics", "grokking_in_relu_networks", "grokking_map", "grokking_patience"],
        ),
    ],
)
def test_names_are_completed_without_importing_what_takes_long(words, names):
    assert told(*words) == (names, [], [])


def test_nouns_that_the_help_does_not_list_are_not_offered_unasked():
    names, _, heavy = told("")
    assert {"lab", "experiment", "weigh"} <= set(names)
    assert not {"completion", "docs"} & set(names)
    assert heavy == []


@pytest.mark.parametrize("verb", ["show", "publish", "deploy", "retire", "pause", "recall", "preflight"])
def test_every_verb_about_an_experiment_knows_their_names(verb):
    assert "rank_dynamics" in told("experiment", verb, "rank_d")[0]


def test_where_no_experiment_is_called_so_it_is_a_file():
    assert told("experiment", "run", "./my")[:2] == ([], ["./my"])
