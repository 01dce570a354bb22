"""Python takes the encoding of a file from its first lines: a file that names another would run as another text."""

from pathlib import Path

import pytest

from axiom.decisions.experiments.source_rules import refusals

SOUND = (Path(__file__).parents[2] / "preflight" / "sound.py").read_text(encoding="utf-8")
HIDDEN = "# \\u000afound.append(1)\n"


def ran(source: str) -> bool:
    """Does Python run what stands behind a comment?"""
    found: list[int] = []
    exec(compile(source.encode(), "hidden", "exec"), {"found": found})  # noqa: S102  this very file's own words
    return bool(found)


HEADS = [
    "# -*- coding: unicode_escape -*-\n",
    "# coding=Raw_Unicode_Escape\n",
    "# coding: # coding: unicode_escape\n",
    "# coding:\tunicode_escape coding: utf-8\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_a_file_that_would_run_as_another_text_is_not_read(head):
    assert ran(head + HIDDEN)
    (refusal,) = refusals(head + SOUND + HIDDEN, "sound")
    assert refusal.gate == "G0"
    assert "names the encoding" in refusal.sentence


@pytest.mark.parametrize(
    "head",
    [
        "# -*- coding: utf-8 -*-\n",
        "#!/usr/bin/env python\n# vim: set fileencoding=UTF-8 :\n",
        "# coding: utf8\n",
        "\n\n# coding: unicode_escape\n",
        "",
    ],
)
def test_a_file_that_is_what_it_looks_like_is_read(head):
    assert not ran(head + HIDDEN)
    assert refusals(head + SOUND + HIDDEN, "sound") == ()
