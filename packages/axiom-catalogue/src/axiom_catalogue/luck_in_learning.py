"""Is it the start or the batches that let one network learn sooner than another?

Why it matters: networks of one size on one task learn at very different times. If the luck lies in the start, one may
draw several and keep the quickest; if it lies in the batches, choosing data is worth more; and if it lies in neither
alone, a good start is worth as much as a good order and none can be told from the other before one has tried.

Dodge et al. (2020) tuned one large model again and again and found that starts and orders of the data decide about
equally who does well, and that some of each do well whatever the other is. Fort et al. (2020) hold the start to be what
leads networks apart. We train two networks from scratch and stop each when it knows its task. They share the start, or
the batches, or neither. The task: ten signs, of which the product of three is asked; or handwritten digits.

Had starts and batches each their own luck, a pair that shares either would learn at times nearer to each other than a
pair that shares nothing. We expect it of starts alone. What batches add should hang on the start that they meet, so
that of two networks with the same batches one learns no nearer to the other than of two with different ones: there
would be lucky starts, and no lucky batches. The rival: both deal about as much, as in Dodge et al.

How much nearer shared batches could bring two networks is bounded by what batches do at all, which is little here. An
attack on this answer (`scripts/campaign luck_attacked`) says how little, and where batches have a luck of their own.

History: 1, first version.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, digits, models, progress, training
from axiom.kit.data import LearningTask
from axiom.kit.optimizers import Rates

SIGNS, ASKED = 10, 3  # inputs, and how many of them have a part in the answer
MASTERED = 0.9  # share of right answers at which a task counts as learned
EVERY = {"signs": 20, "digits": 2}  # steps between two looks
SHOWN, TESTED = 1_200, 597  # images


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    shared: str  # by the two networks: nothing, batches, or start
    task: str = "signs"  # or digits
    width: int = 16
    batch: int = 4
    lr: float = 0.1
    steps: int = 20_000  # the budget
    control: str = "none"  # placebo: they share nothing, whatever `shared` says; planted: both


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    apart: float | None  # log2 of the later one's steps over the earlier one's; None where neither learned
    learned: int  # networks of the two
    waited: int | None  # steps of the first network until it knew its task


def run(config: Config, seed: int) -> Measures:
    """One cell. The first network is the same whatever is shared, and so is what the second does not share."""
    task = TASKS[config.task](seed)
    alone = f"second beside {config.shared}" if config.control == "placebo" else "second"
    start = "first" if config.shared == "start" and config.control != "placebo" else alone
    batches = "first" if config.shared == "batches" and config.control != "placebo" else alone
    if config.control == "planted":
        start = batches = "first"

    def learn(times: list[int], number: int) -> list[int]:
        of_start, of_batches = (("first", "first"), (start, batches))[number]
        return [*times, _steps_until_known(config, seed, task, of_start, of_batches)]

    first, second = progress.blocks(list[int](), learn, 2)
    return Measures(
        apart=abs(math.log2(first / second)) if min(first, second) <= config.steps else None,
        learned=sum(steps <= config.steps for steps in (first, second)),
        waited=first if first <= config.steps else None,
    )


def _steps_until_known(config: Config, seed: int, task: LearningTask, start: str, batches: str) -> int:
    """After how many steps such a network knows its task; one more than the budget if it does not."""
    every = EVERY[config.task]
    drawn = chance.stream(seed, f"batches {batches}").integers(
        0, len(task.x_train), size=(config.steps // every, every * config.batch), dtype=np.int32
    )
    sizes = (task.x_train.shape[1], config.width, 1 + int(task.y_train.max()))
    steps = training.steps_until_mastered(
        models.mlp(chance.stream(seed, f"start {start}"), sizes),
        task,
        drawn,
        share=MASTERED,
        rates=Rates(lr=config.lr),
        batch=config.batch,
    )
    return steps or config.steps + 1


def signs(_seed: int) -> LearningTask:
    """Every row of ten signs, and whether the product of the first three is positive."""
    return data.product_of_signs(inputs=SIGNS, factors=ASKED)


def images(seed: int) -> LearningTask:
    """Handwritten digits, of which each seed asks others."""
    return digits.task(chance.stream(seed, "images"), train=SHOWN, test=TESTED)


TASKS: dict[str, Callable[[int], LearningTask]] = {"signs": signs, "digits": images}


def _seconds(config: Config) -> float:
    inputs, tested, steps = {"signs": (SIGNS, 1 << SIGNS, 1_900), "digits": (64, TESTED, 260)}[config.task]
    of_step = 9e-6 + 3e-9 * config.batch * config.width * inputs
    of_look = 1.2e-4 + 3e-10 * tested * config.width * inputs
    return 2 * steps * math.sqrt(16 / config.width) * (of_step + of_look / EVERY[config.task])


SIGNED, WIDE, LARGER, DIGITS = (
    {"task": task, "width": width, "batch": batch}
    for task, width, batch in (("signs", 16, 4), ("signs", 64, 4), ("signs", 16, 32), ("digits", 16, 16))
)
SHARED = ["nothing", "batches", "start"]
PILOT = partial(Prediction, because="24 seeds of a pilot, other than these")
COMPARED = partial(Estimand, kind=Kind.CONTRAST, measure="apart", in_words="{value} doublings", bounds=(-20.0, 20.0))


def _design(shared: list[str], place: Mapping[str, object], control: str = "none") -> tuple[Config, ...]:
    return grid(Config, shared=shared, control=[control], **{word: [value] for word, value in place.items()})


def _arms(first: str, second: str, place: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    return {**place, "shared": first}, {**place, "shared": second}


def _controls(estimand: str, shared: str, place: Mapping[str, object]) -> Control:
    """Where nothing is shared there is nothing to see; where all is, two networks are the same."""
    return Control(
        estimand=estimand,
        placebo=_design([shared, "nothing"], place, "placebo"),
        planted=_design([shared], place, "planted") + _design(["nothing"], place),
        side=Direction.LESS,
    )


experiment = Experiment(
    name="luck_in_learning",
    version=1,
    question="Is it the start or the batches that let one network learn sooner than another?",
    reference="Dodge et al. 2020, arXiv:2002.06305; Fort et al. 2019, arXiv:1912.02757; Summers & Dinneen 2021, "
    "arXiv:2103.04514; Barak et al. 2022, arXiv:2207.08799",
    run=run,
    measures=Measures,
    sweep=(
        *_design(SHARED, SIGNED),
        *_design(SHARED, WIDE),
        *_design(SHARED, LARGER),
        *_design(SHARED, DIGITS),
    ),
    ranges={"width": (4, 512), "batch": (1, 512), "lr": (1e-3, 1.0), "steps": (200, 200_000)},
    estimands=(
        COMPARED(
            name="start_of_signs",
            claim="two networks that share their start learn the product of three signs at times nearer to each other "
            "than two that share nothing",
            between=_arms("start", "nothing", SIGNED),
            smallest=0.1,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-0.55, -0.3)),
        ),
        COMPARED(
            name="batches_of_signs",
            claim="two networks that share their batches learn the product of three signs at times no nearer to each "
            "other than two that share nothing",
            between=_arms("batches", "nothing", SIGNED),
            smallest=0.1,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.19, absent=0.8, interval=(-0.08, 0.03)),
        ),
        COMPARED(
            name="start_against_batches",
            claim="two networks that share their start learn the product of three signs at times nearer to each other "
            "than two that share their batches",
            between=_arms("start", "batches", SIGNED),
            smallest=0.1,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.5, -0.25)),
        ),
        COMPARED(
            name="start_of_wide",
            claim="of 64 hidden neurons, too, two networks that share their start learn at times nearer to each other "
            "than two that share nothing",
            between=_arms("start", "nothing", WIDE),
            smallest=0.05,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.94, absent=0.05, interval=(-0.16, -0.06)),
        ),
        COMPARED(
            name="batches_of_wide",
            claim="of 64 hidden neurons, too, two networks that share their batches learn at times no nearer to each "
            "other than two that share nothing",
            between=_arms("batches", "nothing", WIDE),
            smallest=0.05,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.08, absent=0.9, interval=(-0.03, 0.03)),
        ),
        COMPARED(
            name="start_of_larger",
            claim="by batches of 32, too, two networks that share their start learn at times nearer to each other than "
            "two that share nothing",
            between=_arms("start", "nothing", LARGER),
            smallest=0.1,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-1.2, -0.7)),
        ),
        COMPARED(
            name="batches_of_larger",
            claim="by batches of 32, too, two networks that share their batches learn at times no nearer to each other "
            "than two that share nothing",
            between=_arms("batches", "nothing", LARGER),
            smallest=0.1,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.02, negative=0.03, absent=0.95, interval=(-0.05, 0.05)),
        ),
        COMPARED(
            name="start_of_digits",
            claim="two networks that share their start learn handwritten digits at times nearer to each other than two "
            "that share nothing",
            between=_arms("start", "nothing", DIGITS),
            smallest=0.05,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.22, -0.1)),
        ),
        COMPARED(
            name="batches_of_digits",
            claim="two networks that share their batches learn handwritten digits at times no nearer to each other "
            "than two that share nothing",
            between=_arms("batches", "nothing", DIGITS),
            smallest=0.05,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.03, negative=0.17, absent=0.8, interval=(-0.05, 0.03)),
        ),
    ),
    controls=(
        _controls("start_of_signs", "start", SIGNED),
        _controls("batches_of_signs", "batches", SIGNED),
        _controls("start_of_digits", "start", DIGITS),
        _controls("batches_of_digits", "batches", DIGITS),
    ),
    figure=Figure(x="shared", y="apart", title="What two networks share, and how far apart they learn", where=SIGNED),
    setting="small ReLU networks that learn in small batches",
    headlines=(
        Headline(
            says="Starting alike aligns networks' learning times more than seeing examples in the same order",
            when={
                "start_of_signs": Direction.LESS,
                "start_of_digits": Direction.LESS,
                "start_against_batches": Direction.LESS,
            },
        ),
        Headline(
            says="Seeing examples in the same order aligns networks' learning times more than starting alike",
            when={"batches_of_signs": Direction.LESS, "start_against_batches": Direction.MORE},
        ),
        Headline(
            says="Starting alike aligns networks' learning times about as much as seeing examples alike",
            when={"start_of_signs": Direction.LESS, "start_against_batches": Direction.ABSENT},
        ),
        Headline(
            says="Networks sharing a start learn this puzzle at more similar times than unrelated ones",
            when={"start_of_signs": Direction.LESS},
        ),
    ),
    words={
        "waited": "steps until a network knows its task",
        "apart": "the gap in doublings between two networks' learning times",
        "steps": "a budget of {value} steps",
        "shared": "what two networks share",
        "shared=nothing": "nothing shared",
        "shared=batches": "the same batches",
        "shared=start": "the same starting weights",
        "task": "task",
        "task=signs": "the product of three of ten signs",
        "task=digits": "handwritten digits",
        "width": "{value} hidden neurons",
        "batch": "batches of {value}",
        "lr": "learning rate",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
