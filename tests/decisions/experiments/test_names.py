"""Whose a name is: what is imported is seen under any name, in any scope, and a function's own name is left alone."""

from pathlib import Path

import pytest

from axiom.decisions.experiments.source_rules import refusals

SOUND = (Path(__file__).parents[2] / "preflight" / "sound.py").read_text(encoding="utf-8")
_LOAD = "numpy.load is not allowed: a cell has no files"


def within(line: str) -> str:
    """The sound file with one more line in `run`."""
    return SOUND.replace("    pace.early(", f"    {line}\n    pace.early(")


def outside(line: str) -> str:
    """The sound file with one more line outside of its functions."""
    return SOUND.replace("\n\nexperiment = ", f"\n\n{line}\nexperiment = ")


def all_of(source: str) -> str:
    assert source != SOUND
    return " ".join(one.sentence for one in refusals(source, "sound"))


@pytest.mark.parametrize(
    "source",
    [
        within("import numpy as np\n    for np in ():\n        pass\n    np.load('x')"),
        outside("def g(x=lambda np: 0):\n    return np.load('x')\n"),
        outside("def g():\n    np = 1\n\n    def h():\n        import numpy as np\n\n        return np.load('x')\n"),
        outside(
            "def g():\n    import numpy as np\n\n    def h():\n        nonlocal np\n        _, np = np.load('x'), 1\n"
        ),
        outside("FOUND = [np.load('x') for _ in (1,) if True or (np := 1)]\n"),
    ],
)
def test_what_is_imported_is_seen_where_the_name_is_given_values_too(source):
    assert _LOAD in all_of(source)


@pytest.mark.parametrize(
    "source",
    [
        outside("class Shelf:\n    import numpy as things\n"),
        within("class Shelf:\n        from axiom import kit\n\n    Shelf.kit.pace.attach(1, 2)"),
    ],
)
def test_a_class_must_not_import(source):
    assert "A class must not import" in all_of(source)


@pytest.mark.parametrize("line", ["np.mean = len", "np.pi += 1", "del np.mean", "for np.e in (3, 4):\n        pass"])
def test_what_is_imported_must_not_be_changed(line):
    assert "it stays in force" in all_of(within(line))


@pytest.mark.parametrize(
    "source",
    [
        within("np = config.inputs\n    np.load"),
        within("def inner(np):\n        return np.load\n\n    inner(config)"),
        within("import numpy as other\n    other.mean(rows)"),
        outside("class Shelf:\n    def of(self, np):\n        return np.load\n"),
        outside("class Shelf:\n    def of(self):\n        import statistics\n\n        return statistics.mean([1])\n"),
    ],
)
def test_a_functions_own_name_is_what_the_function_makes_it(source):
    assert all_of(source) == ""


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
