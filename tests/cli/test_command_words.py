"""The words of every command that only looks: at a laboratory with something to show, and at one that has just begun.

The help of each command is held by `docs/reference`, which `scripts/docs` writes.
"""

import re

import pytest
from furnished_lab import fill, furnish_more, weigh_three_blocks
from real_parts import skip_without

from axiom.__main__ import _main
from axiom.signed.keys import make_keys

_COMMANDS = re.split(
    r",\s",
    """\
status, experiment list, registration list, registration show 1, registration verify, proposal list, proposal show 1,
idea list, idea show 1, finding list, finding show 1, finding graph, finding paper 1 3, session list,
session show 2026-03-02-a, session plan, workunit list, workunit show 1, task list, task show 1, failure list,
watch list, host list, host show 1, host show 3, host why 3, volunteer list, volunteer show 2, team list, team show 1,
ledger show, ledger policy list, ledger verify, news list, keys show, audit show, audit verify
""".strip(),
)
_REFUSED = re.split(
    r",\s",
    """\
finding show 99, finding paper 99, registration show 99, proposal show 99, idea show 99, workunit show 99, task show 99,
host show 99, host why 99, volunteer show 99, team show 99, experiment show no_such, session show never,
finding show abc, finding list --no-such
""".strip(),
)


@pytest.fixture(scope="module")
def labs(new_lab, prepared, tmp_path_factory):
    def nothing(lab, prepared):
        pass

    def furnished(lab, prepared):
        fill(lab, prepared)
        furnish_more(lab, prepared)

    made = {}
    for furnish in (nothing, furnished, weigh_three_blocks):
        lab = new_lab(tmp_path_factory.mktemp("words") / furnish.__name__)
        furnish(lab, prepared)
        make_keys(lab.folder.keys, lab.now)
        lab.db.settle()
        lab.db.close()
        made[furnish.__name__] = lab
    return made


@pytest.fixture
def say(capsys, labs, same_words):
    def say(words: str, lab: str, name: str) -> int:
        if words == "status":
            skip_without("bwrap")  # which it remarks
        folder = labs[lab].folder.path
        status = _main([*words.split(), "--data", str(folder)])
        out, err = capsys.readouterr()
        text = f"$ axiom {words}\n{out}{err}exit {status}\n".replace(str(folder), "(folder)")
        same_words(name, re.sub(r"(?<=free disk    ).*", "(so much)", text))
        return status

    return say


@pytest.mark.parametrize("words", _COMMANDS)
def test_the_words_of_a_command(words, say):
    assert say(words, "furnished", words.replace(" ", "-")) == 0


@pytest.mark.parametrize("words", _REFUSED)
def test_the_words_of_a_refusal(words, say):
    assert say(words, "furnished", f"refused/{words.replace(' ', '-')}") in (2, 3)


@pytest.mark.parametrize("words", [line for line in _COMMANDS if not re.search(r"show|why", line)])
def test_the_words_where_nothing_is_there_yet(words, say):
    say(words, "nothing", f"empty/{words.replace(' ', '-')}")


def test_the_words_of_a_finding_that_real_results_support(say):
    assert say("finding show 1", "weigh_three_blocks", "weighed-finding") == 0
