"""Tries to break two answers, on lucky starts and hidden progress, with other code, tasks, rules, measures and luck.

The laboratory holds of `luck_in_learning` that two networks which share their start learn at times nearer to each other
than two that share nothing, and that two which share their batches do not; and of `memory_of_waiting` that half of a
start's wait leaves half of the steps. Here each seed draws two starts and two sequences of batches, and trains all four
pairs of them, by a program in C that shares nothing with the laboratory's. Each attack has seeds and a stream of its
own. Needs a C compiler. Ends with 0 only if no attack broke a claim and all planted luck was seen.
"""

import ctypes
import itertools
import math
import subprocess
import tempfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.kit import digits

SOURCE = Path(__file__).resolve().parents[1] / "parts" / "small_networks.c"
STREAM = 20_261_129  # of all draws here; the laboratory's come from names of experiments
REALS = ("lr", "near", "goal", "wrong", "idle")
# Standard errors from no difference: of about fifty measures two or three pass the second by chance.
BROKEN, DOUBTFUL = 3.29, 1.96
# A line's name; standard errors by which sharing a start or batches brings apart, and by which others are first.
Comparison: TypeAlias = tuple[str, float, float, float]
TABLE = [  # printed below what it says
    f"\n{'':<46}seeds  apart, sharing:    nearer than by sharing nothing  at most  same one first, %",
    f"{'':<51}nothing start batch    start         batches        batches  start                batches",
]
Floats = npt.NDArray[np.floating[Any]]
_ARRAY = np.ctypeslib.ndpointer(dtype=np.float32, flags="C")


class Training(ctypes.Structure):
    """What one network learns from; the same in small_networks.c."""

    _fields_ = [
        *((name, ctypes.c_void_p) for name in ("x", "test_x", "y", "test_y")),
        *((name, ctypes.c_int32) for name in ("rows", "tested")),
        ("sizes", ctypes.c_int32 * 4),
        *((name, ctypes.c_int32) for name in ("rule", "batch", "every", "looks", "pool", "until")),
        *((name, ctypes.c_uint64) for name in ("start", "other", "batches", "then", "set")),
        *((name, ctypes.c_float) for name in REALS),
    ]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One setting. What it does not name is the laboratory's own: ten signs, 16 neurons, batches of 4, 90 %."""

    name: str
    task: str = "3 of 10 signs"
    hidden: tuple[int, ...] = (16,)
    steps: int = 20_000
    every: int = 20
    seeds: int = 128
    mastered: float = 0.9
    at: int = 0  # compare the accuracy after so many steps, in points; 0: times, in doublings
    own_set: bool = False  # each sequence of batches has a set of rows of its own
    unlucky: dict[str, float] = field(default_factory=dict)  # planted in half of the sequences
    rest: dict[str, float] = field(default_factory=dict)  # of `Training`


def learn(attack: Attack, library: ctypes.CDLL) -> Floats:
    """Accuracies of each seed's networks: start A with batches 1 and 2, start B with 1 and 2, and A with 3."""
    x, y, test_x, test_y = task_of(attack.task)
    looks = (attack.at or attack.steps) // attack.every
    curves = np.full((attack.seeds, 5 - bool(attack.at or attack.unlucky), looks), np.nan, dtype=np.float32)
    rng = np.random.default_rng([STREAM, zlib.crc32(attack.name.encode())])
    usual = {"batch": 4, "lr": 0.1, "until": 1 << 30, "goal": 2.0 if attack.at else attack.mastered} | attack.rest
    for curve in curves:
        starts, batches, thens, others = rng.integers(1 << 63, size=(4, 5))
        unlucky = rng.random(3) < 0.5
        for number, (start, order) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1), (0, 2))[: len(curve)]):
            fields = usual | (attack.unlucky if unlucky[order] else {})
            fields |= {
                "near": fields.get("near", 1.0) if start else 0.0,
                "start": starts[0],
                "other": starts[1],
                "batches": batches[order],
                "set": batches[order] if attack.own_set else others[0],
            }
            training = Training(
                *(array.ctypes.data for array in (x, test_x, y, test_y)),
                len(x),
                len(test_x),
                (x.shape[1], *attack.hidden, 1 + int(y.max()), *(0,) * (2 - len(attack.hidden))),
                every=attack.every,
                looks=looks,
                then=int(thens[number]),
                **{name: value if name in REALS else int(value) for name, value in fields.items()},
            )
            library.learn(ctypes.byref(training), curve[number])
    return curves


def task_of(name: str) -> tuple[npt.NDArray[Any], ...]:
    """Rows to learn with their labels, and rows to ask with theirs."""
    rng = np.random.default_rng([STREAM, 0])
    if name == "digits":
        shown = digits.task(rng, train=1_200, test=597)
        return shown.x_train, shown.y_train, shown.x_test, shown.y_test
    x = np.array(list(itertools.product((-1.0, 1.0), repeat=10)), dtype=np.float32)
    if name.endswith("signs"):
        x = rng.permutation(x)
        if "uneven" in name:
            x = np.where(rng.random((8_192, 10)) < 0.75, 1.0, -1.0).astype(np.float32)
        y = (x[:, : int(name[0])].prod(axis=1) > 0).astype(np.int32)
        return x, y, x, y
    x = rng.standard_normal((8_192 + 1_024, 10)).astype(np.float32)
    inner, outer = rng.standard_normal((10, 4)), rng.standard_normal(4)
    of = {"exclusive-or": x[:, 0] * x[:, 1], "half-space": x[:, 0], "teacher": np.tanh(x @ inner) @ outer}
    y = (of[name] > np.median(of[name])).astype(np.int32)
    return x[1_024:].copy(), y[1_024:].copy(), x[:1_024].copy(), y[:1_024].copy()


def steps_until(curves: Floats, mastered: float, every: int) -> Floats:
    """Steps until each network knew so much; one look more than the budget if it never did."""
    never = np.ones((*curves.shape[:2], 1), dtype=bool)
    return np.asarray(every * (1.0 + np.concatenate([curves >= mastered, never], axis=2).argmax(axis=2)))


def median_interval(values: Floats) -> str:
    """The median, and its 95 % interval by the sign test."""
    values, away = np.sort(values), 0.98 * math.sqrt(len(values))
    low, high = max(0, math.floor(len(values) / 2 - away)), min(len(values) - 1, math.ceil(len(values) / 2 + away))
    return f"{np.median(values):+6.2f} [{values[low]:+.2f},{values[high]:+.2f}]" if len(values) > 9 else f"{'few':>20}"


def compare(name: str, values: Floats) -> Comparison:
    """Print one line of the table: what two starts by two sequences of batches say."""
    a1, a2, b1, b2 = values[:, :4].T
    nothing, start, batches = (
        (abs(p - q) + abs(r - s)) / 2 for p, q, r, s in ((a1, b2, a2, b1), (a1, a2, b1, b2), (a1, b1, a2, b2))
    )
    line = f"{name:<46}{len(values):5}{nothing.mean():7.2f}{start.mean():6.2f}{batches.mean():6.2f} "
    errors = []
    for nearer in (start - nothing, batches - nothing):
        error = max(1e-9, nearer.std(ddof=1) / math.sqrt(len(values)))
        line += f" {nearer.mean():+6.3f} ±{1.96 * error:.3f}"
        errors.append(nearer.mean() / error)
    line += f"{math.sqrt(max(0.0, nothing.mean() ** 2 - start.mean() ** 2)) - nothing.mean():+8.3f} "
    for products in ((a1 - b1) * (a2 - b2), (a1 - a2) * (b1 - b2)):
        count = max(1, int((products != 0).sum()))
        share = float((products > 0).sum()) / count
        centre, wide = share + 1.92 / count, 1.96 * math.sqrt((share * (1 - share) + 0.96 / count) / count)
        low, high = (100 * (centre + side) / (1 + 3.84 / count) for side in (-wide, wide))
        line += f" {100 * share:5.1f} [{low:5.1f},{high:5.1f}]"
        errors.append((1 - 2 * share) * math.sqrt(count))
    TABLE.append(line)
    return name, errors[0], errors[1], errors[3]


def remember(name: str, curves: Floats, steps: Floats, age: float, budget: float, every: int) -> None:
    """Print what is left after a share of the first network's wait, over what the third needs from the beginning."""
    first, second, third = steps[:, [0, 1, 4]].T
    waited = every * np.round(age * first / every)
    has_waited = (np.maximum(third, np.maximum(first, second)) <= budget) & (second > waited) & (waited > 0)
    looks = np.clip(waited / every - 1, 0, curves.shape[2] - 1).astype(int)
    knew = curves[np.arange(len(curves)), 1, looks]
    rest = np.log2(np.where(has_waited, second - waited, third) / third)
    unseen = has_waited & (knew < 0.6)
    TABLE.append(
        f"{name:<46}{age:5.2f}{math.log2(1 - age):7.2f}  {median_interval(rest[has_waited])} of {has_waited.sum():<4}"
        f" {median_interval(rest[unseen])} of {unseen.sum():<4}{np.median(knew[has_waited]):6.2f}"
        f"{abs(np.log2(first / second)).mean():7.2f}"
    )


MAIN = Attack(name="as the laboratory: 3 signs", seeds=512, mastered=0.98)
ATTACKS = (
    Attack(name="as the laboratory: 64 neurons", hidden=(64,), seeds=192),
    Attack(name="as the laboratory: batches of 32", rest={"batch": 32}, seeds=192),
    Attack(name="as the laboratory: digits", task="digits", every=2, steps=2_000, rest={"batch": 16}, seeds=192),
    Attack(name="8 neurons"),
    Attack(name="two hidden layers", hidden=(16, 16), seeds=192),
    Attack(name="product of 2 signs", task="2 of 10 signs", every=2, seeds=192),
    Attack(name="product of 4 signs, 32 neurons", task="4 of 10 signs", hidden=(32,), seeds=192),
    Attack(name="3 signs, + three times in four", task="3 of 10 uneven signs", seeds=192),
    Attack(name="exclusive-or of two Gaussians", task="exclusive-or", every=5, seeds=192),
    Attack(name="Gaussian teacher of 4 neurons", task="teacher", every=2, seeds=192),
    Attack(name="Gaussian half-space, 95 %", task="half-space", every=2, mastered=0.95, seeds=192),
    Attack(name="digits, 95 %", task="digits", every=5, steps=5_000, mastered=0.95, rest={"batch": 16}),
    Attack(name="learning rate 0.02", rest={"lr": 0.02}),
    Attack(name="learning rate 0.5, looks every 5", every=5, rest={"lr": 0.5}, seeds=192),
    Attack(name="momentum, rate 0.01", rest={"rule": 1, "lr": 0.01}, seeds=192),
    Attack(name="Adam, rate 0.003", rest={"rule": 2, "lr": 0.003}, seeds=192),
    Attack(name="batches of 1, rate 0.03", rest={"batch": 1, "lr": 0.03}),
    Attack(name="epochs over the same 512 rows", rest={"pool": 512}, seeds=192),
    Attack(name="epochs over 512 rows of each sequence's own", rest={"pool": 512}, own_set=True, seeds=192),
    Attack(name="batches the same for 650 steps only", rest={"until": 650}, seeds=192),
    Attack(name="starts that share cos 0.8", rest={"near": 0.6}, seeds=192),
    Attack(name="accuracy after 1,300 steps: 3 signs", at=1_300, seeds=192),
    Attack(name="accuracy after 200 steps: digits", task="digits", at=200, rest={"batch": 16}, seeds=192),
    Attack(name="accuracy after 1,000 steps: digits", task="digits", at=1_000, rest={"batch": 16}),
)
NEAR = tuple(
    Attack(name=f"starts that differ by {near:.0%}", rest={"near": near}, seeds=192) for near in (0.03, 0.1, 0.3)
)
PLANTED = tuple(
    Attack(name=f"planted in half: {share:.0%} {kind}", unlucky={kind: share}, seeds=192)
    for kind, share in (("wrong", 0.05), ("wrong", 0.1), ("wrong", 0.2), ("idle", 0.16), ("idle", 0.3), ("idle", 0.5))
)
TEXT = """Limits: ReLU networks of one or two hidden layers, one pool of rows and one split of digits for all seeds,
steady rates. Apart: mean |log2 ratio| of steps until 90 % are right, or |difference| of accuracy in points. Nearer:
mean of paired differences with 1.96 standard errors. At most: what sharing batches could bring, by normal laws, if
batches that are lucky for one start were so for each. Same one first: of two starts (two sequences of batches), is the
same one sooner under both sequences (from both starts)? 50 % is no luck of its own; ties left out, Wilson's 95 %.
Seeds are independent, and each name has a stream of its own; "again" looks at the same networks.
What the design cannot see: with signs, turning the signs of inputs and changing the order of inputs or outputs leaves
the task, the law of starts and that of batches alone, so that no row is luckier than another; only relations of rows
could be. And |log ratio| falls little where a small part of the variance is shared: where "at most" is hardly larger
than an interval of the laboratory (0.06; 0.03 for 64 neurons, 0.05 for batches of 32, 0.03 for digits), or smaller, it
could hardly have seen luck."""


def main() -> int:
    """0 when no attack broke a claim, and the most that was planted was seen."""
    with tempfile.TemporaryDirectory(prefix="luck-") as place:
        program = Path(place) / "small_networks.so"
        flags = ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC")
        subprocess.run(["cc", *flags, "-o", program, SOURCE, "-lm"], check=True)
        library = ctypes.CDLL(str(program))
    library.learn.argtypes, library.learn.restype = [ctypes.c_void_p, _ARRAY], None
    print(TEXT)
    waits: list[tuple[Any, ...]] = []
    attacked = compare_main(learn(MAIN, library), waits)
    attacked += [compare_attack(attack, library, waits) for attack in ATTACKS]
    TABLE.append("starts that are nearly the same, of which batches should tell, and planted luck of batches")
    near, planted = ([compare_attack(attack, library, []) for attack in attacks] for attacks in (NEAR, PLANTED))
    TABLE.append(
        f"""
Rest: log2 of what the second network still needs after a share (age) of the first one's wait, over the third's whole.
Clock: what it is if nothing is left to chance; by chance alone 0. Medians with the sign test's 95 %; then of those that
knew less than 60 % at that age; what the second knew then; and how far apart two networks of one start learn on
average, which by chance alone would be 2.00, whatever the rate of each start.
{"":46}  age  clock   rest                        where it knew < 60 %          knew  apart"""
    )
    for wait in waits:
        remember(*wait)
    worst = {name: min(batches, first) for name, _, batches, first in attacked}
    faults = {
        "sharing batches brings nearer, or the same are first": [name for name in worst if worst[name] <= -BROKEN],
        "sharing a start does not surely bring nearer": [name for name, start, *_ in attacked if start > -BROKEN],
        "planted luck is not seen": [name for name, _, *errors in planted[2::3] if min(errors) > -DOUBTFUL],
    }
    by_measure = [sum(float(z) <= -DOUBTFUL for z in errors) for errors in list(zip(*planted, strict=True))[2:]]
    print(
        f"\nlines: {len(worst)}; in neither measure does sharing batches pass {DOUBTFUL} standard errors in "
        f"{sum(errors > -DOUBTFUL for errors in worst.values())}",
        f"one passes {DOUBTFUL} (chance alone: one of 40 measures), and not {BROKEN}: "
        + "; ".join(name for name in worst if -BROKEN < worst[name] <= -DOUBTFUL),
        f"planted luck passes {DOUBTFUL} as 'nearer', as 'same one first', of {len(planted)}: {by_measure}",
        f"of starts nearly the same, batches bring nearer: {sum(line[2] <= -BROKEN for line in near)} of 3",
        *(f"MISSED: {fault}: {'; '.join(names)}" for fault, names in faults.items() if names),
        *TABLE,
        sep="\n",
    )
    return int(any(faults.values()))


def compare_main(curves: Floats, waits: list[tuple[Any, ...]]) -> list[Comparison]:
    """The laboratory's own setting, and what other looks at the same networks say."""
    seen, steps = (steps_until(curves, mastered, MAIN.every) for mastered in (0.6, 0.9))
    wanted = [(MAIN.name, steps, age) for age in (0.25, 0.5, 0.75, 0.9)] + [
        ("3 signs, until 60 % are right", seen, 0.5)
    ]
    waits += [(name, curves, until, age, MAIN.steps, MAIN.every) for name, until, age in wanted]
    looks = {
        f"{MAIN.name}, 90 %": np.log2(steps),
        **{
            f"3 signs again, until {mastered:.0%}": np.log2(steps_until(curves, mastered, MAIN.every))
            for mastered in (0.6, 0.75, 0.98)
        },
        "3 signs again, looks every 200 steps": np.log2(200 * np.ceil(steps / 200)),
        "3 signs again, a budget that half exceed": np.log2(np.minimum(steps, np.median(steps) + MAIN.every)),
        "3 signs again, difference in hundreds of steps": steps / 100,
    }
    return [compare(name, values) for name, values in looks.items()]


def compare_attack(attack: Attack, library: ctypes.CDLL, waits: list[tuple[Any, ...]]) -> Comparison:
    """One attack's line."""
    curves = learn(attack, library)
    steps = steps_until(curves, attack.mastered, attack.every)
    waits += [] if curves.shape[1] < 5 else [(attack.name, curves, steps, 0.5, attack.steps, attack.every)]
    return compare(attack.name, 100.0 * curves[:, :, -1] if attack.at else np.log2(steps))


if __name__ == "__main__":
    raise SystemExit(main())
