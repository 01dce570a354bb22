"""Networks trained beside each other, some of one start and some of the same batches: what attacks on both share."""

import itertools
import math
import zlib
from collections.abc import Callable, Sequence
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
class Setting:
    """What is trained, and how."""

    name: str
    task: str = "digits"
    hidden: tuple[int, ...] = (16,)
    batch: int = 16
    lr: float = 0.3
    steps: int = 800
    rule: str = "plain"
    schedule: str = "steady"
    epochs: bool = False  # draw without replacement
    scale: float = 1.0  # of the starts
    seeds: int = 64
    stream: int = STREAM


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
        inside = 64 if "64" in name else 8
        inner = rng.standard_normal((seeds, inputs, inside)).astype(np.float32)
        outer = rng.standard_normal((seeds, inside, 2 if "2 answers" in name else 3)).astype(np.float32)
        scores = np.maximum(x @ inner, 0) @ outer
        y = (scores - np.median(scores, axis=1, keepdims=True)).argmax(axis=2)
    else:
        x = np.sign(x) if name == "signs" else x
        y = ((x[..., :2] if name == "signs" else x[..., :1]).prod(axis=2) > 0).astype(int)
    return Task(x[:, tested:], y[:, tested:], x[:, :tested], y[:, :tested])


def key_of(setting: Setting) -> list[int]:
    """Where its draws come from: no two lines share any."""
    return [setting.stream, zlib.crc32(f"{setting.name} {setting.schedule}".encode())]


def draw_nets(setting: Setting, task: Task, rng: np.random.Generator, starts: Sequence[int]) -> Nets:
    """The starts: Gaussian weights of variance 2 over inputs, no offsets."""
    sizes = (task.x.shape[2], *setting.hidden, 1 + int(task.y.max()))
    nets: Nets = []
    for inputs, outputs in itertools.pairwise(sizes):
        drawn = rng.standard_normal((setting.seeds, 2, inputs, outputs)) * setting.scale * math.sqrt(2 / inputs)
        nets += [drawn.astype(np.float32)[:, starts], np.zeros((setting.seeds, len(starts), 1, outputs), np.float32)]
    return nets


def ask_nets(nets: Nets, x: Array) -> list[Array]:
    """What goes into each layer, and what comes out of the last one."""
    values = [x]
    for layer, (weights, offsets) in enumerate(zip(nets[::2], nets[1::2], strict=True)):
        out = values[-1] @ weights + offsets
        values.append(np.maximum(out, 0, out=out) if 2 * layer + 2 < len(nets) else out)
    return values


def take_softmax(out: Array) -> Array:
    """Softmax."""
    powers = np.exp(out - out.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@dataclass
class Training:
    """What is trained, as it stands."""

    setting: Setting
    task: Task
    nets: Nets
    orders: Sequence[tuple[int, int, float]]  # start, sequence of batches, and until which part of the steps it has it
    step: int = 0
    memory: list[Nets] = field(default_factory=list)  # of momentum and of Adam
    mean: Nets = field(default_factory=list)  # of the weights since it was asked for
    epoch: tuple[int, Array] = (-1, np.zeros(0))

    def batch_of(self, size: int) -> Array:
        """Which rows each seed's two sequences learn from now."""
        setting, rows = self.setting, self.task.x.shape[1]
        key, epoch = key_of(setting), self.step // (rows // size)
        if not setting.epochs:
            return np.random.default_rng([*key, 1, self.step]).integers(rows, size=(setting.seeds, 2, size))
        if self.epoch[0] != epoch:
            order = np.broadcast_to(np.arange(rows), (setting.seeds, 2, rows))
            self.epoch = (epoch, np.random.default_rng([*key, 2, epoch]).permuted(order, axis=2))
        return self.epoch[1][..., (at := self.step % (rows // size) * size) : at + size]

    def learn(self, rates: Sequence[float], size: int, average: bool = False) -> None:
        """Take so many steps."""
        every = np.arange(self.setting.seeds)[:, None, None]
        self.mean = [np.zeros_like(part) for part in self.nets] if average else []
        for rate in rates:
            rows = self.batch_of(size)
            done = self.step / self.setting.steps
            orders = [order if done < until else 1 - order for _, order, until in self.orders]
            x, y = self.task.x[every, rows][:, orders], self.task.y[every, rows][:, orders]
            values = ask_nets(self.nets, x)
            back = take_softmax(values[-1])
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
        if self.setting.rule == "plain":
            return slopes
        self.memory = self.memory or [[np.zeros_like(part) for part in slopes] for _ in range(2)]
        first, second = self.memory
        if self.setting.rule == "momentum":
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


def measure_apart(measure: Measure, pairs: Pairs) -> Array:
    """By seed, the mean over pairs of networks, in points."""
    return np.asarray(np.mean([100 * measure(a, b).mean(axis=1) for a, b in pairs], axis=0))


def write_interval(values: Array) -> tuple[str, float]:
    """The mean with 1.96 standard errors, and how many standard errors it is from 0."""
    error = max(1e-9, float(values.std(ddof=1)) / math.sqrt(len(values)))
    return f"{values.mean():+6.2f} ±{1.96 * error:5.2f}", float(values.mean()) / error


def share_right(nets: Nets, x: Array, y: Array) -> float:
    """Of the four networks of each seed, in per cent."""
    return float(100 * (ask_nets([part[:, :4] for part in nets], x[:, None])[-1].argmax(axis=-1) == y[:, None]).mean())


def answers_differ(task: Task, nets: Nets) -> Measure:
    """On which rows two networks of each seed answer differently."""
    answers = ask_nets(nets, task.test_x[:, None])[-1].argmax(axis=-1)
    return lambda a, b: np.asarray(answers[:, a] != answers[:, b])


def judge_errors(errors: float) -> str:
    """In a word, from standard errors."""
    return "held" if errors >= DOUBTFUL else "BROKE" if errors <= -BROKEN else "broke" if errors <= -DOUBTFUL else "?"
