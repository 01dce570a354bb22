"""Has a network that learned nothing for a long time come any nearer to learning?

Why it matters: one who watches a training that shows no progress must choose between patience and a new start. If
learning is an escape by chance, both are worth the same; if progress is hidden, patience is worth more; and if a long
wait is the sign of a bad start, a new one is.

Barak et al. (2022) hold that networks which learn a product of signs make progress long before it shows, and that they
do not search at random. An escape by chance, as over a barrier (Kramers 1940), has no memory instead: however long one
has waited, what is left is as long as the whole was. We put that to a test which holds whatever each start's own rate
is. Three networks share their start, and each draws its own batches. The first tells how long learning takes from this
start. The second waits for half of that, and if it has not learned by then, what it still needs is compared with what
the third needs from the beginning. By chance alone the two are alike. Where learning is a clock, half is left.

We expect that half or less is left, at every width: progress is hidden. The rival: narrow networks, whose few neurons
must find the three signs, escape by chance. A start from which one of the three never learns says nothing here.

Networks of many starts say it, too. Had each start a chance of its own that stays as it is, those that wait would be
more and more the slow ones, and no larger share of them would learn in the next steps than of new networks. So we ask
how many of 8 neurons learn within 1,200 steps, and of those that have not how many within 1,200 more: in a pilot 120 of
400, and 210 of 280.

An attack on this answer (`scripts/campaign luck_attacked`) found that half is left, too, where progress is in plain
sight: it excludes an escape by chance alone, and does not show that what goes on is hidden.

History: 1, first version; 2, asks of many starts, too; its placebo draws batches of its own.
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Event, Kind, Prediction
from axiom.kit import chance, data, models, progress, training
from axiom.kit.data import LearningTask
from axiom.kit.optimizers import Rates

SIGNS, ASKED = 10, 3  # inputs, and how many of them have a part in the answer
EVERY = 20  # steps between two looks
SOON = 1_200  # steps
MASTERED = 0.9  # share of right answers at which the product counts as learned
# Of the three networks, by the batches that they draw.
NAMES = {"none": ["first", "second", "third"], "placebo": ["fourth", "fifth", "sixth"], "planted": ["same"] * 3}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int
    age: float = 0.5  # share of the first network's wait that the second one waits
    batch: int = 4
    lr: float = 0.1
    steps: int = 20_000  # the budget of each network
    control: str = "none"  # placebo: the second begins anew at that age; planted: all draw the same batches


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    log_left: float | None  # log2 of what the second still needs over what the third needs; None where it has learned
    left: float | None  # the same as a share
    learned: int  # networks of the three
    waited: int | None  # steps of the first network until it knew its task


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes the start, and each network's batches."""
    task = data.product_of_signs(inputs=SIGNS, factors=ASKED)
    names = NAMES[config.control]

    def learn(waits: list[int], number: int) -> list[int]:
        return [*waits, _steps_until_known(config, seed, task, names[number])]

    waits = progress.blocks(list[int](), learn, 3)
    first, second, third = waits
    age = 0 if config.control == "placebo" else EVERY * round(config.age * first / EVERY)
    is_told = max(waits) <= config.steps and second > age
    return Measures(
        log_left=math.log2((second - age) / third) if is_told else None,
        left=(second - age) / third if is_told else None,
        learned=sum(wait <= config.steps for wait in waits),
        waited=first if first <= config.steps else None,
    )


def _steps_until_known(config: Config, seed: int, task: LearningTask, batches: str) -> int:
    """After how many steps such a network knows its task; one more than the budget if it does not."""
    drawn = chance.stream(seed, f"batches {batches}").integers(
        0, len(task.x_train), size=(config.steps // EVERY, EVERY * config.batch), dtype=np.int32
    )
    steps = training.steps_until_mastered(
        models.mlp(chance.stream(seed, "start"), (SIGNS, config.width, 2)),
        task,
        drawn,
        share=MASTERED,
        rates=Rates(lr=config.lr),
        batch=config.batch,
    )
    return steps or config.steps + 1


def _seconds(config: Config) -> float:
    of_step = 9e-6 + 3e-9 * config.batch * config.width * SIGNS
    of_look = 1.2e-4 + 3e-10 * (1 << SIGNS) * config.width * SIGNS
    return 3 * 1_900 * math.sqrt(16 / config.width) * (0.1 / config.lr) * (of_step + of_look / EVERY)


PILOT = partial(Prediction, because="32 seeds of a pilot, other than these")
WAITED = partial(Estimand, kind=Kind.LEVEL, measure="log_left", in_words="{times2} times the steps of a new training")
REMEMBERS = partial(
    WAITED,
    null=0.0,
    smallest=0.2,
    expects=Direction.LESS,
    prediction=PILOT(positive=0.01, negative=0.98, absent=0.01, interval=(-1.25, -0.8)),
)


LEARNS = partial(
    Estimand,
    kind=Kind.PROPORTION,
    measure="waited",
    between=({"width": 8},),
    null=0.5,
    smallest=0.1,
)
MANY = partial(Prediction, because="400 seeds of a pilot, other than these")


def _controls(estimand: str, width: int) -> Control:
    """By chance alone the rest is as long as the whole; where all draw the same batches, half is left."""
    placebo, planted = (grid(Config, width=[width], age=[0.5], control=[control]) for control in ("placebo", "planted"))
    return Control(estimand=estimand, placebo=placebo, planted=planted, side=Direction.LESS)


experiment = Experiment(
    name="memory_of_waiting",
    version=2,
    question="Has a network that learned nothing for a long time come any nearer to learning?",
    reference="Barak et al. 2022, arXiv:2207.08799; Edelman et al. 2023, arXiv:2309.03800",
    run=run,
    measures=Measures,
    sweep=(*grid(Config, width=[8, 16, 32, 64], age=[0.5]), *grid(Config, width=[16], age=[0.25, 0.75])),
    ranges={
        "width": (4, 512),
        "age": (0.05, 0.95),
        "batch": (1, 512),
        "lr": (1e-3, 1.0),
        "steps": (200, 200_000),
    },
    estimands=(
        REMEMBERS(
            name="narrow_remembers",
            claim="of 8 hidden neurons, a network that waited for half of its start's time to learn still needs fewer "
            "steps than one that begins",
            between=({"width": 8, "age": 0.5},),
        ),
        REMEMBERS(
            name="remembers",
            claim="of 16 hidden neurons, a network that waited for half of its start's time to learn still needs fewer "
            "steps than one that begins",
            between=({"width": 16, "age": 0.5},),
        ),
        REMEMBERS(
            name="wide_remembers",
            claim="of 64 hidden neurons, a network that waited for half of its start's time to learn still needs fewer "
            "steps than one that begins",
            between=({"width": 64, "age": 0.5},),
        ),
        WAITED(
            name="clock",
            claim="of 16 hidden neurons, a network that waited for half of its start's time to learn needs half as "
            "many further steps as one that begins",
            between=({"width": 16, "age": 0.5},),
            null=-1.0,
            smallest=0.2,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.05, negative=0.1, absent=0.85, interval=(-1.15, -0.85)),
        ),
        WAITED(
            name="early_clock",
            claim="of 16 hidden neurons, a network that waited for a quarter of its start's time to learn needs three "
            "quarters as many further steps as one that begins",
            between=({"width": 16, "age": 0.25},),
            null=-0.415,
            smallest=0.2,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.05, negative=0.05, absent=0.9, interval=(-0.5, -0.3)),
        ),
        LEARNS(
            name="new_learn_soon",
            claim="of 8 hidden neurons, fewer than half of all networks learn within 1,200 steps",
            event=Event(by=SOON, budget="steps"),
            expects=Direction.LESS,
            prediction=MANY(positive=0.01, negative=0.98, absent=0.01, interval=(0.27, 0.33)),
        ),
        LEARNS(
            name="waiting_learn_soon",
            claim="of 8 hidden neurons, more than half of the networks that have not learned within 1,200 steps learn "
            "within 1,200 more",
            event=Event(after=SOON, by=2 * SOON, budget="steps"),
            expects=Direction.MORE,
            prediction=MANY(positive=0.98, negative=0.01, absent=0.01, interval=(0.71, 0.79)),
        ),
    ),
    controls=(
        *(_controls("narrow_remembers", 8), _controls("remembers", 16), _controls("wide_remembers", 64)),
        Control(  # at twice the rate most learn soon; at a quarter of it none within a budget that ends then
            estimand="new_learn_soon",
            placebo=grid(Config, width=[8], lr=[0.2]),
            planted=grid(Config, width=[8], lr=[0.025], steps=[SOON]),
        ),
    ),
    figure=Figure(
        x="age",
        y="left",
        title="What is left of the steps after a share of the wait",
        where={"width": 16},
        percent="%",
    ),
    setting="small ReLU networks that learn a product of three of ten signs",
    headlines=(
        Headline(
            says="Networks still failing after half their usual time then learn sooner than new ones",
            when={
                "narrow_remembers": Direction.LESS,
                "remembers": Direction.LESS,
                "wide_remembers": Direction.LESS,
            },
        ),
        Headline(
            says="Still failing halfway, large networks need less training than new ones; small ones hardly",
            when={"narrow_remembers": Direction.ABSENT, "wide_remembers": Direction.LESS},
        ),
        Headline(
            says="Small networks that failed for long are likelier than new ones to learn soon",
            when={"new_learn_soon": Direction.LESS, "waiting_learn_soon": Direction.MORE},
        ),
        Headline(
            says="Small networks that failed for long are less likely than new to learn soon",
            when={"new_learn_soon": Direction.MORE, "waiting_learn_soon": Direction.LESS},
        ),
        Headline(
            says="Still failing halfway, networks of 16 neurons need less further training than new ones",
            when={"remembers": Direction.LESS},
        ),
        Headline(
            says="Still failing halfway, networks of 16 neurons need similarly much training as new ones",
            when={"remembers": Direction.ABSENT},
        ),
        Headline(
            says="Still failing halfway, networks of 16 neurons need more further training than new ones",
            when={"remembers": Direction.MORE},
        ),
    ),
    words={
        "log_left": "the number of steps still needed over that of a new training",
        "left": "the share of a new training's steps that is still needed",
        "waited": "{value} steps until a network knows its task",
        "age": "share of the wait that has passed",
        "age=0.25": "a quarter of the wait over",
        "age=0.5": "half of the wait over",
        "width": "{value} hidden neurons",
        "batch": "batches of {value}",
        "lr": "learning rate",
        "steps": "a budget of {value} steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
