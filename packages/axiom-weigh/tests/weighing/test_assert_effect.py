"""`axiom_weigh.assert_effect` in a test of one's own, and the plug-in that pytest finds by itself."""

import os
import subprocess
import sys

import pytest
from patience import PATIENCE

import axiom_weigh
from axiom_weigh.errors import UnknownName, WrongUse
from axiom_weigh.weighing.assert_effect import parse_verdict

BETTER = [0.5 + 0.1 * (7 * place % 11) for place in range(20)]
EVEN = [(-1) ** place * (0.5 + 0.1 * (7 * place % 11)) for place in range(20)]


@pytest.mark.parametrize("sign", ["+", " effect +", "Effect+"])
def test_an_effect_that_is_there_passes_and_gives_the_card(sign):
    assert axiom_weigh.assert_effect(BETTER, sign=sign, estimand="contrast").n_seeds == 20


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (EVEN, {}),
        (BETTER, {"sign": "-"}),
        (BETTER, {"sign": "absent"}),
        (BETTER, {"grade": "Strong"}),
        (BETTER[:5], {}),
    ],
)
def test_anything_else_fails_with_the_whole_card(values, words):
    card = axiom_weigh.weigh(values, estimand="contrast")
    with pytest.raises(AssertionError) as failed:
        axiom_weigh.assert_effect(card, **words)
    assert str(failed.value).endswith(repr(card))


def test_what_cannot_be_asked_is_no_failure_of_the_effect():
    for wrong in ({"sign": "bigger"}, {"grade": "Great"}):
        with pytest.raises(UnknownName):
            axiom_weigh.assert_effect(BETTER, **wrong)
    with pytest.raises(WrongUse):
        axiom_weigh.assert_effect(BETTER, alpha=2.0)
    assert parse_verdict("−") is parse_verdict("effect -")


def test_pytest_finds_the_fixture_and_tells_what_was_weighed(tmp_path):
    (tmp_path / "test_mine.py").write_text(
        f"def test_ours(assert_effect):\n    assert_effect({BETTER}, estimand='contrast')\n"
        f"def test_even(assert_effect):\n    assert_effect({EVEN}, estimand='contrast')\n"
        "def test_other():\n    pass\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", str(tmp_path)]
    # On a CI, pytest says each failure a second time, whole, in its summary.
    at_home = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    done = subprocess.run(
        command, cwd=tmp_path, env=at_home, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed, 2 passed" in done.stdout
    output = done.stdout[done.stdout.index(" weighed ") :].splitlines()
    lines = sorted(line.split(": ")[1] for line in output if "test_mine.py::" in line and "%" in line)
    assert lines == ["effect +, Moderate", "undecided, Awaiting"]
    assert done.stdout.count("grade: ") == 1  # of the one that failed
