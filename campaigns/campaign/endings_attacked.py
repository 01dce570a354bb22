"""Tries to break an answer, on which of start and batches makes two networks agree, with other code and settings.

Claimed: at a steady learning rate two networks that share their batches, or only the last tenth of them, answer more
rows alike than two that share their start (1); where the rate falls to zero at the end, it is the other way round (2),
and also where a steady rate goes on until all rows are learned (3). The start is hidden, and not forgotten. Here each
seed draws a task or a split, two starts and two sequences of batches, and trains all four pairs, so that the same four
networks are in both comparisons. This shares nothing with the laboratory's program but the digits. Ends with 0 only if
no line broke a claim by 3.29 standard errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from paired_networks import (
    BROKEN,
    DOUBTFUL,
    STREAM,
    Array,
    Measure,
    Nets,
    Pairs,
    Setting,
    Task,
    Training,
    answers_differ,
    ask_nets,
    draw_nets,
    draw_task,
    judge_errors,
    key_of,
    measure_apart,
    share_right,
    take_softmax,
    write_interval,
)


@dataclass(frozen=True, kw_only=True)
class Attack(Setting):
    """What it does not name is the laboratory's: 16 neurons, batches of 16, rate 0.3, 800 steps."""

    endings: tuple[str, ...] = ("steady", "cosine")  # each from the same networks
    ending: float = 0.25  # which part of the steps they take
    more: bool = False  # all of NETS, and other measures


# Each network's start, its sequence of batches, and from which part of the steps on it has the other sequence.
NETS = (
    *((0, 0, 2), (0, 1, 2), (1, 0, 2), (1, 1, 2), (1, 1, 0.9), (0, 0, 0.9)),
    *((1, 1, 0.99), (1, 1, 0.97), (1, 1, 0.7), (1, 0, 0.9), (0, 0, 0.99)),  # of `more` alone
)
PAIRS: dict[str, Pairs] = {
    "nothing": ((0, 3), (1, 2)),
    "start": ((0, 1), (2, 3)),
    "batches": ((0, 2), (1, 3)),
    "tenth": ((0, 4),),
    "all but a tenth": ((0, 5),),
}
MORE: dict[str, Pairs] = {
    "the last 1 % of batches": ((0, 6),),
    "the last 3 % of batches": ((0, 7),),
    "the last 10 % of batches": ((0, 4),),
    "the last 30 % of batches": ((0, 8),),
    "all batches but the last 10 %": ((0, 9),),
    "start, and all batches but the last 10 %": ((0, 5),),
    "start, and all batches but the last 1 %": ((0, 10),),
}


def nets_of(attack: Attack) -> tuple[tuple[int, int, float], ...]:
    """Which networks it trains."""
    return NETS if attack.more else NETS[:6]


def rates_of(schedule: str, lr: float, steps: int) -> list[float]:
    """The learning rate of each step."""
    done = (np.arange(steps) + 0.5) / steps
    shapes = {
        "steady": np.ones(steps),
        "cosine": (1 + np.cos(np.pi * done)) / 2,
        "linear": 1 - done,
        "tenth of the rate": np.full(steps, 0.1),
        "stairs": np.where(done < 0.5, 1.0, np.where(done < 0.75, 0.1, 0.01)),
        "warm-up": np.minimum(10 * done, (1 + np.cos(np.pi * done)) / 2),
        "rising": np.minimum(10 * done, 1),
    }
    return [float(lr * share) for share in shapes[schedule]]


def train(attack: Attack) -> Iterator[tuple[str, Task, Nets, Nets]]:
    """Each ending's name, the task, and the networks before and after it."""
    rng = np.random.default_rng([*key_of(attack), 0])
    task = draw_task(attack.task, attack.seeds, rng)
    orders = nets_of(attack)
    trunk = Training(attack, task, draw_nets(attack, task, rng, [start for start, _, _ in orders]), orders)
    last = round(attack.ending * attack.steps)
    rates = rates_of(attack.schedule, attack.lr, attack.steps)
    trunk.learn(rates[:-last], attack.batch)
    for ending in attack.endings:
        branch = trunk.fork()
        shape = ending if ending in {"cosine", "linear", "tenth of the rate"} else "steady"
        rest = rates[-last:] if attack.schedule != "steady" else rates_of(shape, attack.lr, last)
        branch.learn(rest, 16 * attack.batch if ending == "large batches" else attack.batch, ending == "averaged")
        yield ending, task, trunk.nets, branch.mean or branch.nets


def measures_of(task: Task, nets: Nets) -> dict[str, Measure]:
    """How far apart two networks of each seed are, in points; rows or one number of each seed."""
    outs = ask_nets(nets, task.test_x[:, None])[-1]
    answers = outs.argmax(axis=-1)
    right, chance = answers == task.test_y[:, None], take_softmax(outs)
    flat = np.concatenate([part.reshape(*part.shape[:2], -1) for part in nets], axis=2)

    def lose_between(a: int, b: int) -> Array:
        middle = ask_nets([(part[:, a] + part[:, b]) / 2 for part in nets], task.test_x)[-1].argmax(axis=-1)
        return np.asarray((right[:, a] * 0.5 + right[:, b] * 0.5) - (middle == task.test_y))

    return {
        "answers": answers_differ(task, nets),
        "probabilities, total variation": lambda a, b: abs(chance[:, a] - chance[:, b]).sum(axis=-1) / 2,
        "accuracy, absolute difference": lambda a, b: abs(right[:, a].mean(1) - right[:, b].mean(1))[:, None],
        "which rows are wrong": lambda a, b: right[:, a] != right[:, b],
        "wrong in both, by other answers": lambda a, b: ~right[:, a] & ~right[:, b] & (answers[:, a] != answers[:, b]),
        "weights, 1 - cosine": lambda a, b: 1 - cosine(flat[:, a], flat[:, b])[:, None],
        "weights, 1 - cosine, neurons matched": lambda a, b: 1 - cosine_matched(nets, a, b)[:, None],
        "accuracy lost half-way between weights": lose_between,
    }


def cosine(a: Array, b: Array) -> Array:
    """Of the last axis."""
    return np.asarray((a * b).sum(-1) / np.sqrt((a * a).sum(-1) * (b * b).sum(-1)))


def cosine_matched(nets: Nets, a: int, b: int) -> Array:
    """Of two networks of each seed with one hidden layer, whose neurons are paired greedily, the likest first."""
    into, offsets, out, last = nets
    neurons = np.concatenate([into, offsets, out.swapaxes(-1, -2)], axis=2).swapaxes(-1, -2)
    first, second = neurons[:, a], neurons[:, b]
    likeness = cosine(first[:, :, None], second[:, None])
    products, every = (last[:, a, 0] * last[:, b, 0]).sum(-1), np.arange(len(into))
    for _ in range(first.shape[1]):
        best = likeness.reshape(len(into), -1).argmax(axis=1)
        p, q = np.divmod(best, first.shape[1])
        products += (first[every, p] * second[every, q]).sum(-1)
        likeness[every, p], likeness[every, :, q] = -9, -9
    sizes = [(neurons[:, n] ** 2).sum((1, 2)) + (last[:, n, 0] ** 2).sum(-1) for n in (a, b)]
    return np.asarray(products / np.sqrt(sizes[0] * sizes[1]))


def compare(attack: Attack) -> Iterator[tuple[str, str, float]]:
    """Print a line for each ending; yield the claims, its name, and by how many errors each is as claimed."""
    for ending, task, before, nets in train(attack):
        name = f"{attack.name}: {ending}"
        far, earlier = (
            {of: measure_apart(answers_differ(task, of_nets), PAIRS[of]) for of in PAIRS} for of_nets in (nets, before)
        )
        learned = share_right(nets, task.x[:, :1_024], task.y[:, :1_024])
        differences = [write_interval(far["start"] - far[other]) for other in ("batches", "tenth", "nothing")]
        rest = far["batches"] - far["nothing"], earlier["start"] - earlier["batches"]
        differences += map(write_interval, rest)
        edge, tenth, before_ending = differences[0][1], differences[1][1], differences[4][1]
        if ending == "steady":
            claims = {"3": -edge} if learned > 99.95 else {"1": edge, "1, last tenth": tenth}
        else:
            claims = {"2": -edge} | ({"2, turned": -edge} if before_ending >= DOUBTFUL else {})
        print(
            f"{name:<53}{attack.seeds:4}{share_right(nets, task.test_x, task.test_y):6.1f}{learned:6.1f} "
            + "".join(f"{values.mean():6.2f}" for values in far.values())
            + "".join(f"  {words}" for words, _ in differences)
            + "  "
            + ", ".join(f"{claim} {judge_errors(errors)}" for claim, errors in claims.items()),
            flush=True,
        )
        yield from ((claim, name, errors) for claim, errors in claims.items())
        if attack.more and ending in {"steady", "cosine"}:
            print_more(ending, task, nets)


def print_more(ending: str, task: Task, nets: Nets) -> None:
    """Other measures of the same networks, and other things to share."""
    measures = measures_of(task, nets)
    for name, measure in measures.items():
        far = [measure_apart(measure, PAIRS[shared]) for shared in ("nothing", "start", "batches")]
        edge, *others = (write_interval(far[a] - far[b])[0] for a, b in ((1, 2), (1, 0), (2, 0)))
        print(
            f"    {ending}, by {name:<50}{'':6}{''.join(f'{values.mean():6.2f}' for values in far)}"
            f"{'':12}  {edge}{'':16}  {'  '.join(others)}"
        )
    start = measure_apart(measures["answers"], PAIRS["start"])
    for name, pairs in MORE.items():
        values = measure_apart(measures["answers"], pairs)
        edge = write_interval(start - values)[0]
        print(f"    {ending}, sharing {name:<50}{'':19}{values.mean():6.2f}{'':12}  {edge}")


ENDINGS = ("steady", "cosine", "linear", "tenth of the rate", "averaged", "large batches")
NEW: dict[str, Any] = {"task": "teacher", "steps": 1_600}
FALLING: dict[str, Any] = {"schedule": "cosine", "endings": ("cosine throughout",)}
CLAIMED = (
    Attack(name="digits", endings=ENDINGS, more=True, seeds=256),
    Attack(name="digits, other stream", stream=STREAM + 1, seeds=128),
    Attack(name="digits, 64 neurons", hidden=(64,)),
    Attack(name="digits", **FALLING),
    Attack(name="digits, 6,400 steps", steps=6_400, seeds=48),
    Attack(name="teacher", endings=ENDINGS, more=True, **NEW),
    Attack(name="teacher, other stream", stream=STREAM + 1, **NEW),
    Attack(name="teacher, rate 0.1", lr=0.1, **NEW),
    Attack(name="teacher, 64 neurons", hidden=(64,), seeds=64, **NEW),
    Attack(name="teacher", **NEW, **FALLING),
    Attack(name="teacher, rate 0.1", lr=0.1, **NEW, **FALLING),
    Attack(name="teacher, 64 neurons", hidden=(64,), seeds=64, **NEW, **FALLING),
)
ATTACKS = (
    *(Attack(name=f"teacher, last {part:.0%}", ending=part, endings=("cosine",), **NEW) for part in (0.05, 0.5, 0.75)),
    Attack(name="teacher of 2 answers", **NEW | {"task": "teacher, 2 answers"}),
    Attack(name="teacher of 2 answers, rate 0.1", **NEW | {"task": "teacher, 2 answers"}, lr=0.1),
    Attack(name="teacher of 20 inputs", **NEW | {"task": "teacher, 20"}),
    Attack(name="teacher of 20 inputs, rate 0.1", **NEW | {"task": "teacher, 20"}, lr=0.1),
    Attack(name="teacher, two hidden layers", hidden=(16, 16), seeds=64, **NEW),
    Attack(name="teacher, 6,400 steps", **NEW | {"steps": 6_400}, seeds=32),
    Attack(name="mixture of Gaussians", **NEW | {"task": "mixture"}),
    Attack(name="mixture of Gaussians", **NEW | {"task": "mixture"}, **FALLING),
    Attack(name="mixture of Gaussians, 64 neurons", **NEW | {"task": "mixture"}, hidden=(64,), seeds=64),
    Attack(name="mixture of Gaussians, rate 0.1", **NEW | {"task": "mixture"}, lr=0.1),
    Attack(name="half-space", **NEW | {"task": "half-space"}),
    Attack(name="half-space", **NEW | {"task": "half-space"}, **FALLING),
    Attack(name="half-space, rate 0.1", **NEW | {"task": "half-space"}, lr=0.1),
    Attack(name="product of 2 signs, rate 0.1, 100 steps", task="signs", steps=100, lr=0.1),
    Attack(name="digits, a fifth wrong", task="digits, wrong"),
    Attack(name="digits, a fifth wrong, 6,400 steps", task="digits, wrong", steps=6_400, seeds=32),
    Attack(name="digits, no hidden layer", hidden=()),
    Attack(name="digits, no hidden layer", hidden=(), **FALLING),
    *(
        Attack(name=f"digits, no hidden layer, last {part:.0%}", hidden=(), ending=part, endings=("cosine",))
        for part in (0.05, 0.5, 0.75)
    ),
    Attack(name="digits, no hidden layer, 6,400 steps", hidden=(), steps=6_400, seeds=32),
    *(Attack(name=f"digits, {wide} neurons", hidden=(wide,)) for wide in (4, 8)),
    Attack(name="digits, 256 neurons", hidden=(256,), seeds=24),
    Attack(name="digits, two hidden layers", hidden=(16, 16)),
    *(Attack(name=f"digits, rate {lr}", lr=lr) for lr in (0.01, 0.03, 0.1, 1.0)),
    *(Attack(name=f"digits, {steps:,} steps", steps=steps) for steps in (100, 200, 1_600)),
    *(
        Attack(name=f"digits, batches of {size}, rate {lr}", batch=size, lr=lr, seeds=96 if size < 256 else 24)
        for size, lr in ((1, 0.03), (1, 0.1), (4, 0.1), (4, 0.3), (64, 0.3), (64, 1.0), (256, 0.3))
    ),
    *(
        Attack(name=f"digits, batches of {size}, rate {lr}", batch=size, lr=lr, **FALLING)
        for size, lr in ((1, 0.1), (4, 0.3))
    ),
    Attack(name="digits, momentum, rate 0.03", rule="momentum", lr=0.03),
    Attack(name="digits, Adam, rate 0.003", rule="adam", lr=0.003),
    Attack(name="digits, Adam, rate 0.01", rule="adam", lr=0.01),
    Attack(name="digits, epochs", epochs=True),
    *(Attack(name=f"digits, starts times {scale}", scale=scale) for scale in (0.3, 2.0)),
    *(
        Attack(name="digits", schedule=name, endings=(f"{name} throughout",))
        for name in ("linear", "stairs", "warm-up")
    ),
)
TEXT = f"""Limits: small ReLU networks, 1,200 rows of digits or 8,192 rows drawn; batches drawn anew, but for "epochs".
Each seed has a task or split of its own. Unless named: 16 neurons, batches of 16, rate 0.3, 800 steps of digits and
1,600 of others. Right, known: per cent of held-out rows and of 1,024 learned ones. Apart: points of held-out rows that
two networks answer differently, which share nothing, the start, all batches, the last tenth of them alone (10 %), or
the start and all batches but that tenth (90 %). Then differences of these, by seed, with 1.96 standard errors: above 0,
batches, or their last tenth, bring nearer than the start; below 0, what is named brings nearer than nothing. Last,
start less batches before the ending. An ending is the last quarter of the training, or as named. The same
four networks are in what shares the start and in what shares batches, so that accuracy cannot make their difference.
Claims: 1, batches bring nearer than the start at a steady rate; 1, last tenth: that tenth alone does; 2, the start
brings nearer where the rate falls, or the noise of the last steps is averaged out; 2, turned: so where the batches did
before; 3, the start does at a steady rate once all rows are known. Held and broke pass {DOUBTFUL} standard errors,
BROKE {BROKEN}; else "?". Lines with four spaces look again at the networks of the line above.
"""
HEADS = (
    f"{'':53}     right known  apart, sharing:                start -        start -        start -       "
    " batches -      start - batches",
    f"{'':52}seeds   %     %   nothing start batch  10 %  90 %  batches        tenth          nothing       "
    " nothing        before ending    claims",
)


def main() -> int:
    """0 when no line broke a claim beyond doubt."""
    print(TEXT, *HEADS, sep="\n")
    lines = [line for attack in CLAIMED for line in compare(attack)]
    print("attacks")
    lines += [line for attack in ATTACKS for line in compare(attack)]
    missed = []
    for claim in sorted({claim for claim, _, _ in lines}):
        errors = {name: z for of, name, z in lines if of == claim}
        verdicts = [judge_errors(z) for z in errors.values()]
        by_chance = f"chance would break {len(errors) / 40:.1f} if nothing differed"
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("held", "?", "broke", "BROKE"))
        print(f"claim {claim}: {counts}, of {len(errors)}; {by_chance}")
        broken = [name for name, z in errors.items() if z <= -BROKEN]
        missed += [f"MISSED: claim {claim}: {'; '.join(broken)}"] if broken else []
    print(*missed, sep="\n")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
