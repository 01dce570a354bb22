"""Texts that compute what a tried text computed and hide it, and files that try to tell more than one bit.

Each is a real file that passes the two gates of reading. `KNOWN` were thought of before kin was found by numbers and in
decorators; `NEW` were written against the mended code. Factors and measures have other names than in the text that was
tried, since a file that keeps them is found by these alone.
"""

import ast
from collections.abc import Callable, Mapping

from axiom import shipped

_TEXT = '''"""{question}"""

from dataclasses import dataclass
{imports}
import numpy as np

from axiom.domain.experiments import Control, Experiment, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, progress

ROWS, WIDE = 200, 64
{top}

@dataclass(frozen=True, kw_only=True)
class Config:
    columns: int
    strength: float = 0.25
{factors}

@dataclass(frozen=True, kw_only=True)
class Measures:
    share: float


{run}


experiment = Experiment(
    name="{name}",
    version=1,
    question="{question}",
    run=run,
    measures=Measures,
    sweep=grid(Config, columns={columns}),
    ranges={{"columns": (1, WIDE), "strength": (0.0, 2.0)}},
    estimands=(
        Estimand(
            name="wide_minus_narrow",
            claim="the share is higher with 64 columns than with 2",
            kind=Kind.CONTRAST,
            measure="share",
            between=({{"columns": 64}}, {{"columns": 2}}),
            smallest=0.05,
            expects=Direction.{side},
            bounds=(-9.0, 9.0),
            prediction=Prediction({forecast}, because="told"),
        ),
    ),
    controls=(
        Control(
            estimand="wide_minus_narrow",
            placebo=grid(Config, columns=[2, 64], strength=[0.0]{placebo}),
            planted=grid(Config, columns=[2, 64], strength=[0.9]{planted}),
        ),
    ),
    needs=Needs(seconds=lambda _: 0.005, memory_mb=150),
)
'''
_MORE = "positive=0.95, negative=0.01, absent=0.04, interval=(0.2, 0.35)"
_LESS = "positive=0.01, negative=0.95, absent=0.04, interval=(-0.35, -0.2)"

PLAIN = """def run(config: Config, seed: int) -> Measures:
    rng = chance.stream(seed, "data")
    classes = rng.choice([-1.0, 1.0], size=2 * ROWS)
    rows = (rng.standard_normal((2 * ROWS, WIDE)) + config.strength * classes[:, None])[:, : config.columns]
    weights = np.linalg.lstsq(rows[:ROWS], classes[:ROWS], rcond=None)[0]
    guesses = rows @ weights
    progress.early(guesses)
    progress.block(1.0)
    return Measures(share=float(np.mean(np.sign(guesses[ROWS:]) == classes[ROWS:])))"""
_ONE_EXPRESSION = (
    "lambda config, seed: (rng := chance.stream(seed, 'data'), classes := rng.choice([-1.0, 1.0], size=2 * ROWS), "
    "rows := (rng.standard_normal((2 * ROWS, WIDE)) + config.strength * classes[:, None])[:, : config.columns], "
    "guesses := rows @ np.linalg.lstsq(rows[:ROWS], classes[:ROWS], rcond=None)[0], progress.early(guesses), "
    "float(np.mean(np.sign(guesses[ROWS:]) == classes[ROWS:])))[-1]"
)
_CALL = """def run(config: Config, seed: int) -> Measures:
    progress.block(1.0)
    return Measures(share=WORTH(config, seed))"""
_BY_HAND = """def fitted(rng, width, strength):
    truth = rng.choice([-1.0, 1.0], size=2 * ROWS)
    noise = rng.standard_normal((2 * ROWS, WIDE))
    seen = np.add(noise, np.outer(truth, np.full(WIDE, strength)))[:, np.arange(width)]
    normal, right = seen[:ROWS].T.dot(seen[:ROWS]), seen[:ROWS].T.dot(truth[:ROWS])
    return seen[ROWS:].dot(np.linalg.solve(normal, right)), truth[ROWS:]


def run(config: Config, seed: int) -> Measures:
    told, truth = fitted(chance.stream(seed, "data"), config.columns, config.strength)
    progress.early(told)
    progress.block(1.0)
    return Measures(share=VALUE)"""


def text(run: str = PLAIN, *, name: str = "disguised", **parts: str) -> str:
    """A file with this computation."""
    usual = {"question": "Is more seen with more columns?", "imports": "", "top": "", "factors": "", "side": "MORE"}
    usual |= {"forecast": _MORE, "placebo": "", "planted": "", "columns": "[2, 8, 64]"}
    return _TEXT.format_map(usual | parts | {"run": run, "name": name})


def _steps() -> str:
    """One operation a line, so that no expression is large enough to be a part."""
    return """def run(config: Config, seed: int) -> Measures:
    rng = chance.stream(seed, "data")
    double = 2 * ROWS
    signs = [-1.0, 1.0]
    draw = rng.choice
    classes = draw(signs, double)
    shape = (double, WIDE)
    normal = rng.standard_normal
    noise = normal(shape)
    tall = classes[:, None]
    shift = config.strength * tall
    whole = noise + shift
    width = config.columns
    rows = whole[:, :width]
    first = rows[:ROWS]
    labels = classes[:ROWS]
    solved = np.linalg.lstsq(first, labels)
    weights = solved[0]
    guesses = rows @ weights
    progress.early(guesses)
    progress.block(1.0)
    later = guesses[ROWS:]
    sign = np.sign
    ours = sign(later)
    theirs = classes[ROWS:]
    right = ours == theirs
    mean = np.mean
    share = mean(right)
    number = float(share)
    return Measures(share=number)"""


_MACHINE = """def run(config: Config, seed: int) -> Measures:
    rng, stack = chance.stream(seed, "data"), []
    doing = {
        "c": lambda: stack.append(rng.choice([-1.0, 1.0], size=400)),
        "n": lambda: stack.append(rng.standard_normal((400, 64))),
        "o": lambda: stack.append(np.outer(stack[0], np.full(64, config.strength))),
        "+": lambda: stack.append(stack.pop() + stack.pop()),
        "w": lambda: stack.append(stack.pop()[:, : config.columns]),
        "f": lambda: stack.append(stack[1] @ np.linalg.lstsq(stack[1][:200], stack[0][:200], rcond=None)[0]),
        "s": lambda: stack.append(float(np.mean(np.sign(stack[2][200:]) == stack[0][200:]))),
    }
    for letter in WORDS:
        doing[letter]()
    progress.early(stack[2])
    progress.block(1.0)
    return Measures(share=stack.pop())"""
_CODED = """def run(config: Config, seed: int) -> Measures:
    rng = chance.stream(seed, "data")
    held, tape = [None] * 9, PAYLOAD
    for place in range(0, len(tape), 3):
        what, left, right = tape[place], tape[place + 1], tape[place + 2]
        match what:
            case 0:
                held[left] = rng.choice([-1.0, 1.0], right)
            case 1:
                held[left] = rng.standard_normal((right, 64))
            case 2:
                held[left] = held[left] + config.strength * held[right][:, None]
            case 3:
                held[left] = held[left][:, : config.columns]
            case 4:
                held[8] = held[left] @ np.linalg.lstsq(held[left][:200], held[right][:200], None)[0]
            case 5:
                held[left] = float(np.mean(np.sign(held[8][200:]) == held[right][200:]))
    progress.early(held[8])
    progress.block(1.0)
    return Measures(share=held[7])"""
_TAPE = "0, 0, 400, 1, 1, 400, 2, 1, 0, 3, 1, 0, 4, 1, 0, 5, 7, 0"


def _renamed(run: str) -> str:
    for old, new in (("rng", "dice"), ("classes", "sides"), ("rows", "table"), ("weights", "slopes"), ("guesses", "g")):
        run = run.replace(old, new)
    return run


def _padded(run: str, times: int = 9) -> str:
    idle = "\n\n".join(
        f"def idle_{n}(a, b):\n    c = [a * {n} + b[{n}], max(a, b ** 2), np.outer(a, b).sum(axis={n})]\n"
        f"    return np.sum(np.abs(c)) / (a + {n})"
        for n in range(times)
    )
    return f"{idle}\n\n\n{run}"


def _dead_code() -> str:
    """Functions of one of Axiom's own experiments, called by nobody."""
    functions = []
    for node in ast.parse((shipped.catalogue_folder() / "lottery_ticket.py").read_text()).body:
        if isinstance(node, ast.FunctionDef) and node.name != "run":
            for part in ast.walk(node):
                if isinstance(part, ast.arg):
                    part.annotation = None
            node.body = [part for part in node.body if not isinstance(part, ast.AnnAssign)] or [ast.Pass()]
            node.returns, node.decorator_list, node.args.defaults, node.args.kw_defaults = None, [], [], []
            functions.append(ast.unparse(node).replace("np.", "numpy_"))
    return "\n\n\n".join(functions)


_SPLIT = """def drawn(seed):
    rng = chance.stream(seed, "data")
    return rng, rng.choice([-1.0, 1.0], size=2 * ROWS)


def seen(rng, classes, config):
    return (rng.standard_normal((2 * ROWS, WIDE)) + config.strength * classes[:, None])[:, : config.columns]


def worth(rows, classes):
    weights = np.linalg.lstsq(rows[:ROWS], classes[:ROWS], rcond=None)[0]
    progress.early(rows @ weights)
    return float(np.mean(np.sign((rows @ weights)[ROWS:]) == classes[ROWS:]))


def run(config: Config, seed: int) -> Measures:
    rng, classes = drawn(seed)
    progress.block(1.0)
    return Measures(share=worth(seen(rng, classes, config), classes))"""


def _worth(expression: str) -> str:
    return PLAIN.replace(
        "float(np.mean(np.sign(guesses[ROWS:]) == classes[ROWS:]))",
        expression.replace("SHARE", "float(np.mean(np.sign(guesses[ROWS:]) == classes[ROWS:]))"),
    )


def _by_hand(value: str) -> str:
    return _BY_HAND.replace("VALUE", value)


_HAND = "float((np.sign(told) == truth).mean())"
_KEEP = "def kept(value):\n    return lambda _: value\n\n\n"
_IN_DECORATOR = f"{_KEEP}@kept({_ONE_EXPRESSION})\ndef WORTH(config, seed):\n    return 0.0"

# By the name of the disguise: the text that hides the computation of the one that was tried.
KNOWN: Mapping[str, Callable[[], str]] = {
    "the same code, other names of fields": text,
    "renamed": lambda: text(_renamed(PLAIN)),
    "split into functions": lambda: text(_SPLIT),
    "padded": lambda: text(_padded(PLAIN)),
    "renamed and padded": lambda: text(_padded(_renamed(PLAIN))),
    "in a decorator": lambda: text(f"{_IN_DECORATOR}\n\n\n{_CALL}"),
    "in a decorator of a class": lambda: text(f"{_KEEP}@kept({_ONE_EXPRESSION})\nclass WORTH:\n    pass\n\n\n{_CALL}"),
    "in a default argument": lambda: text(
        f"def WORTH(config, seed, work={_ONE_EXPRESSION}):\n    return work(config, seed)\n\n\n{_CALL}"
    ),
    "in a default by name alone": lambda: text(
        f"def WORTH(config, seed, *, work={_ONE_EXPRESSION}):\n    return work(config, seed)\n\n\n{_CALL}"
    ),
    "in an annotation": lambda: text(
        f"@dataclass\nclass Kept:\n    work: {_ONE_EXPRESSION}\n\n\n"
        + _CALL.replace("WORTH(", "fields(Kept)[0].type("),
        imports="from dataclasses import fields\n",
    ),
    "in the statement of the experiment": lambda: text(
        _CALL.replace("WORTH(config, seed)", "WORTH(config, chance.stream(seed, 'data'))")
    ).replace(
        "measures=Measures,",
        "measures=Measures,\n    aliases=(WORTH := "
        + _ONE_EXPRESSION.replace("config, seed: (rng := chance.stream(seed, 'data'), ", "config, rng: (")
        + ", ())[1],",
    ),
    "in the body of a class": lambda: text(
        f"class Kept:\n    work = {_ONE_EXPRESSION}\n\n\n{_CALL}".replace("WORTH(", "Kept.work(")
    ),
    "a function without a name": lambda: text(_CALL.replace("WORTH(", f"({_ONE_EXPRESSION})(")),
    "twice the measure": lambda: text(_worth("2.0 * SHARE")),
    "a constant beside it": lambda: text(_worth("7.0 + SHARE")),
    "errors instead of right answers": lambda: text(_worth("1.0 - SHARE"), side="LESS", forecast=_LESS),
    "half a file of Axiom's own as dead code": lambda: text(f"{_dead_code()}\n\n\n{PLAIN}"),
    "another sweep": lambda: text(PLAIN, columns="[2, 64]"),
    "the logarithm": lambda: text(_worth("float(np.log(SHARE))")),
    "another seed inside": lambda: text(PLAIN.replace("stream(seed,", "stream(seed ^ 12345,")),
    "another purpose of chance": lambda: text(PLAIN.replace('"data"', '"table"')),
}
NEW: Mapping[str, Callable[[], str]] = {
    "one operation a line": lambda: text(_steps()),
    "one operation a line, and padded": lambda: text(_padded(_steps(), 20)),
    "a machine that reads letters": lambda: text(_MACHINE.replace("WORDS", '"cno+wfs"')),
    "a machine that reads letters of the question": lambda: text(
        _MACHINE.replace("WORDS", "experiment.question[-7:]"), question="What is seen? cno+wfs"
    ),
    "a machine that reads its docstring": lambda: text(
        _MACHINE.replace("WORDS", "run.__doc__").replace("Measures:\n    rng", 'Measures:\n    "cno+wfs"\n    rng')
    ),
    "a machine that reads numbers": lambda: text(_CODED.replace("PAYLOAD", f"[{_TAPE}]")),
    "a machine that reads one number": lambda: text(
        _CODED.replace("PAYLOAD", "[10_400 * 0 + int(word) for word in str(LONG).split('9')]"),
        top="LONG = '" + _TAPE.replace(", ", "9") + "'\n",
    ),
    "nested functions": lambda: text(
        "def run(config: Config, seed: int) -> Measures:\n    def inner():\n        def innermost():\n"
        + "\n".join(f"        {line}" for line in PLAIN.splitlines()[1:])
        + "\n        return innermost()\n    return inner()"
    ),
    "methods of a class": lambda: text(
        "class Reader:\n    def work(self, config, seed):\n"
        + "\n".join(f"    {line}" for line in PLAIN.splitlines()[1:])
        + "\n\n\ndef run(config: Config, seed: int) -> Measures:\n    return Reader().work(config, seed)"
    ),
    "a table of functions": lambda: text(_CALL.replace("WORTH(", f"{{'work': {_ONE_EXPRESSION}}}['work'](")),
    "a pipeline of generators": lambda: text(
        PLAIN.replace(
            "guesses = rows @ weights",
            "guesses = np.array([value for value in (float(row @ weights) for row in rows)])",
        )
    ),
    "tried and raised": lambda: text(
        "def run(config: Config, seed: int) -> Measures:\n    try:\n"
        + "\n".join(f"    {line}" for line in PLAIN.splitlines()[1:])
        + "\n    except ZeroDivisionError:\n        return Measures(share=0.0)"
    ),
    "between lines that do nothing": lambda: text(
        PLAIN.replace(
            "    weights =",
            "    if len(rows) < 3:\n        rows = np.cumsum(np.roll(rows, 2), axis=0) ** 3\n    weights =",
        ).replace(
            "    guesses =",
            "    if classes is None:\n        weights = np.kron(weights, rows).max(axis=0)\n    guesses =",
        )
    ),
    "a condition that names its steps": lambda: text(
        "def run(config: Config, seed: int) -> Measures:\n    progress.block(1.0)\n    if (value := "
        f"({_ONE_EXPRESSION})(config, seed)) is not None:\n        return Measures(share=value)\n    "
        "return Measures(share=0.5)"
    ),
    "by another formula": lambda: text(_by_hand(_HAND)),
    "by another formula, the errors": lambda: text(_by_hand(f"1.0 - {_HAND}"), side="LESS", forecast=_LESS),
    "by another formula, five times it and four": lambda: text(_by_hand(f"4.0 + 5.0 * {_HAND}")),
    "by another formula and another sweep": lambda: text(_by_hand(_HAND), columns="[2, 64]"),
    "by another formula, the errors of another sweep": lambda: text(
        _by_hand(f"1.0 - {_HAND}"), columns="[2, 32, 64]", side="LESS", forecast=_LESS
    ),
    "by another formula, one operation a line": lambda: text(
        _steps().replace("lstsq(first, labels)", "lstsq(first, labels, 1e-12)")
    ),
    "a forecast that is computed when the file is asked": lambda: text(
        _by_hand(f"{_HAND} + 0.0"),
        top="def sure():\n    state, sums = 7, 0.0\n    for _ in range(99):\n        state = state * 16807 % 2**31\n"
        "        sums += state / 2**31 - 0.5\n    return 0.95 if sums > -99 else 0.01\n",
        forecast="positive=sure(), negative=0.99 - sure(), absent=0.01, interval=(0.2, 0.35)",
    ).replace("stream(seed,", "stream(seed ^ 5,"),
    "another seed inside, in a decorator": lambda: text(
        f"{_IN_DECORATOR}\n\n\n{_CALL}".replace("stream(seed,", "stream(seed + 1,")
    ),
    "another seed inside, one operation a line": lambda: text(_steps().replace("stream(seed,", "stream(seed + 1,")),
}
# What no comparison finds: the same idea by other code at other seeds, as somebody writes who repeats a study.
OUT_OF_REACH: Mapping[str, Callable[[], str]] = {
    "written anew, at other seeds": lambda: text(_by_hand(_HAND).replace("stream(seed,", "stream(seed + 1,")),
}

_TRUTH = "float(np.mean(np.sign(guesses[ROWS:]) == classes[ROWS:]))"
_STAIRS = "".join(f"    if truth > {step / 50}:\n        raise ValueError\n" for step in range(50, 0, -1))
_LEARNED = 'learned="has_learned",\n    needs='


def _probe(before: str, learned: str = "") -> str:
    """A file of which the ending depends on what both arms measure."""
    both = (
        "    both = []\n    for width in (64, 2):\n        part = rows[:, :width]\n        fit = part @ np.linalg.lstsq"
        "(part[:ROWS], classes[:ROWS], rcond=None)[0]\n        both.append(float(np.mean(np.sign(fit[ROWS:]) == "
        "classes[ROWS:])))\n    truth = both[0] - both[1] + SHIFT\n"
    )
    run = PLAIN.replace("[:, : config.columns]\n", f"\n{both}{before}    rows = rows[:, : config.columns]\n", 1)
    made = text(run.replace("Measures(share=", f"Measures({learned}share="), name="probe")
    if learned:
        made = made.replace("    share: float", "    share: float\n    has_learned: int").replace("needs=", _LEARNED, 1)
    return made


# What each would tell of a difference of both arms that SHIFT makes larger or smaller.
CHANNELS: Mapping[str, Callable[[], str]] = {
    "the line that fails": lambda: _probe(_STAIRS),
    "the kind of error": lambda: _probe(
        "    kinds = (KeyError, IndexError, TypeError, ValueError, OverflowError, ZeroDivisionError)\n"
        "    raise kinds[min(5, max(0, int(6 * truth)))]\n"
    ),
    "the gate that says no": lambda: _probe(
        "    if truth > 0.6:\n        raise ValueError\n    if truth > 0.3:\n        classes = classes * np.nan\n"
        "    if truth < 0.1:\n        progress.early([1.0])\n"
    ),
    "how many values are missing": lambda: _probe(
        "    if config.columns > 64 * (1 - truth):\n        return Measures(share=float('nan'))\n"
    ),
    "how many seconds it takes": lambda: _probe(
        "    for _ in range(int(200 * truth)):\n        np.linalg.lstsq(rows, classes, rcond=None)\n"
    ),
    "how many cells learned": lambda: _probe("", "has_learned=int(config.columns > 70 * (1 - 2 * truth)), "),
    "the config that fails": lambda: _probe("    if config.columns > 64 * (1 - truth):\n        raise ValueError\n"),
}
_ARM = '\n    kind: str = "none"\n'
_PLANT = PLAIN.replace(
    "    return Measures(share=",
    '    if config.kind != "none":\n        return Measures(share=SHOWN)\n    return Measures(share=',
)


def _control(shown: str) -> str:
    """A planted effect that is a function of the very comparison."""
    return text(
        _PLANT.replace("SHOWN", shown.replace("SHARE", _TRUTH)), factors=_ARM, planted=', kind=["planted"]'
    ).replace("strength=[0.9], kind", "kind")


# Controls that would tell by pass or fail on which side the comparison lies.
CONTROLS: Mapping[str, Callable[[], str]] = {
    "the comparison itself": lambda: text(planted="").replace("strength=[0.9]", "strength=[0.25]"),
    "a level that is nearly the same": lambda: text().replace("strength=[0.9]", "strength=[0.27]"),
    "a level within a fifth": lambda: text().replace("strength=[0.9]", "strength=[0.3]"),
    "twice the comparison": lambda: _control("2.0 * SHARE"),
    "its cube": lambda: _control("SHARE ** 3"),
    "what is left of it": lambda: _control("1.0 - SHARE"),
}
