"""Does the border between step sizes that train and those that do not stay jagged at every scale?

Why it matters: whoever tunes a learning rate takes it that a little more or less changes little. If the border is a
fractal at every scale, near it no measurement of the rate is fine enough to foretell how training ends.

Sohl-Dickstein (2024) counted boxes of this border in pictures, one draw of data and start for each of six settings,
and found dimensions from 1.17 to 1.98. Our map of the same plane, trainability, rises over its levels from 1.20 to 1.70
for tanh, so what it counts is not yet what is there in the end. Here lines take the place of pictures. Sixteen of them
run through the plane of two step sizes, from a thousandth to a million, and are cut in 64 pieces; of the pieces at
whose two ends training ends otherwise we choose 16, cut these in 64, and so on, seven times, to two trillionths of a
power of ten. Each time changes are counted over pieces and over pieces eight times as long. The power of length by
which these two differ is the dimension along a line, and one more is that in the plane: the uncertainty exponent of
Grebogi et al. (1983), taken where the border is. A smooth border has exactly 1, one that is everywhere 2, and Cantor's
set 1.63, of which the estimates lay between 1.61 and 1.70 in eight seeds.

The rivals differ in numbers. If training tells step sizes apart as any smooth function does, the dimension falls to 1
at fine scales; if what pictures show is rounding, it falls to 1 in sixteen digits where seven end, at differences of a
millionth. In the limit of many hidden units none of them matters, so the border might smooth as the width grows, and
Liu (2024) finds in made-up losses that the dimension depends on the number of parameters: one series widens the network
alone, another its inputs and its data as well.

We expect a border that is as jagged at every scale and width, with 1.9 of 2 dimensions. In a pilot of one to three
seeds of a kind, 4, 16 and 64 units had 1.90 to 1.99, four units on four inputs 1.90 and 1.94, momentum 1.94, ReLU 1.92
and 1.99, and Adam 1.87 and 1.94 where a network has learned that halves its loss; nearly each goes on learning with
Adam, whatever its step size. In 15 seeds batches of 16 had 1.93 to 2.00, in 16 linear networks 1.40 to 2.02. The border
of one example, a line on our map and here down to differences of a thousandth, had 1.17 to 1.79 below, and more below a
millionth than above in 14 of 16 seeds. In six seeds seven digits had up to 0.12 less than sixteen, or up to 0.05 more.
With spreads as in the pilot, most numbers take 8 to 32 seeds, those of optimisers, units and digits up to 200. A
replicate takes 18 minutes, of which 256 units take eight.

History: 1, first version.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, optimizers, pixel_networks, precision, progress, tiles

LOW, HIGH = -3.0, 6.0  # powers of ten, between which a line runs
APART = 1.0  # powers of ten at most by which the line of one window lies beside the middle
WINDOWS = 16  # of a level
PIECES, COARSE = 64, 8  # of a window, and how many of them make a coarse one
FIRST = 2  # level that counts: the border as a whole is smoother than its parts
DEEP = 4  # first level that single precision does not reach
OPTIMIZERS = {"plain": pixel_networks.PLAIN, "momentum": optimizers.MOMENTUM, "adam": optimizers.ADAMW}
THIRDS = 33  # steps of Cantor's set: more are beyond double precision
Doubles = npt.NDArray[np.float64]
Fates = npt.NDArray[np.bool_]
State = tuple[Doubles, Fates]  # the windows of a level, and which points learned so far, of this level and all before


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int = 16  # hidden units
    optimizer: str = "plain"  # plain, momentum or adam
    digits: int = 16  # that the arithmetic keeps: 7 or 16
    activation: str = "tanh"  # tanh, relu or linear
    batch: int = 0  # examples of each step; 0 is all
    goal: float = 1.0  # part of the first loss below which a network has learned
    steps: int = 500
    levels: int = 7  # each 64 times as fine as the one before
    inputs: int = 16  # 0: as many as hidden units
    examples: int = 272  # 0: as many as weights
    control: str = "none"  # smooth: the last layer alone learns; cantor: with step sizes on two sides of Cantor's set

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Inputs, examples, and how many of these a step sees."""
        inputs = self.inputs or self.width
        examples = self.examples or (inputs + 1) * self.width
        return inputs, examples, self.batch or examples


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    dimension: float | None  # of the border in the plane, from the third level on; None where a level shows no border
    shallow: float | None  # of the third and the fourth level
    deep: float | None  # of those behind
    deepening: float | None  # deep minus shallow
    learned: float  # share of all points of whole lines
    coarse_by_level: tuple[float, ...]  # coarse pieces at whose ends networks end otherwise, for each window
    fine_by_level: tuple[float, ...]  # and fine ones


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes lines, data, start and batches; where finer windows lie hangs on what is seen."""
    own = "" if config.control == "none" else f" of {config.width} units"
    apart = chance.stream(seed, f"lines{own}").uniform(-APART, APART, WINDOWS)
    whole = np.stack([apart, np.full(WINDOWS, LOW), np.full(WINDOWS, HIGH)], axis=1)
    parts = tiles.batches(WINDOWS * (PIECES + 1), pixel_networks.together(config.width, config.sizes[-1]))
    train = _trainer(config, seed)

    def step(state: State, number: int) -> State:
        (windows, fates), (level, part) = state, divmod(number, len(parts))
        fates = np.concatenate([fates, train(*_points(windows)[:, parts[part]])])
        if part + 1 < len(parts):
            return windows, fates
        learned = fates.reshape(level + 1, WINDOWS, PIECES + 1)[level]
        return find_finer(windows, learned, chance.stream(seed, f"windows behind level {level}{own}")), fates

    none: State = (whole, np.zeros(0, bool))
    _, fates = progress.blocks(none, step, config.levels * len(parts))
    return _measures(fates.reshape(config.levels, WINDOWS, PIECES + 1))


def _points(windows: Doubles) -> Doubles:
    """How far the line of each point lies beside the middle, and where it lies on its line, in powers of ten."""
    apart, low, high = windows.T[:, :, None]
    shares = np.arange(PIECES + 1) / PIECES
    return np.stack([np.ravel(apart + 0.0 * shares), np.ravel(low + (high - low) * shares)])


def find_finer(windows: Doubles, learned: Fates, rng: np.random.Generator) -> Doubles:
    """Windows for the next level: pieces at whose ends networks end otherwise, or the same where there is none."""
    rows, columns = np.nonzero(learned[:, 1:] != learned[:, :-1])
    if not len(rows):
        return windows
    drawn = rng.choice(len(rows), len(windows), replace=len(rows) < len(windows))
    (apart, low, high), column = windows[rows[drawn]].T, columns[drawn]
    size = (high - low) / PIECES
    return np.stack([apart, low + size * column, low + size * (column + 1)], axis=1)


def count_changes(learned: Fates, size: int) -> float:
    """Pieces of so many fine ones at whose two ends networks end otherwise, for each window."""
    ends = learned[:, ::size]
    return float(np.mean(np.count_nonzero(ends[:, 1:] != ends[:, :-1], axis=1)))


def _measures(learned: Fates) -> Measures:
    coarse, fine = (tuple(count_changes(level, size) for level in learned) for size in (COARSE, 1))
    shallow, deep = _dimension(coarse[FIRST:DEEP], fine[FIRST:DEEP]), _dimension(coarse[DEEP:], fine[DEEP:])
    return Measures(
        dimension=_dimension(coarse[FIRST:], fine[FIRST:]),
        shallow=shallow,
        deep=deep,
        deepening=None if shallow is None or deep is None else deep - shallow,
        learned=float(learned[0].mean()),
        coarse_by_level=coarse,
        fine_by_level=fine,
    )


def _dimension(coarse: Sequence[float], fine: Sequence[float]) -> float | None:
    """Of the border in the plane, from the counts along lines; None where there is none."""
    if not coarse or min(coarse) == 0.0:
        return None
    return 1.0 + float(np.log(np.divide(fine, coarse)).mean()) / math.log(COARSE)


def _trainer(config: Config, seed: int) -> Callable[[Doubles, Doubles], Fates]:
    """What tells of points on lines whether a network learns with the step sizes that belong to them."""
    inputs, examples, seen = config.sizes
    draw = chance.stream(seed, "data")
    data = draw.standard_normal((examples, inputs)), draw.standard_normal(examples)
    draw = chance.stream(seed, "start")
    start = draw.standard_normal((inputs, config.width)), draw.standard_normal(config.width)
    chosen = None
    if config.batch:
        chosen = chance.stream(seed, "batches").integers(0, examples, (config.steps, seen))

    def train(apart: Doubles, along: Doubles) -> Fates:
        if config.control == "cantor":
            along = np.where(find_cantor_side((along - LOW) / (HIGH - LOW)), HIGH, LOW)
        first, last = 10.0 ** (along + apart), 10.0 ** (along - apart)
        with precision.digits(config.digits) as kind:
            program = pixel_networks.trainer(
                config.activation,
                config.steps,
                seen,
                is_sampled=bool(config.batch),
                optimizer=OPTIMIZERS[config.optimizer],
                goal=config.goal,
            )
            rates = [jnp.asarray(rate, kind) for rate in (0.0 * first if config.control != "none" else first, last)]
            fixed = [tuple(jnp.asarray(array, kind) for array in pair) for pair in (start, data)]
            learned, _, losses = program(None, *rates, *fixed, chosen)
            progress.early(losses)
        return np.asarray(learned)

    return train


def find_cantor_side(shares: Doubles) -> Fates:
    """Of places between 0 and 1, on which of two sides of a border they lie that is Cantor's set.

    The middle third is on one side; each third beside it holds the whole picture, the upper one with sides exchanged.
    So along a line the border has the dimension log 2 / log 3, and 1.63 in the plane.
    """
    sides, is_open = np.zeros(shares.shape, bool), np.ones(shares.shape, bool)
    for _ in range(THIRDS):
        digits, shares = np.floor(3.0 * shares), 3.0 * shares % 1.0
        is_open = is_open & (digits != 1.0)
        sides = sides ^ (is_open & (digits == 2.0))
    return sides


def _seconds(config: Config) -> float:
    inputs, _, seen = config.sizes
    bends = 6.6e-10 if config.activation == "tanh" else 1e-10  # of a unit for an example
    begun = 1e-7 if seen < pixel_networks.FEW else 7e-7 if config.batch else 3e-7
    step = begun + config.width * seen * (bends + 7e-11 * inputs) * (1.0 if config.digits > 7 else 0.5)
    return 0.05 + config.levels * WINDOWS * (PIECES + 1) * config.steps * step


PLANE = {
    "width": 16,
    "optimizer": "plain",
    "digits": 16,
    "activation": "tanh",
    "batch": 0,
    "goal": 1.0,
    "examples": 272,
}
PILOT = partial(Prediction, because="one to 16 seeds of a pilot, other than these")
BORDER = partial(Estimand, kind=Kind.LEVEL, measure="dimension", between=(PLANE,), smallest=0.05, bounds=(0.0, 3.0))
BESIDE = partial(Estimand, kind=Kind.CONTRAST, measure="dimension", smallest=0.05, bounds=(-2.0, 2.0))
ALONG = partial(Estimand, kind=Kind.SLOPE, measure="dimension", across="width", smallest=0.01)
SMALL = partial(grid, Config, levels=[4], steps=[50])
TINY = partial(SMALL, inputs=[0], examples=[0])

experiment = Experiment(
    name="border_dimension",
    version=1,
    question="Does the border between step sizes that train and those that do not stay jagged at every scale?",
    reference="Sohl-Dickstein 2024, arXiv:2402.06184; Liu 2024, arXiv:2406.13971; Torkamandi 2025, arXiv:2501.04286; "
    "Grebogi et al. 1983, Final state sensitivity: an obstruction to predictability, Phys. Lett. A 99, 415",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, width=[4, 16, 64, 256]),
        *grid(Config, width=[4, 8, 32], inputs=[0], examples=[0]),
        Config(digits=7, levels=4),
        Config(optimizer="momentum"),
        *grid(Config, optimizer=["plain", "adam"], goal=[0.5]),
        Config(activation="relu"),
        Config(activation="linear", examples=16),
        Config(examples=1),
        Config(batch=16),
    ),
    ranges={
        "width": (2, 512),
        "goal": (0.05, 1.0),
        "batch": (0, 500),
        "steps": (50, 5_000),
        "examples": (0, 2_000),
        "inputs": (0, 64),
    },
    estimands=(
        BORDER(
            name="more_than_a_line",
            claim="the border between step sizes that train a tanh network and those that do not is more than a line, "
            "among step sizes that differ by less than a thousandth",
            null=1.0,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(1.88, 1.96)),
            published=Published(
                value=1.66, reference="Sohl-Dickstein 2024, arXiv:2402.06184 (one draw, boxes in pictures)"
            ),
        ),
        BORDER(
            name="more_than_a_line_for_one_example",
            claim="the border between step sizes that train a tanh network on one example and those that do not is "
            "more than a line, among step sizes that differ by less than a thousandth",
            between=(PLANE | {"examples": 1},),
            null=1.0,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(1.66, 1.77)),
            published=Published(
                value=1.41, reference="Sohl-Dickstein 2024, arXiv:2402.06184 (one draw, boxes in pictures)"
            ),
        ),
        BORDER(
            name="more_than_a_line_for_linear",
            claim="the border between step sizes that train a linear network on 16 examples and those that do not is "
            "more than a line, among step sizes that differ by less than a thousandth",
            between=(PLANE | {"activation": "linear", "examples": 16},),
            null=1.0,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(1.6, 1.88)),
            published=Published(
                value=1.17, reference="Sohl-Dickstein 2024, arXiv:2402.06184 (one draw, boxes in pictures)"
            ),
        ),
        BORDER(
            name="less_than_the_plane",
            claim="the border between step sizes that train a tanh network and those that do not has a smaller "
            "dimension than the plane, among step sizes that differ by less than a thousandth",
            null=2.0,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.74, absent=0.25, interval=(1.88, 1.96)),
        ),
        BORDER(
            name="deeper_as_jagged",
            claim="a tanh network's border between step sizes that train and those that do not has the same dimension "
            "among step sizes that differ by less than a millionth as among others",
            measure="deepening",
            bounds=(-2.0, 2.0),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.25, negative=0.1, absent=0.65, interval=(-0.02, 0.06)),
        ),
        BORDER(
            name="one_example_more_jagged_deeper",
            claim="the border between step sizes that train a tanh network on one example and those that do not has "
            "a larger dimension among step sizes that differ by less than a millionth than among others",
            measure="deepening",
            between=(PLANE | {"examples": 1},),
            bounds=(-2.0, 2.0),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.1, 0.24)),
        ),
        BESIDE(
            name="rounding",
            claim="among step sizes that differ by a thousandth to a millionth, the border of training has the same "
            "dimension in seven digits as in sixteen",
            measure="shallow",
            between=(PLANE | {"digits": 7}, PLANE),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.35, absent=0.63, interval=(-0.09, 0.02)),
        ),
        BESIDE(
            name="momentum",
            claim="with momentum the border of training has the same dimension as without",
            between=(PLANE | {"optimizer": "momentum"}, PLANE),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.27, negative=0.03, absent=0.7, interval=(0.0, 0.05)),
        ),
        BESIDE(
            name="adam",
            claim="the border between step sizes that halve the loss and those that do not has the same dimension "
            "with Adam as with plain descent",
            between=(PLANE | {"optimizer": "adam", "goal": 0.5}, PLANE | {"goal": 0.5}),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.2, negative=0.15, absent=0.65, interval=(-0.04, 0.06)),
        ),
        BESIDE(
            name="relu",
            claim="the border of training has the same dimension with ReLU as with tanh units",
            between=(PLANE | {"activation": "relu"}, PLANE),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.3, negative=0.04, absent=0.66, interval=(0.0, 0.08)),
        ),
        BESIDE(
            name="batches",
            claim="the border of training has a larger dimension with batches of 16 than with all examples",
            between=(PLANE | {"batch": 16}, PLANE),
            expects=Direction.MORE,
            prediction=PILOT(positive=0.5, negative=0.01, absent=0.49, interval=(0.02, 0.08)),
        ),
        ALONG(
            name="along_width",
            claim="the border between step sizes that train a tanh network and those that do not has the same "
            "dimension in wide networks as in narrow ones",
            between=({name: level for name, level in PLANE.items() if name != "width"},),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.1, negative=0.1, absent=0.8, interval=(-0.008, 0.008)),
        ),
        ALONG(
            name="along_size",
            claim="the border between step sizes that train a tanh network and those that do not has the same "
            "dimension in small networks as in large ones, where examples are as many as weights",
            between=({"inputs": 0},),
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.15, negative=0.15, absent=0.7, interval=(-0.012, 0.008)),
        ),
    ),
    controls=(
        Control(
            estimand="more_than_a_line_for_one_example",
            placebo=SMALL(examples=[1], control=["smooth"]),
            planted=SMALL(examples=[1], control=["cantor"]),
        ),
        Control(
            estimand="along_size",
            placebo=TINY(width=[4, 6, 8], control=["smooth"]),
            planted=(*TINY(width=[4, 6], control=["smooth"]), *TINY(width=[8], control=["cantor"])),
            side=Direction.MORE,
        ),
    ),
    figure=Figure(
        x="width",
        y="dimension",
        log=("x",),
        title="How jagged the border of training is",
        where={"digits": 16, "goal": 1.0},
    ),
    setting="tanh and ReLU networks at step sizes on the border of training",
    headlines=(
        Headline(
            says="Tanh networks' learn-or-fail border is about as jagged up close and in wider ones",
            when={
                "more_than_a_line": Direction.MORE,
                "deeper_as_jagged": Direction.ABSENT,
                "along_width": Direction.ABSENT,
            },
        ),
        Headline(
            says="Up close, tanh networks' learn-or-fail border stays as jagged when taught many examples",
            when={"more_than_a_line": Direction.MORE, "deeper_as_jagged": Direction.ABSENT},
        ),
        Headline(
            says="Up close, tanh networks' learn-or-fail border grows more jagged when taught many examples",
            when={"more_than_a_line": Direction.MORE, "deeper_as_jagged": Direction.MORE},
        ),
        Headline(
            says="These networks' border between learning and failing is jagged, and less so up close",
            when={"more_than_a_line": Direction.MORE, "deeper_as_jagged": Direction.LESS},
        ),
        Headline(
            says="Even among nearly equal step sizes, these networks' learn-or-fail border is jagged",
            when={"more_than_a_line": Direction.MORE},
        ),
        Headline(
            says="Among nearly equal step sizes, these networks' learn-or-fail border is smooth",
            when={"more_than_a_line": Direction.ABSENT},
        ),
    ),
    words={
        "dimension": "the dimension of the border of training",
        "shallow": "the dimension of the border above a millionth",
        "deep": "the dimension of the border below a millionth",
        "deepening": "how much the border's dimension rises below a millionth",
        "learned": "the share of step sizes that train",
        "width": "{value} hidden neurons",
        "optimizer": "optimiser",
        "optimizer=plain": "plain descent",
        "optimizer=momentum": "momentum",
        "optimizer=adam": "Adam",
        "digits": "digits of arithmetic",
        "digits=7": "seven-digit arithmetic",
        "digits=16": "sixteen-digit arithmetic",
        "activation": "kind of units",
        "activation=tanh": "tanh units",
        "activation=relu": "ReLU units",
        "activation=linear": "linear units",
        "batch": "batches of {value}",
        "batch=0": "all examples in each step",
        "goal": "a loss below {value} of the first",
        "steps": "{value} training steps",
        "levels": "{value} levels of zoom",
        "examples": "{value} training examples",
        "examples=0": "as many examples as weights",
        "inputs": "{value} inputs",
        "inputs=0": "as many inputs as hidden neurons",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
