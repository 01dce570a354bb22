"""When answers are coloured."""

import pytest

from axiom.__main__ import _main


@pytest.mark.parametrize(
    ("words", "said", "coloured"),
    [
        ((), {}, False),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": ""}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
    ],
)
def test_colour_is_as_it_is_wanted(monkeypatch, capsys, tmp_path, words, said, coloured):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.setenv(name, said.get(name, ""))
    assert _main(["doctor", "--data", str(tmp_path), *words]) == 1
    assert ("\x1b[" in capsys.readouterr().out) == coloured
