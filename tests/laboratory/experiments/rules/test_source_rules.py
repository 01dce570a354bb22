"""What a file may say, and what stands in its way: each refusal is shown on a sound file with one line changed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.limits import experiments as limits

SOUND = '''"""Is the middle of many throws near the middle?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import chance, progress

if TYPE_CHECKING:
    from collections.abc import Callable

WAYS: dict[str, Callable[[float], float]] = {"plain": lambda x: x, "root": math.sqrt}
LEVELS = tuple(np.logspace(0, 2, 3).astype(int).tolist())
HALVES = [half(each) for half in (abs, float) for each in "1 2".split() if each]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    throws: int
    way: Literal["plain", "root"] = "plain"

    @property
    def half(self) -> float:
        return self.throws / 2


@dataclass(frozen=True)
class Measures:
    middle: float
    rest: "float | None" = None


@jax.jit
def middle(jnp_like: jax.Array) -> jax.Array:
    return jnp.mean(jnp_like)


def run(config: Config, seed: int) -> Measures:
    """One cell."""
    math = chance.stream(seed, config.way)  # a function's own name is what the function makes it
    drawn: np.random.Generator = math
    throws = drawn.random(config.throws)
    progress.early(throws)
    return Measures(middle=float(getattr(throws, "mean")()), rest=None)  # HERE


experiment = Experiment(
    name="middles",
    version=1,
    question="Is the middle of many throws near the middle?",
    run=run,
    measures=Measures,
    sweep=grid(Config, throws=LEVELS),
    ranges={},
    estimands=(),
    needs=Needs(seconds=lambda config: 1e-6 * config.throws, memory_mb=100),
)
'''
WRAPPED = """import random

from axiom.domain.wrap import wrap


def train(lr, *, seed):
    return {"loss": lr * random.Random(seed).random()}


experiment = wrap(train, name="middles", question="?", sweep={}, measures={}, seconds=1, memory_mb=100)
"""


MADE, CONFIG, WRAP = "experiment = Exp", "class Config", "experiment = wrap"


def within(line: str) -> str:
    """The sound file with one more line at the end of `run`."""
    return SOUND.replace("    return Measures(middle=", f"    {line}\n    return Measures(middle=")


def outside(line: str) -> str:
    """The sound file with one more line outside of its functions."""
    return SOUND.replace("\n\nexperiment = ", f"\n\n{line}\nexperiment = ")


def changed(old: str, new: str) -> str:
    assert SOUND.count(old) == 1
    return SOUND.replace(old, new)


def line_of(source: str, text: str) -> int:
    """The line in which this stands first."""
    return source[: source.index(text)].count("\n") + 1


def said(source: str) -> set[str]:
    return {one.gate for one in check_source(source, "middles")}


def all_of(source: str) -> str:
    return "\n".join(f"{one.gate} {one.line}: {one.sentence}" for one in check_source(source, "middles"))


def test_a_sound_file_and_what_it_needs_to_import_are_not_refused():
    assert check_source(SOUND, "middles") == ()
    assert check_source(WRAPPED, "middles") == ()
    for line in ("import numpy.linalg", "import jax.numpy as other", "from jax import lax", "from axiom import kit"):
        assert said(outside(line)) == set()


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("experiment = Experiment(", "cannot be read as Python: '(' was never closed"),
        ("-" * 90_000 + "1", "nested too deeply"),
        ("#" * (limits.FILE_CHARACTERS + 1), "100001 characters, and 100000 are enough"),
        (SOUND.replace("middle of", "mod\xe9r\xe9 of").encode("latin-1"), "0xe9 begins no character of UTF-8"),
    ],
)
def test_what_python_cannot_read_is_refused_in_one_sentence(source, sentence):
    (one,) = check_source(source, "middles")
    assert (one.gate, one.line) == ("G0", 1)
    assert sentence in one.sentence


def test_a_nul_is_named_with_what_stands_before_it():
    (refusal,) = check_source(changed('name="middles"', 'name="mid\0dles"'), "middles")
    assert (refusal.gate, refusal.line) == ("G0", line_of(SOUND, 'name="middles"'))
    assert 'a NUL, which is no character, follows `name="mid`' in refusal.sentence


@pytest.mark.parametrize(
    ("source", "where", "sentence"),
    [
        ("", "", "must say `experiment = Experiment(…)`"),
        ("experiment = 3", "", "must say `experiment = Experiment(…)`"),
        (within('Experiment(name="other")'), MADE, "must say `experiment = Experiment(…)`"),
        (changed('name="middles"', 'name="middle"'), MADE, "must say name='middles'"),
        (changed('name="middles"', 'name="mid" + "dles"'), MADE, "must say name='middles'"),
        (changed("run=run", "run=other"), MADE, "`run` must be a function of this"),
        (changed("(config: Config, seed: int)", "(config)"), MADE, "`run` must be a function of this"),
        (changed("measures=Measures", "measures=Measured"), MADE, "`measures` must name a dataclass"),
        (changed("@dataclass(frozen=True)\n", ""), MADE, "`measures` must name a dataclass"),
        (changed("frozen=True, kw_only=True", "kw_only=True"), CONFIG, "a class Config, a dataclass with"),
        (SOUND.replace("Config", "Factors"), "", "a class Config, a dataclass with"),
        (WRAPPED.replace("wrap(train, ", "wrap("), WRAP, "`wrap` must get a function of this file that"),
        (WRAPPED.replace("(lr, *, seed)", "(lr)"), WRAP, "`wrap` must get a function of this file that"),
    ],
)
def test_a_file_that_declares_no_experiment_is_refused(source, where, sentence):
    found = [one for one in check_source(source, "middles") if one.gate == "G0"]
    assert [one.line for one in found] == [line_of(source, where)], all_of(source)
    assert sentence in found[0].sentence


@pytest.mark.parametrize(
    "module", ["os", "scipy", "os.path", "jax.experimental", "axiom", "axiom.domain.work", "axiom.kit._hidden"]
)
def test_a_module_that_is_not_on_the_list_is_refused_however_it_is_imported(module):
    for source in (outside(f"import {module}"), outside(f"import {module} as it"), within(f"from {module} import it")):
        assert f"{module} cannot be imported" in all_of(source)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("from . import neighbour", "an experiment stands alone"),
        ("from numpy import *", "hides where a name comes from"),
        ("from axiom.catalogue import rank_dynamics", "another experiment and does not travel"),
        ("from numpy.random import rand", "numpy.random cannot be imported"),
        ("from numpy import load", "numpy.load is not allowed: a cell has no files"),
        ("from typing import contextlib", "typing.contextlib is not allowed: that is the inside of a library"),
        ("from numpy import rec", "numpy.rec is not allowed: it is another module"),
        ("from axiom.kit.progress import attach", "axiom.kit.progress.attach is not allowed"),
    ],
)
def test_what_is_imported_by_name_is_refused_by_name(line, sentence):
    assert sentence in all_of(outside(line))


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("np.random.rand(3)", "numpy.random.rand is not allowed: all chance comes from the cell's seed"),
        ("jax.random.key(seed)", "jax.random.key is not allowed: it forgets half of the seed"),
        ("np.save(seed, 3)", "numpy.save is not allowed: a cell has no files"),
        ("np.DataSource()", "numpy.DataSource is not allowed: a cell has no files"),
        ("'{0.__class__}'.format(run)", "`.format` is not allowed: it reads attributes that are named in a text"),
        ("jax.config.update('x', 1)", "jax.config.update is not allowed: it stays in force"),
        ("progress.attach(None)", "axiom.kit.progress.attach is not allowed: whoever computes the cell listens"),
        ("progress._door.listener", "axiom.kit.progress._door.listener is not allowed: that is the inside"),
        ("throws.tofile('x')", "`.tofile` is not allowed: a cell has no files"),
        ("run.__globals__", "`.__globals__` is not allowed: it is the inside of Python"),
        ("(each for each in ()).gi_frame", "`.gi_frame` is not allowed"),
        ("__match_args__ = ('__globals__',)", "`__match_args__` is not allowed"),
        ("__builtins__", "`__builtins__` is not allowed"),
        ("chance.stream(seed, 'a').bit_generator.cffi", "`.cffi` is not allowed: that is the inside"),
        ("import functools; functools.update_wrapper(chance.stream, run)", "functools.update_wrapper is not allowed"),
        ("__import__('os')", "`__import__` is not allowed"),
        ("open('/etc/passwd')", "`open` is not allowed: a cell has no files"),
        ("eval('1')", "`eval` is not allowed: code that is text"),
        ("setattr(config, 'throws', 1)", "`setattr` is not allowed"),
        ("hash('a word') % 2", "`hash` is not allowed: it gives another number in each process"),
        ("number = id; number(config)", "`id` is not allowed"),
        ("getattr(throws, config.way)", "`getattr` must say the attribute's name as a word"),
        ("getattr(throws, '_x')", "`getattr` must say the attribute's name as a word, and no private one"),
        ("getattr(*throws)", "`getattr` must say the attribute's name"),
        ("take = getattr", "`getattr` must be called where it stands"),
        ("one = np", "The module numpy must not be handed on"),
        ("getattr(np, 'load')", "The module numpy must not be handed on"),
        ("import math as np; np.random.rand()", "numpy.random.rand is not allowed"),  # the other meaning counts, too
        ("import enum; enum.bltns.open(1)", "enum.bltns.open is not allowed: that is the inside of a library"),
        ("give = lambda x=np: x", "The module numpy must not be handed on"),
        ("[0 for np in np.random.rand(3)]", "numpy.random.rand is not allowed"),
        ("global WAYS", "`global` is not allowed: what a cell leaves behind"),
        ("chance.stream(7, 'data')", "This seed is a constant"),
        ("chance.orders(seed=LEVELS[0], items=3, epochs=1)", "This seed is a constant"),
        ("chance.stream(purpose='data')", "This seed is a constant"),
        ("np.random.default_rng()", "This seed is a constant"),
        ("np.random.default_rng(LEVELS[0])", "This seed is a constant"),
        ("rest = TODO", "`TODO` is not allowed: it stands for what a person has yet to write"),
        ("async def inner(x: tuple['f()', ...]): pass", "This annotation is no type"),
    ],
)
def test_what_a_cell_must_not_do_is_refused_in_its_line(line, sentence):
    found = [one for one in check_source(within(line), "middles") if sentence in one.sentence]
    assert [(one.gate, one.line) for one in found] == [("G1", line_of(SOUND, "return Measures("))], all_of(within(line))


def test_a_pattern_takes_no_attribute_that_may_not_be_read():
    source = within("match run:\n        case object(__globals__=all_of_it):\n            pass")
    assert "`.__globals__` is not allowed" in all_of(source)


@pytest.mark.parametrize(
    "line",
    [
        *("type(throws).__name__", "throws.random = 3", "chance.stream(seed ^ 1, 'more')", "chance.stream(*throws)"),
        "np.random.default_rng([seed, 1])",
        *("input = 3; input + 1", "(lambda open: open)(3)", "nets = {np: 1 for np in throws}", "throws._x"),
        "def inner(x: 'Config', y: Literal['a']) -> 'tuple[float, ...] | None': pass",
    ],
)
def test_what_only_looks_like_it_is_not_refused(line):
    assert all_of(within(line)) == ""


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("print(3)", "print is called when the file is imported"),
        ("for each in ():\n    pass", "Outside of functions a file may only define"),
        ("if TYPE_CHECKING:\n    LATE = 1", "Outside of functions a file may only define"),
        ("LATE = 1\nLATE += 1", "Outside of functions a file may only define"),
        ("async def wait(): pass", "Outside of functions a file may only define"),
        ("HERE = jnp.zeros(3)", "jax.numpy.zeros is called when the file is imported: call it within run"),
        ("def f(x=iter(())): pass", "iter is called when the file is imported"),
        ("X = jax.jit(middle)(3)", "what was made just now is called when the file is imported"),
        ("class Odd:\n    x = sorted(next(iter(())))", "next is called when the file is imported"),
        ("@chance.stream\ndef f(): pass", "axiom.kit.chance.stream is called when the file is imported"),
        ("X = [f() for f in (1,) for g in (iter(f),)]", "iter is called when the file is imported"),
    ],
)
def test_nothing_happens_when_a_file_is_imported(line, sentence):
    assert sentence in all_of(outside(line))


@pytest.mark.parametrize(
    "line",
    [
        '"""Text."""\npass',
        "from functools import partial\n@partial(jax.jit, static_argnames='n')\ndef f(x, n): return 3",
        "from axiom.kit import models\nPLAIN = models.Architecture(activation='tanh')",
        "def levels(): return iter(())\nLEVELS_TOO = tuple(levels())",
        "if TYPE_CHECKING:\n    import jax as other",
        "def throw(seed): return chance.stream(seed, 'x')\nTASKS = {'throw': throw}",  # kept for cells
    ],
)
def test_definitions_may_stand_outside_of_functions(line):
    assert all_of(outside(line)) == ""


@pytest.mark.parametrize(
    "line",
    [
        "SEEN = run(Config(throws=3), 0).middle",
        "def peek(): return run(Config(throws=3), 0)\nSEEN = peek()",
        "peek = lambda: chance.stream(LEVELS[0], 'x').random()\nSEEN = peek()",
        "class Odd:\n    def peek(self): return np.random.default_rng(LEVELS[0])\nSEEN = Odd()",
        "LATE = Needs(seconds=lambda config: chance.stream(LEVELS[0], 'x').random())",
    ],
)
def test_what_a_cell_measures_cannot_be_told_in_a_declaration(line):
    said = [one.sentence for one in check_source(outside(line), "middles") if one.gate == "G1"]
    assert any("`run` computes a cell" in each or "is used when the file is imported" in each for each in said), said


def test_chance_of_python_s_own_needs_the_seed_too():
    assert said(WRAPPED.replace("random.Random(seed)", "random")) == {"G1"}
    source = WRAPPED.replace("Random(seed)", "Random(7)")
    assert [one.line for one in check_source(source, "middles")] == [line_of(source, "random.Random")]


def test_the_gates_come_in_order_and_not_more_than_anybody_reads():
    found = check_source("import os\n" * 50, "middles")
    assert [one.gate for one in found] == ["G0"] + ["G1"] * 19
    assert [one.line for one in found[1:]] == list(range(1, 20))


WORDS = (
    *("np", "x", ".", "(", ")", " ", "\n", "    ", "import ", "from ", "def f(", "):", "=", "[", "]", " for ", " in "),
    *("lambda ", ":", "class ", "@", "'", "1", ",", "getattr", "experiment", "*", "match x:\n case "),
)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join))
def test_nothing_that_looks_like_python_is_too_odd_either(text):
    assert check_source(text, "middles")[0].gate == "G0"
    assert check_source(f"import numpy as np\n{text}", "middles")[0].gate == "G0"


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
    assert "numpy.load is not allowed: a cell has no files" in all_of(source)


def test_a_class_must_not_import_and_what_is_imported_must_not_be_changed():
    for line in ("np.mean = len", "np.pi += 1", "del np.mean", "for np.e in (3, 4):\n        pass"):
        assert "it stays in force" in all_of(within(line))
    used = within("class Shelf:\n        from axiom import kit\n\n    Shelf.kit.progress.attach(1, 2)")
    for source in (outside("class Shelf:\n    import numpy as things\n"), used):
        assert "A class must not import" in all_of(source)


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
    (refusal,) = check_source(head + SOUND + HIDDEN, "middles")
    assert refusal.gate == "G0"
    assert "names the encoding" in refusal.sentence


def test_a_file_that_is_what_it_looks_like_is_read():
    named = ("# -*- coding: utf-8 -*-\n", "#!/usr/bin/env python\n# vim: set fileencoding=UTF-8 :\n")
    for head in (*named, "\n\n# coding: unicode_escape\n", ""):
        assert not ran(head + HIDDEN)
        assert check_source(head + SOUND + HIDDEN, "middles") == ()
