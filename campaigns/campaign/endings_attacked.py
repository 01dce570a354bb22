"""Tries to break an answer, on which of start and batches makes two networks agree, with other code and settings.

Claimed: at a steady learning rate two networks that share their batches, or only the last tenth of them, answer more
rows alike than two that share their start (1); where the rate falls to zero at the end, it is the other way round (2),
and also where a steady rate goes on until all rows are learned (3). The start is hidden, and not forgotten. Here each
seed draws a task or a split, two starts and two sequences of batches, and trains all four pairs, so that the same four
networks are in both comparisons. This shares nothing with the laboratory's program but the digits. Ends with 0 only if
no line broke a claim by 3.29 standard errors.
"""

import itertools
import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from axiom.kit import digits

STREAM = 20_261_130  # of all draws here
BROKEN, DOUBTFUL = 3.29, 1.96
Array: TypeAlias = npt.NDArray[Any]
Nets: TypeAlias = list[Array]  # weights and offsets of each layer, by seed and network
Measure: TypeAlias = Callable[[int, int], Array]  # of two of each seed's networks
Pairs: TypeAlias = tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class Attack:
    """One setting. What it does not name is the laboratory's: 16 neurons, batches of 16, rate 0.3, 800 steps."""

    name: str
    task: str = "digits"
    hidden: tuple[int, ...] = (16,)
    batch: int = 16
    lr: float = 0.3
    steps: int = 800
    rule: str = "plain"
    schedule: str = "steady"  # before the endings
    endings: tuple[str, ...] = ("steady", "cosine")  # each from the same networks
    ending: float = 0.25  # which part of the steps they take
    epochs: bool = False  # draw without replacement
    scale: float = 1.0  # of the starts
    seeds: int = 64
    stream: int = STREAM
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


@dataclass(frozen=True)
class Task:
    """Rows to learn and rows to ask, by seed."""

    x: Array
    y: Array
    test_x: Array
    test_y: Array


def draw_task(name: str, seeds: int, rng: np.random.Generator) -> Task:
    """A task, or a split of the digits, for each seed."""
    if name.startswith("digits"):
        splits = [digits.task(rng, train=1_200, test=597) for _ in range(seeds)]
        x, y, test_x, test_y = (
            np.stack([getattr(split, part) for split in splits]) for part in ("x_train", "y_train", "x_test", "y_test")
        )
        wrong = rng.random(y.shape) < (0.2 if "wrong" in name else 0.0)
        return Task(x, np.where(wrong, rng.integers(10, size=y.shape), y), test_x, test_y)
    rows, tested, inputs = 8_192, 1_024, 20 if "20" in name else 10
    x = rng.standard_normal((seeds, rows + tested, inputs)).astype(np.float32)
    if name == "mixture":
        y = rng.integers(5, size=x.shape[:2])
        centres = rng.standard_normal((seeds, 5, inputs)).astype(np.float32)
        x += np.take_along_axis(centres, y[..., None], axis=1)
    elif "teacher" in name:
        inner = rng.standard_normal((seeds, inputs, 8)).astype(np.float32)
        outer = rng.standard_normal((seeds, 8, 2 if "2 answers" in name else 3)).astype(np.float32)
        scores = np.maximum(x @ inner, 0) @ outer
        y = (scores - np.median(scores, axis=1, keepdims=True)).argmax(axis=2)
    else:
        x = np.sign(x) if name == "signs" else x
        y = ((x[..., :2] if name == "signs" else x[..., :1]).prod(axis=2) > 0).astype(int)
    return Task(x[:, tested:], y[:, tested:], x[:, :tested], y[:, :tested])


def nets_of(attack: Attack) -> tuple[tuple[int, int, float], ...]:
    """Which networks it trains."""
    return NETS if attack.more else NETS[:6]


def key_of(attack: Attack) -> list[int]:
    """Where its draws come from: no two lines share any."""
    return [attack.stream, zlib.crc32(f"{attack.name} {attack.schedule}".encode())]


def draw_nets(attack: Attack, task: Task, rng: np.random.Generator) -> Nets:
    """The starts: Gaussian weights of variance 2 over inputs, no offsets."""
    sizes = (task.x.shape[2], *attack.hidden, 1 + int(task.y.max()))
    starts = [start for start, _, _ in nets_of(attack)]
    nets: Nets = []
    for inputs, outputs in itertools.pairwise(sizes):
        drawn = rng.standard_normal((attack.seeds, 2, inputs, outputs)) * attack.scale * math.sqrt(2 / inputs)
        nets += [drawn.astype(np.float32)[:, starts], np.zeros((attack.seeds, len(starts), 1, outputs), np.float32)]
    return nets


def ask(nets: Nets, x: Array) -> list[Array]:
    """What goes into each layer, and what comes out of the last one."""
    values = [x]
    for layer, (weights, offsets) in enumerate(zip(nets[::2], nets[1::2], strict=True)):
        out = values[-1] @ weights + offsets
        values.append(np.maximum(out, 0, out=out) if 2 * layer + 2 < len(nets) else out)
    return values


def chances(out: Array) -> Array:
    """Softmax."""
    powers = np.exp(out - out.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@dataclass
class Training:
    """What is trained, as it stands."""

    attack: Attack
    task: Task
    nets: Nets
    step: int = 0
    memory: list[Nets] = field(default_factory=list)  # of momentum and of Adam
    mean: Nets = field(default_factory=list)  # of the weights since it was asked for
    epoch: tuple[int, Array] = (-1, np.zeros(0))

    def batch_of(self, size: int) -> Array:
        """Which rows each seed's two sequences learn from now."""
        attack, rows = self.attack, self.task.x.shape[1]
        key, epoch = key_of(attack), self.step // (rows // size)
        if not attack.epochs:
            return np.random.default_rng([*key, 1, self.step]).integers(rows, size=(attack.seeds, 2, size))
        if self.epoch[0] != epoch:
            order = np.broadcast_to(np.arange(rows), (attack.seeds, 2, rows))
            self.epoch = (epoch, np.random.default_rng([*key, 2, epoch]).permuted(order, axis=2))
        return self.epoch[1][..., (at := self.step % (rows // size) * size) : at + size]

    def learn(self, rates: Sequence[float], size: int, average: bool = False) -> None:
        """Take so many steps."""
        every = np.arange(self.attack.seeds)[:, None, None]
        self.mean = [np.zeros_like(part) for part in self.nets] if average else []
        for rate in rates:
            rows = self.batch_of(size)
            done = self.step / self.attack.steps
            orders = [order if done < until else 1 - order for _, order, until in nets_of(self.attack)]
            x, y = self.task.x[every, rows][:, orders], self.task.y[every, rows][:, orders]
            values = ask(self.nets, x)
            back = chances(values[-1])
            np.put_along_axis(back, y[..., None], np.take_along_axis(back, y[..., None], axis=-1) - 1, axis=-1)
            back /= size
            slopes: Nets = []
            for weights, put in zip(self.nets[-2::-2], values[-2::-1], strict=True):
                slopes = [put.swapaxes(-1, -2) @ back, back.sum(axis=-2, keepdims=True), *slopes]
                if put is not x:
                    back = (back @ weights.swapaxes(-1, -2)) * (put > 0)
            self.step += 1
            for part, change in zip(self.nets, self.changes(slopes), strict=True):
                np.subtract(part, np.float32(rate) * change, out=part)
            for total, part in zip(self.mean, self.nets, strict=bool(average)):
                np.add(total, part / np.float32(len(rates)), out=total)

    def changes(self, slopes: Nets) -> Nets:
        """What the rule makes of the slopes."""
        if self.attack.rule == "plain":
            return slopes
        self.memory = self.memory or [[np.zeros_like(part) for part in slopes] for _ in range(2)]
        first, second = self.memory
        if self.attack.rule == "momentum":
            self.memory[0] = [0.9 * old + new for old, new in zip(first, slopes, strict=True)]
            return self.memory[0]
        first = [0.9 * old + 0.1 * new for old, new in zip(first, slopes, strict=True)]
        second = [0.999 * old + 0.001 * new * new for old, new in zip(second, slopes, strict=True)]
        self.memory = [first, second]
        a, b = 1 - 0.9**self.step, 1 - 0.999**self.step
        return [m / a / (np.sqrt(v / b) + 1e-8) for m, v in zip(first, second, strict=True)]

    def fork(self) -> "Training":
        """The same once more, to end otherwise."""
        return replace(
            self, nets=[part.copy() for part in self.nets], memory=[[p.copy() for p in nets] for nets in self.memory]
        )


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
    trunk = Training(attack, task, draw_nets(attack, task, rng))
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
    outs = ask(nets, task.test_x[:, None])[-1]
    answers = outs.argmax(axis=-1)
    right, chance = answers == task.test_y[:, None], chances(outs)
    flat = np.concatenate([part.reshape(*part.shape[:2], -1) for part in nets], axis=2)

    def lose_between(a: int, b: int) -> Array:
        middle = ask([(part[:, a] + part[:, b]) / 2 for part in nets], task.test_x)[-1].argmax(axis=-1)
        return np.asarray((right[:, a] * 0.5 + right[:, b] * 0.5) - (middle == task.test_y))

    return {
        "answers": lambda a, b: answers[:, a] != answers[:, b],
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


def apart(measure: Measure, pairs: Pairs) -> Array:
    """By seed, the mean over pairs of networks, in points."""
    return np.asarray(np.mean([100 * measure(a, b).mean(axis=1) for a, b in pairs], axis=0))


def interval(values: Array) -> tuple[str, float]:
    """The mean with 1.96 standard errors, and how many standard errors it is from 0."""
    error = max(1e-9, float(values.std(ddof=1)) / math.sqrt(len(values)))
    return f"{values.mean():+6.2f} ±{1.96 * error:5.2f}", float(values.mean()) / error


def share_right(nets: Nets, x: Array, y: Array) -> float:
    """Of the four networks of each seed, in per cent."""
    return float(100 * (ask([part[:, :4] for part in nets], x[:, None])[-1].argmax(axis=-1) == y[:, None]).mean())


def compare(attack: Attack) -> Iterator[tuple[str, str, float]]:
    """Print a line for each ending; yield the claims, its name, and by how many errors each is as claimed."""
    for ending, task, before, nets in train(attack):
        name = f"{attack.name}: {ending}"
        far, earlier = (
            {of: apart(answers_differ(task, of_nets), PAIRS[of]) for of in PAIRS} for of_nets in (nets, before)
        )
        learned = share_right(nets, task.x[:, :1_024], task.y[:, :1_024])
        differences = [interval(far["start"] - far[other]) for other in ("batches", "tenth", "nothing")]
        differences += [interval(far["batches"] - far["nothing"]), interval(earlier["start"] - earlier["batches"])]
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
            + ", ".join(f"{claim} {verdict(errors)}" for claim, errors in claims.items()),
            flush=True,
        )
        yield from ((claim, name, errors) for claim, errors in claims.items())
        if attack.more and ending in {"steady", "cosine"}:
            print_more(ending, task, nets)


def answers_differ(task: Task, nets: Nets) -> Measure:
    """On which rows two networks of each seed answer differently."""
    return measures_of(task, nets)["answers"]


def verdict(errors: float) -> str:
    """In a word, from standard errors."""
    return "held" if errors >= DOUBTFUL else "BROKE" if errors <= -BROKEN else "broke" if errors <= -DOUBTFUL else "?"


def print_more(ending: str, task: Task, nets: Nets) -> None:
    """Other measures of the same networks, and other things to share."""
    measures = measures_of(task, nets)
    for name, measure in measures.items():
        far = [apart(measure, PAIRS[shared]) for shared in ("nothing", "start", "batches")]
        edge, *others = (interval(far[a] - far[b])[0] for a, b in ((1, 2), (1, 0), (2, 0)))
        print(
            f"    {ending}, by {name:<50}{'':6}{''.join(f'{values.mean():6.2f}' for values in far)}"
            f"{'':12}  {edge}{'':16}  {'  '.join(others)}"
        )
    start = apart(measures["answers"], PAIRS["start"])
    for name, pairs in MORE.items():
        values = apart(measures["answers"], pairs)
        print(f"    {ending}, sharing {name:<50}{'':19}{values.mean():6.2f}{'':12}  {interval(start - values)[0]}")


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
        verdicts = [verdict(z) for z in errors.values()]
        by_chance = f"chance would break {len(errors) / 40:.1f} if nothing differed"
        counts = ", ".join(f"{verdicts.count(word)} {word}" for word in ("held", "?", "broke", "BROKE"))
        print(f"claim {claim}: {counts}, of {len(errors)}; {by_chance}")
        broken = [name for name, z in errors.items() if z <= -BROKEN]
        missed += [f"MISSED: claim {claim}: {'; '.join(broken)}"] if broken else []
    print(*missed, sep="\n")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
