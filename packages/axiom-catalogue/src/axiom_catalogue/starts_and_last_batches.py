"""Do two networks give the same answers because they began alike, or because they saw the same rows last?

Why it matters: two trainings of one network differ in some of their answers, and whoever wants them to agree, or an
ensemble to differ, must know what to share. If the last rows decide, the end of a training can be mended; if the start
does, no ending helps.

Fort et al. (2019) hold that the start decides which of many solutions a network reaches. Dodge et al. (2020) found that
start and order of the data contribute about equally to how well a tuned model does, and Summers & Dinneen (2021) that
each source of chance alone makes networks differ about as much as any other. Das et al. (2026) find that networks
remember their start at low learning rates, and that large steps erase it. We ask which share of new rows two networks
answer differently. They share the start, all batches, only the last tenth of the batches, all but that tenth, or
nothing; and the learning rate stays constant, or falls to zero along a cosine.

We expect that the end of the training decides. While the rate is constant and training rows are left to learn, the last
batches push every network the same way, so that sharing a tenth of the batches brings two networks nearer than sharing
the start. But below that push the start is hidden, and not forgotten: once the rate falls, even in the last quarter
alone and of networks that were nearer by their batches before it, or once the rows are learned, a shared start brings
two networks nearer than all shared batches do.

The rivals name other numbers. If the start decides, start minus batches is negative at a constant rate, too. If large
steps erase the start, it stays positive while the rate falls. If chaos does, it is zero in both.

What is known: disagreement of two trainings, by either source of chance (Bhojanapalli et al. 2021; Jiang et al. 2022);
that two networks of one start part early and end in one valley if they part later (Frankle et al. 2020, Kwok et al.
2025); and that averaged weights predict more consistently. Twenty-one searches of public pages, issues and files on
29 November 2026, for these works, "same batches, other start", "common noise", "recency", "last batches" and "learning
rate and disagreement", gave nobody who shares only the first or the last batches, or compares what is shared across
schedules. They were short, and of abstracts.

In a first laboratory it came out so with batches of 16; with batches of 91 and 302, at the same rates, shared batches
brought networks nearer than a shared start in no schedule.

History: 1, first version. 2, other seeds, since ordered work of the first was withdrawn, which counts at worst; two
contrasts more, of networks at the step at which the rate begins to fall.
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


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    shared: str  # by the two networks: nothing, start, batches, last tenth, or first nine tenths of them
    falls: float = 0.0  # share of the training, at its end, in which the learning rate falls to zero along a cosine
    task: str = "digits"  # or teacher
    width: int = 16
    batch: int = 16
    lr: float = 0.3
    steps: int = 800
    control: str = "none"  # placebo: they share nothing, whatever `shared` says; planted: start and batches


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    apart: float  # share of the asked rows that the two answer differently
    accuracy: float  # of the first
    gap: float  # how much more often the first is right than the second, or the second than the first


def run(config: Config, seed: int) -> Measures:
    """One cell. The first network is the same whatever is shared, and so is what the second does not share."""
    task = TASKS[config.task](seed)
    shared = {"none": (config.shared,), "placebo": (), "planted": ("start", "batches")}[config.control]
    alone = f"beside {config.shared}" if config.control == "placebo" else "second"
    batches = _batches(config, seed, task, "first"), _batches(config, seed, task, alone)
    if "batches" in shared:
        batches = batches[:1] * 2
    last = len(batches[0]) - round(LAST * config.steps) * config.batch
    if "last tenth" in shared:
        batches = batches[0], np.concatenate([batches[1][:last], batches[0][last:]])
    if "first nine tenths" in shared:
        batches = batches[0], np.concatenate([batches[0][:last], batches[1][last:]])
    starts = "first", "first" if "start" in shared else alone

    def learn(answers: list[npt.NDArray[np.int32]], number: int) -> list[npt.NDArray[np.int32]]:
        return [*answers, _answers(config, seed, task, starts[number], batches[number])]

    nothing: list[npt.NDArray[np.int32]] = []
    first, second = progress.blocks(nothing, learn, 2)
    right = [float(np.mean(answers == task.y_test)) for answers in (first, second)]
    return Measures(apart=float(np.mean(first != second)), accuracy=right[0], gap=abs(right[0] - right[1]))


def _batches(config: Config, seed: int, task: LearningTask, name: str) -> npt.NDArray[np.int32]:
    """The rows of all batches, one after the other."""
    rng = chance.stream(seed, f"batches {name}")
    return rng.integers(0, len(task.x_train), size=config.steps * config.batch, dtype=np.int32)


def _answers(
    config: Config, seed: int, task: LearningTask, start: str, batches: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """What a network of this start says of the asked rows after these batches."""
    falling = round(config.falls * config.steps)
    rates = schedules.constant(config.lr, steps=config.steps - falling), schedules.cosine(config.lr, steps=falling)
    sizes = (task.x_train.shape[1], config.width, 1 + int(task.y_train.max()))
    _, (answers,) = training.trained(
        models.mlp(chance.stream(seed, f"start {start}"), sizes),
        task,
        batches[None],
        watch=lambda net: training.answers(net, task.x_test),
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
    return 2e-3 + 2 * config.steps * (4.2e-6 + 3.2e-11 * config.batch * config.width * inputs)


DIGITS = {"task": "digits", "width": 16, "lr": 0.3, "steps": 800}
WIDE = DIGITS | {"width": 64}
TEACHER = {"task": "teacher", "width": 16, "lr": 0.1, "steps": 1_600}
CONSTANT, QUARTER, COSINE = ({"falls": falls} for falls in (0.0, 0.25, 1.0))
SHARED = ["nothing", "first nine tenths", "last tenth", "batches", "start"]
PILOT = partial(Prediction, because="pilots of 24 to 48 seeds, and 264 seeds of the first version, other than these")
COMPARED = partial(
    Estimand, kind=Kind.CONTRAST, measure="apart", in_words="{percent} percentage points", bounds=(-1.0, 1.0)
)
FURTHER = partial(COMPARED, smallest=0.003, expects=Direction.MORE)
NEARER = partial(COMPARED, smallest=0.003, expects=Direction.LESS)


def _design(shared: list[str], place: Mapping[str, object], control: str = "none") -> tuple[Config, ...]:
    return grid(Config, shared=shared, control=[control], **{word: [value] for word, value in place.items()})


def _arms(first: str, second: str, place: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    return {**place, "shared": first}, {**place, "shared": second}


def _controls(estimand: str, near: str, far: str, place: Mapping[str, object], side: Direction) -> Control:
    """Where nothing is shared there is nothing to see; a pair that shares all gives the same answers."""
    return Control(
        estimand=estimand,
        placebo=_design([near, far], place, "placebo"),
        planted=_design([near], place, "planted") + _design([far], place, "placebo"),
        side=side,
    )


experiment = Experiment(
    name="starts_and_last_batches",
    version=2,
    question="Do two networks give the same answers because they began alike, or because they saw the same rows last?",
    reference="Fort et al. 2019, arXiv:1912.02757; Frankle et al. 2020, arXiv:1912.05671; Dodge et al. 2020, "
    "arXiv:2002.06305; Bhojanapalli et al. 2021, arXiv:2102.03349; Summers & Dinneen 2021, arXiv:2103.04514; "
    "Jiang et al. 2022, arXiv:2106.13799; Kwok et al. 2025, arXiv:2506.13234; Das et al. 2026, arXiv:2605.29152",
    run=run,
    measures=Measures,
    sweep=(
        *_design(SHARED, DIGITS | CONSTANT),
        *_design(SHARED, DIGITS | QUARTER),
        *_design(SHARED, DIGITS | COSINE),
        *_design(["batches", "start"], DIGITS | CONSTANT | {"steps": 6_400}),
        *_design(["batches", "start"], DIGITS | CONSTANT | {"lr": 0.1}),
        *_design(["batches", "start"], DIGITS | CONSTANT | {"steps": 600}),
        *_design(["last tenth", "batches", "start"], WIDE | CONSTANT),
        *_design(["batches", "start"], WIDE | COSINE),
        *_design(["last tenth", "batches", "start"], TEACHER | CONSTANT),
        *_design(["batches", "start"], TEACHER | CONSTANT | {"steps": 1_200}),
        *_design(["batches", "start"], TEACHER | QUARTER),
        *_design(["batches", "start"], TEACHER | COSINE),
        *_design(["batches", "start"], TEACHER | QUARTER | {"lr": 0.3}),
    ),
    ranges={
        "falls": (0.0, 1.0),
        "width": (4, 512),
        "batch": (1, 512),
        "lr": (1e-3, 1.0),
        "steps": (20, 50_000),
    },
    estimands=(
        FURTHER(
            name="constant_digits",
            claim="at a constant learning rate, two networks that share their start answer more digits differently "
            "than two that share their batches",
            between=_arms("start", "batches", DIGITS | CONSTANT),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.005, 0.018)),
        ),
        NEARER(
            name="last_digits",
            claim="at a constant learning rate, two networks that share only the last tenth of their batches answer "
            "fewer digits differently than two that share their start",
            between=_arms("last tenth", "start", DIGITS | CONSTANT),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.017, -0.005)),
        ),
        COMPARED(
            name="first_digits",
            claim="at a constant learning rate, two networks that share all batches but the last tenth answer as many "
            "digits differently as two that share nothing",
            between=_arms("first nine tenths", "nothing", DIGITS | CONSTANT),
            smallest=0.004,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.09, absent=0.9, interval=(-0.003, 0.001)),
        ),
        NEARER(
            name="quarter_digits",
            claim="once the learning rate has fallen to zero in the last quarter, two networks that share their start "
            "answer fewer digits differently than two that share their batches",
            between=_arms("start", "batches", DIGITS | QUARTER),
            prediction=PILOT(positive=0.01, negative=0.94, absent=0.05, interval=(-0.008, -0.002)),
        ),
        NEARER(
            name="cosine_digits",
            claim="with a learning rate that falls from the beginning, two networks that share their start answer "
            "fewer digits differently than two that share their batches",
            between=_arms("start", "batches", DIGITS | COSINE),
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.015, -0.009)),
        ),
        NEARER(
            name="long_digits",
            claim="after eight times as many steps at a constant learning rate, two networks that share their start "
            "answer fewer digits differently than two that share their batches",
            between=_arms("start", "batches", DIGITS | CONSTANT | {"steps": 6_400}),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.009, -0.003)),
        ),
        COMPARED(
            name="slow_digits",
            claim="at a constant learning rate three times lower, two networks that share their start answer about as "
            "many digits differently as two that share their batches",
            between=_arms("start", "batches", DIGITS | CONSTANT | {"lr": 0.1}),
            smallest=0.004,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.28, absent=0.7, interval=(-0.004, 0.002)),
        ),
        FURTHER(
            name="before_digits",
            claim="when the learning rate is about to fall, two networks that share their start answer more digits "
            "differently than two that share their batches",
            between=_arms("start", "batches", DIGITS | CONSTANT | {"steps": 600}),
            prediction=PILOT(positive=0.96, negative=0.01, absent=0.03, interval=(0.005, 0.018)),
        ),
        FURTHER(
            name="constant_wide",
            claim="at a constant learning rate, two networks of 64 hidden neurons that share their start answer more "
            "digits differently than two that share their batches",
            between=_arms("start", "batches", WIDE | CONSTANT),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.006, 0.014)),
        ),
        NEARER(
            name="last_wide",
            claim="at a constant learning rate, two networks of 64 hidden neurons that share only the last tenth of "
            "their batches answer fewer digits differently than two that share their start",
            between=_arms("last tenth", "start", WIDE | CONSTANT),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.012, -0.005)),
        ),
        NEARER(
            name="cosine_wide",
            claim="with a learning rate that falls from the beginning, two networks of 64 hidden neurons that share "
            "their start answer fewer digits differently than two that share their batches",
            between=_arms("start", "batches", WIDE | COSINE),
            prediction=PILOT(positive=0.01, negative=0.96, absent=0.03, interval=(-0.008, -0.003)),
        ),
        FURTHER(
            name="constant_teacher",
            claim="at a constant learning rate, two networks that share their start answer more of a teacher's rows "
            "differently than two that share their batches",
            between=_arms("start", "batches", TEACHER | CONSTANT),
            prediction=PILOT(positive=0.96, negative=0.02, absent=0.02, interval=(0.005, 0.018)),
        ),
        NEARER(
            name="last_teacher",
            claim="at a constant learning rate, two networks that share only the last tenth of their batches answer "
            "fewer of a teacher's rows differently than two that share their start",
            between=_arms("last tenth", "start", TEACHER | CONSTANT),
            prediction=PILOT(positive=0.02, negative=0.95, absent=0.03, interval=(-0.016, -0.004)),
        ),
        FURTHER(
            name="before_teacher",
            claim="when the learning rate is about to fall, two networks that share their start answer more of a "
            "teacher's rows differently than two that share their batches",
            between=_arms("start", "batches", TEACHER | CONSTANT | {"steps": 1_200}),
            prediction=PILOT(positive=0.85, negative=0.05, absent=0.1, interval=(0.002, 0.014)),
        ),
        NEARER(
            name="quarter_teacher",
            claim="once the learning rate has fallen to zero in the last quarter, two networks that share their start "
            "answer fewer of a teacher's rows differently than two that share their batches",
            between=_arms("start", "batches", TEACHER | QUARTER),
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.022, -0.012)),
        ),
        NEARER(
            name="cosine_teacher",
            claim="with a learning rate that falls from the beginning, two networks that share their start answer "
            "fewer of a teacher's rows differently than two that share their batches",
            between=_arms("start", "batches", TEACHER | COSINE),
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.035, -0.025)),
        ),
        FURTHER(
            name="quarter_fast_teacher",
            claim="at three times the rate, which falls in the last quarter, two networks that share their start still "
            "answer more of a teacher's rows differently than two that share their batches",
            between=_arms("start", "batches", TEACHER | QUARTER | {"lr": 0.3}),
            prediction=PILOT(positive=0.85, negative=0.03, absent=0.12, interval=(0.001, 0.009)),
        ),
    ),
    controls=(
        _controls("constant_digits", "batches", "start", DIGITS | CONSTANT, Direction.MORE),
        _controls("last_digits", "last tenth", "start", DIGITS | CONSTANT, Direction.LESS),
        _controls("first_digits", "first nine tenths", "nothing", DIGITS | CONSTANT, Direction.LESS),
        _controls("cosine_digits", "start", "batches", DIGITS | COSINE, Direction.LESS),
        _controls("constant_teacher", "batches", "start", TEACHER | CONSTANT, Direction.MORE),
        _controls("cosine_teacher", "start", "batches", TEACHER | COSINE, Direction.LESS),
    ),
    figure=Figure(x="falls", y="apart", title="What two networks share, and how many answers differ", where=DIGITS),
    setting="small ReLU classifiers that learn from random batches",
    headlines=(
        Headline(
            says="Briefly trained at constant steps, shared last batches align networks more; at shrinking, starts",
            when={
                "last_digits": Direction.LESS,
                "cosine_digits": Direction.LESS,
                "last_teacher": Direction.LESS,
                "cosine_teacher": Direction.LESS,
            },
        ),
        Headline(
            says="Reading digits, networks agree more by shared starts than by shared batches",
            when={"constant_digits": Direction.LESS, "cosine_digits": Direction.LESS},
        ),
        Headline(
            says="Reading digits, networks agree more by shared batches than by shared starts",
            when={"constant_digits": Direction.MORE, "cosine_digits": Direction.MORE},
        ),
        Headline(
            says="Reading digits, networks agree about equally by shared starts and by shared batches",
            when={"constant_digits": Direction.ABSENT, "cosine_digits": Direction.ABSENT},
        ),
        Headline(
            says="In 800 constant steps on digits, shared batches align networks more than shared starts",
            when={"constant_digits": Direction.MORE},
        ),
        Headline(
            says="With shrinking steps, digit-reading networks that start alike agree more than ones sharing batches",
            when={"cosine_digits": Direction.LESS},
        ),
    ),
    words={
        "apart": "the share of new rows that two networks answer differently",
        "accuracy": "accuracy of the first network",
        "gap": "the gap between two networks' accuracies",
        "shared": "what two networks share",
        "shared=nothing": "nothing shared",
        "shared=first nine tenths": "the same batches but for the last tenth",
        "shared=last tenth": "only the last tenth of the batches shared",
        "shared=batches": "the same batches",
        "shared=start": "the same starting weights",
        "falls": "share of the training in which the learning rate falls",
        "falls=0.0": "a constant learning rate",
        "falls=0.25": "a learning rate that falls in the last quarter",
        "falls=1.0": "a learning rate that falls from the beginning",
        "task": "task",
        "task=digits": "handwritten digits",
        "task=teacher": "labels of a small random network",
        "width": "{value} hidden neurons",
        "batch": "batches of {value}",
        "lr": "a first learning rate of {value}",
        "steps": "{value} steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
