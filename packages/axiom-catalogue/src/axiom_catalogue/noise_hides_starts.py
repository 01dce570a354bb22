"""Does the noise of training decide whether two networks agree by their start or by their batches?

Why it matters: whoever wants two trainings to agree, or an ensemble to differ, must know what to share. If the ratio of
learning rate to batch size decides that, it and the number of rows tell it before the training; if batch size or rate
does, a recipe for one batch size says nothing about another.

Two networks that share their batches agreed more than two that share their start, at a constant rate and with batches
of 16; with batches of 91 and 302, at the same rates, it was not so (see starts_and_last_batches). The noise of gradient
descent is known to grow with the rate over the batch size: Mandt et al. (2017), Jastrzebski et al. (2017) and Smith &
Le (2018) hold that this ratio decides where it ends, and Goyal et al. (2017) that rate and batch may grow together. So
here a config names that ratio as its noise and its batch, and the rate is their product. All batch sizes see the same
rows in the same order. The lead of batches is the share of new rows that two networks of one start answer differently,
less that of two networks with other starts that saw the same batches.

We expect that noise decides. At high noise the lead is positive, and a shared last tenth of the batches is enough; at
low noise it is negative; and batches of 2 to 32 are alike. While the rate falls to zero, noise does, and the lead is
negative, however high it was before.

The rivals name other numbers. If batch size alone decides, two noises at one batch size have the same lead. If the
rate alone decides, one rate with two batch sizes has the same lead, and rates 16 times apart at one noise have not. If
it is how far training has come, which is the rate times the steps, low noise after many rows leads as high noise
would.

One end of the law we know. Once a network has all rows of its training right, their gradients are small, and so is the
noise that its rate makes of them: on digits after 102,400 rows a shared start wins at high noise, too. The teacher's
rows are more, and not all learned by then.

Five searches of public pages, issues and code on 29 November 2026, for rate over batch size with disagreement, memory
of the start, common noise and the works above, gave nobody who shares batches between networks of unlike starts at
several noises. Nearest are Mignacco & Urbani (2021), who measure noise by how far two networks of one start part, Das
et al. (2026), who find that networks remember their start at low rates, and Li & Xie (2024, arXiv:2412.11341), whose
networks of other starts see the same rows. The searches were short, and of abstracts.

An attack with other code, tasks and widths came after. At one number of rows the ratio decided, and neither batch size
nor rate did. But with other numbers of rows one ratio had either sign; without a hidden layer progress told more; with
4 neurons a shared start won at high noise, too; and at low noise batches of 2 and 32 that hold the same rows in one
order give nearly the same networks, so that these are alike is arithmetic.

Larger batches need rates at high noise that are too high to learn with: with batches of 64 and a rate of 1.28, digits
often fail.

History: 1, first version, of which no result was weighed: the eight seeds of one placebo happened to lie on one side,
where 600 others had a mean of -0.0002. 2, other seeds; 24 were computed, with batches of 64, outside the range. 3,
other seeds, and batches of 32.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, digits, models, progress, schedules, training
from axiom.kit.data import LearningTask
from axiom.kit.optimizers import Rates

SHOWN, TESTED = 1_200, 597  # images
DRAWN, ASKED = 8_192, 1_024  # rows of the teacher
LAST = 0.1  # share of the batches
PAIRS = ("start", "batches", "last tenth")  # by what the second network of each has in common with the first


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies. The learning rate is noise times batch."""

    noise: float  # learning rate over batch size
    batch: int = 8
    examples: int = 12_800  # rows seen, of which many come again
    falls: float = 0.0  # share of the training, at its end, in which the learning rate falls to zero along a cosine
    task: str = "digits"  # or teacher
    width: int = 32
    control: str = "none"  # placebo: no pair shares anything; or the pair that shares all, while the others do nothing


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    lead: float  # how much more often two of one start differ than two of the same batches
    last: float  # how much more often two that share the last tenth of their batches differ than two of one start
    of_start: float  # share of the asked rows that two of one start answer differently
    of_batches: float
    accuracy: float  # of the first
    accuracy_shown: float  # of the first, on the rows of its training


def run(config: Config, seed: int) -> Measures:
    """One cell: a network, and one beside it for each pair. The first is the same whatever they share."""
    task = TASKS[config.task](seed)
    first = _rows(config, seed, task, "first")
    second = _rows(config, seed, task, "second")
    last = len(first) - round(LAST * (len(first) // config.batch)) * config.batch
    late = np.concatenate([second[:last], first[last:]])
    learners = [("first", first), *zip(("first", "second", "second"), (second, first, late), strict=True)]
    if config.control != "none":
        alone = [(pair, _rows(config, seed, task, pair)) for pair in PAIRS]
        learners[1:] = [learners[0] if config.control == pair[0] else pair for pair in alone]

    def learn(answers: list[list[npt.NDArray[np.int32]]], number: int) -> list[list[npt.NDArray[np.int32]]]:
        return [*answers, _answers(config, seed, task, *learners[number])]

    nothing: list[list[npt.NDArray[np.int32]]] = []
    (own, shown), *others = progress.blocks(nothing, learn, len(learners))
    start, batches, late_batches = (float(np.mean(own != answers)) for answers, _ in others)
    return Measures(
        lead=start - batches,
        last=late_batches - start,
        of_start=start,
        of_batches=batches,
        accuracy=float(np.mean(own == task.y_test)),
        accuracy_shown=float(np.mean(shown == task.y_train)),
    )


def _rows(config: Config, seed: int, task: LearningTask, name: str) -> npt.NDArray[np.int32]:
    """The rows of all batches, one after the other: the same whatever the size of a batch."""
    steps = config.examples // config.batch
    rows = chance.stream(seed, f"rows {name}").integers(0, len(task.x_train), size=config.examples, dtype=np.int32)
    return rows[: steps * config.batch]


def _answers(
    config: Config, seed: int, task: LearningTask, start: str, rows: npt.NDArray[np.int32]
) -> list[npt.NDArray[np.int32]]:
    """What a network of this start says, after these rows, of the asked rows and of those of its training."""
    steps, rate = len(rows) // config.batch, config.noise * config.batch
    falling = round(config.falls * steps)
    rates = schedules.constant(rate, steps=steps - falling), schedules.cosine(rate, steps=falling)
    sizes = (task.x_train.shape[1], config.width, 1 + int(task.y_train.max()))
    _, (answers,) = training.trained(
        models.mlp(chance.stream(seed, f"start {start}"), sizes),
        task,
        rows[None],
        watch=lambda net: [training.answers(net, inputs) for inputs in (task.x_test, task.x_train)],
        rates=Rates(lr=np.concatenate(rates)),
        batch=config.batch,
    )
    return answers


def images(seed: int) -> LearningTask:
    """Handwritten digits, of which each seed asks others."""
    return digits.task(chance.stream(seed, "images"), train=SHOWN, test=TESTED)


def teacher(seed: int) -> LearningTask:
    """Gaussian rows that a small random network, of each seed its own, has labelled."""
    return data.teacher(
        chance.stream(seed, "teacher"), inputs=10, classes=4, train=DRAWN, test=ASKED, hidden=8, activation="tanh"
    )


TASKS: dict[str, Callable[[int], LearningTask]] = {"digits": images, "teacher": teacher}


def _seconds(config: Config) -> float:
    inputs = {"digits": 64, "teacher": 10}[config.task]
    steps = config.examples / config.batch
    return 5e-3 + 4 * steps * (4.2e-6 + 3.2e-11 * config.batch * config.width * inputs)


CONSTANT: dict[str, object] = {"falls": 0.0, "examples": 12_800}
DIGITS = CONSTANT | {"task": "digits"}
TEACHER = CONSTANT | {"task": "teacher"}
HIGH, LOW, LOWER = ({"noise": noise} for noise in (0.02, 0.0025, 0.001))  # at batch sizes and widths that are left open
FALLING, LONG, LONGER = {"falls": 1.0}, {"examples": 102_400}, {"examples": 256_000}
CROSSED = {"digits": [0.002, 0.016], "teacher": [0.0015, 0.012]}  # noises that meet each batch size
PILOT = partial(Prediction, because="pilots of 16 to 120 seeds, and 24 seeds of the second version, other than these")
LEAD = partial(Estimand, measure="lead", in_words="{percent} percentage points", bounds=(-1.0, 1.0))
LEADS = partial(LEAD, kind=Kind.LEVEL, smallest=0.002, expects=Direction.MORE)
TRAILS = partial(LEAD, kind=Kind.LEVEL, smallest=0.002, expects=Direction.LESS)
GAINS = partial(LEAD, kind=Kind.CONTRAST, smallest=0.005, expects=Direction.MORE)
ALIKE = partial(LEAD, kind=Kind.CONTRAST, expects=Direction.ABSENT)


def _design(place: Mapping[str, object], control: str = "none") -> tuple[Config, ...]:
    return grid(Config, control=[control], **{word: [value] for word, value in place.items()})


def _crossed(task: str) -> tuple[Config, ...]:
    return grid(Config, task=[task], noise=CROSSED[task], batch=[2, 4, 32])


def _alone(estimand: str, place: Mapping[str, object], pair: str, side: Direction) -> Control:
    """Where no pair shares anything, none leads; a pair that shares all gives the same answers."""
    return Control(estimand=estimand, placebo=_design(place, "placebo"), planted=_design(place, pair), side=side)


def _beside(estimand: str, first: Mapping[str, object], second: Mapping[str, object]) -> Control:
    """The same of two places: batches are all in the first, and the start in the second."""
    return Control(
        estimand=estimand,
        placebo=_design(first, "placebo") + _design(second, "placebo"),
        planted=_design(first, "batches") + _design(second, "start"),
        side=Direction.MORE,
    )


experiment = Experiment(
    name="noise_hides_starts",
    version=3,
    question="Does the noise of training decide whether two networks agree by their start or by their batches?",
    reference="Mandt et al. 2017, arXiv:1704.04289; Goyal et al. 2017, arXiv:1706.02677; Jastrzebski et al. 2017, "
    "arXiv:1711.04623; Smith & Le 2018, arXiv:1710.06451; Mignacco & Urbani 2021, arXiv:2112.10852; Das et al. 2026, "
    "arXiv:2605.29152",
    run=run,
    measures=Measures,
    sweep=(
        *_design(DIGITS | HIGH),
        *_design(DIGITS | LOW),
        *_design(DIGITS | HIGH | FALLING),
        *_design(DIGITS | HIGH | LONG),
        *_design(DIGITS | LOW | LONG),
        *_design(TEACHER | HIGH),
        *_design(TEACHER | LOWER),
        *_design(TEACHER | HIGH | FALLING),
        *_design(TEACHER | HIGH | LONG),
        *_design(TEACHER | LOWER | LONGER),
        *_crossed("digits"),
        *_crossed("teacher"),
    ),
    ranges={"noise": (5e-4, 0.02), "batch": (2, 32), "width": (16, 128)},
    estimands=(
        LEADS(
            name="high_digits",
            claim="at a learning rate of 0.02 times the batch size, two networks of one start answer more "
            "digits differently than two that saw the same batches",
            between=(DIGITS | HIGH,),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.006, 0.011)),
        ),
        TRAILS(
            name="low_digits",
            claim="at a learning rate of 0.0025 times the batch size, two networks of one start answer fewer "
            "digits differently than two that saw the same batches",
            between=(DIGITS | LOW,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.019, -0.013)),
        ),
        TRAILS(
            name="last_digits",
            claim="at a learning rate of 0.02 times the batch size, two networks that share only the last tenth "
            "of their batches answer fewer digits differently than two of one start",
            measure="last",
            between=(DIGITS | HIGH,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.009, -0.005)),
        ),
        TRAILS(
            name="falling_digits",
            claim="when the learning rate falls to zero from 0.02 times the batch size, two networks of one "
            "start answer fewer digits differently than two that saw the same batches",
            between=(DIGITS | HIGH | FALLING,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.0063, -0.004)),
        ),
        TRAILS(
            name="as_far_digits",
            claim="at a learning rate of 0.0025 times the batch size, and after 102,400 rows, so that training "
            "has come as far as at high noise, two networks of one start answer fewer digits differently "
            "than two that saw the same batches",
            between=(DIGITS | LOW | LONG,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.007, -0.004)),
        ),
        TRAILS(
            name="learned_digits",
            claim="at a learning rate of 0.02 times the batch size, and after 102,400 rows, two networks of one "
            "start answer fewer digits differently than two that saw the same batches",
            between=(DIGITS | HIGH | LONG,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.008, -0.0055)),
        ),
        LEADS(
            name="small_high_digits",
            claim="at a learning rate of 0.016 times the batch size, and with batches of 2, two networks of one "
            "start answer more digits differently than two that saw the same batches",
            between=(DIGITS | {"noise": 0.016, "batch": 2},),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.006, 0.011)),
        ),
        TRAILS(
            name="small_low_digits",
            claim="at a learning rate of 0.002 times the batch size, and with batches of 2, two networks of one "
            "start answer fewer digits differently than two that saw the same batches",
            between=(DIGITS | {"noise": 0.002, "batch": 2},),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.026, -0.02)),
        ),
        LEADS(
            name="large_high_digits",
            claim="at a learning rate of 0.016 times the batch size, and with batches of 32, two networks of "
            "one start answer more digits differently than two that saw the same batches",
            between=(DIGITS | {"noise": 0.016, "batch": 32},),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.006, 0.012)),
        ),
        TRAILS(
            name="large_low_digits",
            claim="at a learning rate of 0.002 times the batch size, and with batches of 32, two networks of "
            "one start answer fewer digits differently than two that saw the same batches",
            between=(DIGITS | {"noise": 0.002, "batch": 32},),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.026, -0.02)),
        ),
        ALIKE(
            name="sizes_high_digits",
            claim="at a learning rate of 0.016 times the batch size, batches of 32 lead over a start on digits "
            "by as much as batches of 2",
            between=(DIGITS | {"noise": 0.016, "batch": 32}, DIGITS | {"noise": 0.016, "batch": 2}),
            smallest=0.006,
            prediction=PILOT(positive=0.08, negative=0.02, absent=0.9, interval=(-0.001, 0.002)),
        ),
        ALIKE(
            name="sizes_low_digits",
            claim="at a learning rate of 0.002 times the batch size, batches of 32 lead over a start on digits "
            "by as much as batches of 2",
            between=(DIGITS | {"noise": 0.002, "batch": 32}, DIGITS | {"noise": 0.002, "batch": 2}),
            smallest=0.006,
            prediction=PILOT(positive=0.04, negative=0.01, absent=0.95, interval=(-0.001, 0.001)),
        ),
        GAINS(
            name="noises_digits",
            claim="with batches of 4, a learning rate of 0.016 times the batch size makes batches lead over a "
            "start on digits by more than one of 0.002 times the batch size",
            between=(DIGITS | {"noise": 0.016, "batch": 4}, DIGITS | {"noise": 0.002, "batch": 4}),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.027, 0.035)),
        ),
        GAINS(
            name="rates_digits",
            claim="at a learning rate of 0.064, batches of 4 lead over a start on digits by more than batches of 32",
            between=(DIGITS | {"noise": 0.016, "batch": 4}, DIGITS | {"noise": 0.002, "batch": 32}),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.026, 0.034)),
        ),
        LEADS(
            name="high_teacher",
            claim="at a learning rate of 0.02 times the batch size, two networks of one start answer more of a "
            "teacher's rows differently than two that saw the same batches",
            between=(TEACHER | HIGH,),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.051, 0.061)),
        ),
        TRAILS(
            name="low_teacher",
            claim="at a learning rate of 0.001 times the batch size, two networks of one start answer fewer of "
            "a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | LOWER,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.116, -0.105)),
        ),
        TRAILS(
            name="last_teacher",
            claim="at a learning rate of 0.02 times the batch size, two networks that share only the last tenth "
            "of their batches answer fewer of a teacher's rows differently than two of one start",
            measure="last",
            between=(TEACHER | HIGH,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.057, -0.048)),
        ),
        TRAILS(
            name="falling_teacher",
            claim="when the learning rate falls to zero from 0.02 times the batch size, two networks of one "
            "start answer fewer of a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | HIGH | FALLING,),
            prediction=PILOT(positive=0.013, negative=0.96, absent=0.027, interval=(-0.0085, -0.003)),
        ),
        TRAILS(
            name="as_far_teacher",
            claim="at a learning rate of 0.001 times the batch size, and after 256,000 rows, so that training "
            "has come as far as at high noise, two networks of one start answer fewer of a teacher's rows "
            "differently than two that saw the same batches",
            between=(TEACHER | LOWER | LONGER,),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.028, -0.023)),
        ),
        LEADS(
            name="long_teacher",
            claim="at a learning rate of 0.02 times the batch size, and after 102,400 rows, two networks of one "
            "start answer more of a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | HIGH | LONG,),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.038, 0.05)),
        ),
        LEADS(
            name="small_high_teacher",
            claim="at a learning rate of 0.012 times the batch size, and with batches of 2, two networks of one "
            "start answer more of a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | {"noise": 0.012, "batch": 2},),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.03, 0.038)),
        ),
        TRAILS(
            name="small_low_teacher",
            claim="at a learning rate of 0.0015 times the batch size, and with batches of 2, two networks of "
            "one start answer fewer of a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | {"noise": 0.0015, "batch": 2},),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.08, -0.072)),
        ),
        LEADS(
            name="large_high_teacher",
            claim="at a learning rate of 0.012 times the batch size, and with batches of 32, two networks of "
            "one start answer more of a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | {"noise": 0.012, "batch": 32},),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.036, 0.044)),
        ),
        TRAILS(
            name="large_low_teacher",
            claim="at a learning rate of 0.0015 times the batch size, and with batches of 32, two networks of "
            "one start answer fewer of a teacher's rows differently than two that saw the same batches",
            between=(TEACHER | {"noise": 0.0015, "batch": 32},),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.079, -0.07)),
        ),
        ALIKE(
            name="sizes_high_teacher",
            claim="at a learning rate of 0.012 times the batch size, batches of 32 lead over a start on a "
            "teacher's rows by as much as batches of 2",
            between=(TEACHER | {"noise": 0.012, "batch": 32}, TEACHER | {"noise": 0.012, "batch": 2}),
            smallest=0.02,
            prediction=PILOT(positive=0.024, negative=0.006, absent=0.97, interval=(0.003, 0.008)),
        ),
        ALIKE(
            name="sizes_low_teacher",
            claim="at a learning rate of 0.0015 times the batch size, batches of 32 lead over a start on a "
            "teacher's rows by as much as batches of 2",
            between=(TEACHER | {"noise": 0.0015, "batch": 32}, TEACHER | {"noise": 0.0015, "batch": 2}),
            smallest=0.02,
            prediction=PILOT(positive=0.08, negative=0.02, absent=0.9, interval=(0.0, 0.002)),
        ),
        GAINS(
            name="noises_teacher",
            claim="with batches of 4, a learning rate of 0.012 times the batch size makes batches lead over a "
            "start on a teacher's rows by more than one of 0.0015 times the batch size",
            between=(TEACHER | {"noise": 0.012, "batch": 4}, TEACHER | {"noise": 0.0015, "batch": 4}),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.105, 0.119)),
        ),
        GAINS(
            name="rates_teacher",
            claim="at a learning rate of 0.048, batches of 4 lead over a start on a teacher's rows by more than "
            "batches of 32",
            between=(TEACHER | {"noise": 0.012, "batch": 4}, TEACHER | {"noise": 0.0015, "batch": 32}),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.104, 0.118)),
        ),
    ),
    controls=(
        _alone("high_digits", DIGITS | HIGH, "batches", Direction.MORE),
        _alone("low_digits", DIGITS | LOW, "start", Direction.LESS),
        _alone("last_digits", DIGITS | HIGH, "last tenth", Direction.LESS),
        _alone("high_teacher", TEACHER | HIGH, "batches", Direction.MORE),
        _alone("low_teacher", TEACHER | LOWER, "start", Direction.LESS),
        _beside("sizes_high_digits", DIGITS | {"noise": 0.016, "batch": 32}, DIGITS | {"noise": 0.016, "batch": 2}),
        _beside("rates_digits", DIGITS | {"noise": 0.016, "batch": 4}, DIGITS | {"noise": 0.002, "batch": 32}),
        _beside("sizes_high_teacher", TEACHER | {"noise": 0.012, "batch": 32}, TEACHER | {"noise": 0.012, "batch": 2}),
    ),
    figure=Figure(
        x="noise",
        y="lead",
        title="The lead of batches, by noise and batch size",
        log=("x",),
        where=DIGITS,
        along="learning rate over batch size",
    ),
    setting="small ReLU classifiers that learn at more or less noise",
    headlines=(
        Headline(
            says="Here, shared batches align networks more at high step-to-batch ratios, shared starts at low",
            when={
                "high_digits": Direction.MORE,
                "low_digits": Direction.LESS,
                "high_teacher": Direction.MORE,
                "low_teacher": Direction.LESS,
                "sizes_high_digits": Direction.ABSENT,
                "sizes_low_digits": Direction.ABSENT,
                "sizes_high_teacher": Direction.ABSENT,
                "sizes_low_teacher": Direction.ABSENT,
                "noises_digits": Direction.MORE,
                "noises_teacher": Direction.MORE,
                "rates_digits": Direction.MORE,
                "rates_teacher": Direction.MORE,
            },
        ),
        Headline(
            says="At 12,800 examples, shared batches align jumpily trained networks more, starts calmly trained ones",
            when={
                "high_digits": Direction.MORE,
                "low_digits": Direction.LESS,
                "high_teacher": Direction.MORE,
                "low_teacher": Direction.LESS,
            },
        ),
        Headline(
            says="On one task, noisily trained networks sharing batches agree more than those sharing starts",
            when={
                "high_teacher": Direction.MORE,
                "low_teacher": Direction.LESS,
                "sizes_high_teacher": Direction.ABSENT,
                "sizes_low_teacher": Direction.ABSENT,
                "rates_teacher": Direction.MORE,
            },
        ),
        Headline(
            says="After 12,800 digits, networks agree more by shared starts than batches, jumpily or calmly",
            when={"high_digits": Direction.LESS, "low_digits": Direction.LESS},
        ),
        Headline(
            says="After 12,800 digits, networks agree more by shared batches than starts, jumpily or calmly",
            when={"high_digits": Direction.MORE, "low_digits": Direction.MORE},
        ),
    ),
    words={
        "lead": "how much more often networks of one start differ than those of the same batches",
        "last": "how much more often networks of one last tenth differ than those of one start",
        "of_start": "the share of new rows that two networks of one start answer differently",
        "of_batches": "the share of new rows that two networks of the same batches answer differently",
        "accuracy": "accuracy of the first network",
        "accuracy_shown": "accuracy of the first network on the rows of its training",
        "noise": "a learning rate of {value} times the batch size",
        "batch": "batches of {value}",
        "examples": "{value} rows seen",
        "falls": "share of the training in which the learning rate falls",
        "falls=0.0": "a constant learning rate",
        "falls=1.0": "a learning rate that falls from the beginning",
        "task": "task",
        "task=digits": "handwritten digits",
        "task=teacher": "labels of a small random network",
        "width": "{value} hidden neurons",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
