"""Tries to break an answer, on what decides whether start or batches make networks agree, with other code and settings.

Claimed (docs/papers/noise): after so many rows at a constant rate, the ratio of rate and batch decides. The lead of
batches, which is how much oftener two networks of one start differ than two of the same batches, is above 0 at high
ratios and below at low ones, alike for batches of any size with one ratio, and below 0 once the rate has fallen to 0.
Here each seed draws a task or split, two starts and two sequences of batches, and trains all four pairs; no two
trainings of a setting share batches, where the laboratory gives every batch size the same rows in the same order.

Said before computing. What decides is one number of a network and its training, and each rival names another (RIVALS).
Of two trainings of a setting (`pairs_of`) a rival predicts that they lead alike where its numbers are within 5 %, and
otherwise that the higher number leads by more. Alike is within a quarter of what the ratio changes in this setting,
with batches of 32; more is by more than that quarter. A rival breaks where a pair is surely otherwise: the ratio, if
batch, rows, known rows, loss or distance from the start change the lead at one ratio, or if two ratios lead alike. It
gives signs, too (SIGNS): at high and low ratios, as far (after as much rate times steps as the high ratio), and fallen,
throughout, or after the training, for a quarter of its rows or for as many again. One ratio with both signs at other
lengths (`draw_map`) breaks that the ratio alone decides. If networks of one start and the same rows in the same order
answer alike in small and in large batches (`compare_sizes`), "alike" says only that each row has the same rate. Ends
with 0 only if no claim of the ratio broke by 3.29 standard errors.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from paired_networks import (
    BROKEN,
    DOUBTFUL,
    STREAM,
    Array,
    Nets,
    Setting,
    Training,
    answers_differ,
    ask_nets,
    draw_nets,
    draw_task,
    judge_errors,
    key_of,
    measure_apart,
    take_softmax,
    write_interval,
)

ORDERS = tuple((start, sequence, math.inf) for start in (0, 1) for sequence in (0, 1))
START, BATCHES = ((0, 1), (2, 3)), ((0, 2), (1, 3))
SIZES = tuple((net, net + 4) for net in range(4))
SMALL, LARGE = 4, 32
RATES = {"plain": 1.0, "momentum": 0.1, "adam": 0.04}  # of the rate: momentum of 0.9 takes each step ten times


@dataclass(frozen=True, kw_only=True)
class Attack(Setting):
    """What it does not name: 16 neurons, plain, 12,800 rows."""

    ratios: tuple[float, float] = (0.0025, 0.02)  # on digits; low and high, as far apart as SMALL and LARGE
    rows: int = 12_800
    seeds: int = 64


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Four networks of each seed, at one moment of one training."""

    batch: float
    ratio: float
    rows: float  # seen
    learned: float  # share of rows to learn that are right
    loss: float  # of the same rows
    moved: float  # from the start, in lengths of the start
    right: float
    lead: Array  # by seed, in points

    def mix(self, other: "Cell", share: float) -> "Cell":
        """What lies so far from here to the other."""
        return Cell(**{name: of + share * (vars(other)[name] - of) for name, of in vars(self).items()})


RIVALS: dict[str, Callable[[Cell], float]] = {
    "ratio": lambda cell: cell.ratio,
    "small batch": lambda cell: 1 / cell.batch,
    "rate": lambda cell: cell.ratio * cell.batch,
    "progress": lambda cell: cell.ratio * cell.rows,  # rate times steps
    "known rows": lambda cell: cell.learned,
    "low loss": lambda cell: 1 / cell.loss,
    "distance": lambda cell: cell.moved,
}


@lru_cache(maxsize=1)
def begin(attack: Attack) -> Training:
    """The task and the starts, which all trainings of a setting share."""
    rng = np.random.default_rng([*key_of(attack), 0])
    task = draw_task(attack.task, attack.seeds, rng)
    return Training(attack, task, draw_nets(attack, task, rng, [start for start, _, _ in ORDERS]), ORDERS)


def train(attack: Attack, batch: int, ratio: float, lengths: Iterable[float]) -> Iterator[tuple[Training, Cell]]:
    """After each number of rows, by batches of its own."""
    training = replace(begin(attack), setting=replace(attack, name=f"{attack.name}, {batch}, {ratio}")).fork()
    for rows in lengths:
        training.learn([ratio * batch * RATES[attack.rule]] * (round(rows / batch) - training.step), batch)
        yield training, measure(attack, training, batch, ratio, rows)


def let_fall(attack: Attack, training: Training, ratio: float, rows: float) -> Cell:
    """The same after so many rows more, in large batches, while the rate falls to 0."""
    branch, steps = training.fork(), round(rows / LARGE)
    branch.learn((ratio * LARGE * RATES[attack.rule] * (1 - (np.arange(steps) + 0.5) / steps)).tolist(), LARGE)
    return measure(attack, branch, LARGE, 0.0, rows)


def measure(attack: Attack, training: Training, batch: int, ratio: float, rows: float) -> Cell:
    task, nets, starts = training.task, training.nets, begin(attack).nets
    x, y = task.x[:, :1_024], task.y[:, :1_024]
    outs, differ = ask_nets(nets, x[:, None])[-1], answers_differ(task, nets)
    of_right = np.take_along_axis(take_softmax(outs), np.broadcast_to(y[:, None, :, None], (*outs.shape[:3], 1)), -1)
    sizes = [sum(float((part**2).sum()) for part in of) for of in (difference(nets, starts), starts)]
    return Cell(
        batch=batch,
        ratio=ratio,
        rows=rows,
        learned=100 * float((outs.argmax(-1) == y[:, None]).mean()),
        loss=float(-np.log(of_right + 1e-12).mean()),
        moved=float(np.sqrt(sizes[0] / sizes[1])),
        right=100 * float((ask_nets(nets, task.test_x[:, None])[-1].argmax(-1) == task.test_y[:, None]).mean()),
        lead=measure_apart(differ, START) - measure_apart(differ, BATCHES),
    )


def difference(nets: Nets, others: Nets) -> Nets:
    return [part - other for part, other in zip(nets, others, strict=True)]


def reach(track: Sequence[Cell], number: Callable[[Cell], float], value: float) -> Cell | None:
    """Where a training first has this number, between two moments at which it was measured."""
    for before, after in itertools.pairwise(track):
        if number(before) <= value <= number(after):
            return before.mix(after, (value - number(before)) / (number(after) - number(before) or 1))
    return None


def pairs_of(cells: dict[str, Cell], low: Sequence[Cell]) -> dict[str, tuple[Cell, Cell | None]]:
    """Trainings to hold against each other."""
    high, matched = cells["high"], ("known rows", "low loss", "distance")
    return {
        "high: small, large": (cells["small high"], high),
        "low: small, large": (cells["small low"], cells["low"]),
        "one small batch": (cells["small high"], cells["small low"]),
        "one large batch": (high, cells["low"]),
        "one rate": (cells["small high"], cells["low"]),
        "one progress": (high, cells["as far"]),
        "early": (cells["early"], cells["low"]),
        "high: late, not": (cells["late"], high),
        "low: late, not": (cells["as far"], cells["low"]),
    } | {f"one {name}": (high, reach(low, RIVALS[name], RIVALS[name](high))) for name in matched}


def judge_pair(rival: str, first: Cell, second: Cell, least: float) -> float:
    """By how many standard errors the two are as the rival says."""
    numbers, by = [RIVALS[rival](cell) for cell in (first, second)], first.lead - second.lead
    error = max(1e-9, float(by.std(ddof=1)) / math.sqrt(len(by)))
    if abs(numbers[0] - numbers[1]) <= 0.05 * max(numbers):
        return (least - abs(float(by.mean()))) / error
    return (math.copysign(float(by.mean()), (numbers[0] - numbers[1]) * by.mean()) - least) / error


def cells_of(attack: Attack) -> tuple[dict[str, Cell], list[Cell]]:
    """All trainings of a setting, and the one at the low ratio at many moments."""
    (low_ratio, ratio), rows = attack.ratios, attack.rows
    fresh = replace(begin(attack), setting=replace(attack, name=f"{attack.name}, falling"))
    cells = {"fallen throughout": let_fall(attack, fresh, ratio, rows)}
    lengths = {"early": rows / 8, "high": rows, "late": 8 * rows}
    for name, (training, cell) in zip(lengths, train(attack, LARGE, ratio, lengths.values()), strict=True):
        cells[name] = cell
        if name == "high":
            cells["fallen, a quarter"] = let_fall(attack, training, ratio, rows / 4)
            cells["fallen, as many"] = let_fall(attack, training, ratio, rows)
    low = [cell for _, cell in train(attack, LARGE, low_ratio, [rows * 2 ** (half / 2) for half in range(9)])]
    cells |= {"low": low[0], "as far": low[6]}
    for name, of in (("small high", ratio), ("small low", low_ratio)):
        ((_, cells[name]),) = train(attack, SMALL, of, [rows])
    return cells, low


def compare(attack: Attack) -> Iterator[tuple[str, str, float]]:
    """Print a setting's lines; yield what is claimed, where, and by how many errors it is as claimed."""
    cells, low = cells_of(attack)
    right, learned = ([round(getattr(cells[name], of), 1) for name in ("high", "low")] for of in ("right", "learned"))
    print(f"{attack.name}: {attack.seeds} seeds, right {right}, known {learned}")
    words = []
    for name, (claim, sign) in SIGNS.items():
        text, errors = write_interval(cells[name].lead)
        words.append(f"{name}{text} {judge_errors(sign * errors) if sign else ''}")
        if sign:
            yield f"sign: {claim}", f"{attack.name}, {name}", sign * errors
    print("    leads:", "; ".join(words))
    words, least = [], abs(float((cells["high"].lead - cells["low"].lead).mean())) / 4
    for name, (first, second) in pairs_of(cells, low).items():
        if second is None:
            words.append(f"{name} never")
            continue
        verdicts = {rival: judge_pair(rival, first, second, least) for rival in RIVALS}
        after = f" after {second.rows / first.rows:.1f} times the rows" if name in MATCHED else ""
        words.append(f"{name}{after}{write_interval(first.lead - second.lead)[0]} {judge_errors(verdicts['ratio'])}")
        yield f"ratio: {name}", attack.name, verdicts["ratio"]
        yield from ((f"rival: {rival}", f"{attack.name}, {name}", of) for rival, of in verdicts.items())
    print("    differences:", "; ".join(words), flush=True)


def draw_map(attack: Attack) -> Iterator[tuple[str, str, float]]:
    """Print the lead by ratio and rows, and how well rivals sort signs; yield whether each ratio has one sign."""
    print(f"{attack.name}: {attack.seeds} seeds, batches of 8; leads after rows of", *LENGTHS)
    above, below = [], []
    for ratio in RATIOS:
        cells = [cell for _, cell in train(attack, 8, ratio, LENGTHS)]
        texts, errors = zip(*(write_interval(cell.lead) for cell in cells), strict=True)
        one_sign = max(min(errors), -max(errors))
        above += [cell for cell, of in zip(cells, errors, strict=True) if of >= DOUBTFUL]
        below += [cell for cell, of in zip(cells, errors, strict=True) if of <= -DOUBTFUL]
        learned = " ".join(f"{cell.learned:.1f}" for cell in cells)
        print(f"    {ratio:<7}{'  '.join(texts)}  {judge_errors(one_sign)}; known {learned}", flush=True)
        yield "ratio: one sign at all lengths", f"{attack.name}, {ratio}", one_sign
    for rival, number in RIVALS.items():
        higher = np.mean([number(a) > number(b) for a in above for b in below] or [False])
        print(f"    {rival}: higher in {higher:.0%} of pairs of a lead above 0 and one below")


def compare_sizes(attack: Attack, sizes: tuple[int, int], rows: int) -> Iterator[tuple[str, str, float]]:
    """Networks of one start, and of the same rows in the same order, in batches of two sizes."""
    for ratio in attack.ratios:
        small, large = begin(attack).fork(), begin(attack).fork()
        for training, size in zip((small, large), sizes, strict=True):
            training.learn([ratio * size] * (rows // size), size)
        both = [np.concatenate(parts, axis=1) for parts in zip(small.nets, large.nets, strict=True)]
        differ = answers_differ(small.task, both)
        start, batches, size_alone = (measure_apart(differ, pairs) for pairs in (START, BATCHES, SIZES))
        text, errors = write_interval(size_alone - min(start, batches, key=np.mean) / 4)
        print(
            f"{attack.name}, ratio {ratio}: of one start {start.mean():.2f} points apart, of the same batches "
            f"{batches.mean():.2f}, of both, in batches of {sizes}, {size_alone.mean():.2f}: less a quarter {text}",
            flush=True,
        )
        yield "more than the rate for each row", f"{attack.name}, {ratio}", errors


SIGNS = {
    "small high": ("high", 1),
    "high": ("high", 1),
    "small low": ("low", -1),
    "low": ("low", -1),
    "as far": ("as far", -1),
    "fallen throughout": ("fallen throughout", -1),
    "fallen, a quarter": ("fallen after", -1),
    "fallen, as many": ("fallen after", -1),
    "early": ("", 0),
    "late": ("", 0),
}
MATCHED = ("one known rows", "one low loss", "one distance")
LENGTHS, RATIOS = (400, 1_600, 6_400, 25_600, 102_400), (0.001, 0.002, 0.004, 0.008, 0.016, 0.032)
DRAWN: dict[str, Any] = {"ratios": (0.0015, 0.012)}
TEACHER: dict[str, Any] = {"task": "teacher"} | DRAWN
ATTACKS = (
    Attack(name="digits"),
    Attack(name="digits, other stream", stream=STREAM + 2),
    Attack(name="teacher", **TEACHER),
    Attack(name="teacher of 64 neurons", **TEACHER | {"task": "teacher, 64"}),
    Attack(name="teacher of 20 inputs", **TEACHER | {"task": "teacher, 20"}),
    Attack(name="mixture of Gaussians", task="mixture", **DRAWN),
    Attack(name="half-space", task="half-space", **DRAWN),
    Attack(name="product of 2 signs, 1,600 rows", task="signs", rows=1_600, **DRAWN),
    Attack(name="digits, a fifth wrong", task="digits, wrong"),
    Attack(name="digits, no hidden layer", hidden=()),
    Attack(name="teacher, no hidden layer", hidden=(), **TEACHER),
    Attack(name="mixture of Gaussians, no hidden layer", hidden=(), task="mixture", **DRAWN),
    Attack(name="digits, 4 neurons", hidden=(4,)),
    Attack(name="digits, 64 neurons", hidden=(64,)),
    Attack(name="digits, 256 neurons", hidden=(256,), seeds=24),
    Attack(name="teacher, 4 neurons", hidden=(4,), **TEACHER),
    Attack(name="teacher, 64 neurons", hidden=(64,), **TEACHER),
    Attack(name="digits, two hidden layers", hidden=(16, 16)),
    Attack(name="teacher, two hidden layers", hidden=(16, 16), **TEACHER),
    Attack(name="digits, momentum", rule="momentum"),
    Attack(name="teacher, momentum", rule="momentum", **TEACHER),
    Attack(name="digits, Adam", rule="adam"),
    Attack(name="digits, epochs", epochs=True),
    Attack(name="teacher, epochs", epochs=True, **TEACHER),
    Attack(name="digits, starts times 0.3", scale=0.3),
    Attack(name="teacher, starts times 2", scale=2.0, **TEACHER),
    Attack(name="digits, 3,200 rows", rows=3_200),
    Attack(name="teacher, 3,200 rows", rows=3_200, **TEACHER),
)
MAPS = (
    Attack(name="map of digits"),
    Attack(name="map of digits, no hidden layer", hidden=()),
    Attack(name="map of digits, a fifth wrong", task="digits, wrong"),
    Attack(name="map of a teacher", task="teacher"),
    Attack(name="map of a mixture of Gaussians", task="mixture"),
    Attack(name="map of a mixture of Gaussians, no hidden layer", task="mixture", hidden=()),
)


def main() -> int:
    """0 when no line broke a claim of the ratio beyond doubt."""
    lines = list(compare_sizes(Attack(name="digits, same rows", epochs=True), (2, 30), 12_000))
    lines += compare_sizes(Attack(name="teacher, same rows", epochs=True, **TEACHER), (2, 32), 12_800)
    lines += [line for attack in MAPS for line in draw_map(attack)]
    lines += [line for attack in ATTACKS for line in compare(attack)]
    missed = []
    for claim in dict.fromkeys(claim for claim, _, _ in lines):
        errors = {name: z for of, name, z in lines if of == claim}
        verdicts = [judge_errors(z) for z in errors.values()]
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("held", "?", "broke", "BROKE"))
        print(f"{claim}: {counts}, of {len(errors)}; chance breaks {len(errors) / 40:.1f} at most if true")
        broken = [name for name, z in errors.items() if z <= -BROKEN and not claim.startswith("rival")]
        missed += [f"MISSED: {claim}: {'; '.join(broken)}"] if broken else []
    print(*missed, sep="\n")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
