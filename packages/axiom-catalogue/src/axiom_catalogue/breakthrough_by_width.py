"""Does a wider network learn more surely than as many neurons that try by themselves?

Why it matters: large models seem to gain an ability all at once. If width is no more than many tries, the chance of a
breakthrough at any size follows from that at a small one, and many small trainings buy as much as a large one.

Zhao et al. (2025) hold that an ability breaks through because the chance of learning it grows with size, which shows
over many seeds alone. Edelman et al. (2023) say of products of signs that width is a search in parallel: among more
neurons one is likelier to begin well. Then a network of k times as many neurons learns as often as the luckiest of k
networks, with chance 1 - (1 - p)^k: of networks of 8 neurons 0.164 learned in a pilot, which gives 0.30 for 16, 0.51
for 32 and 0.76 for 64. We train just that, too: the tries are networks that draw starts and batches of their own. Ten
signs are shown, of which the product of two, three or four is asked; a network has learned when nine tenths of the
answers are right.

We expect more than tries give, in haste as well as given time. Within 1,000 steps 32 neurons should learn more often
than four times 8, by an eighth or so. Given 8,000, one in eight networks of three neurons has learned, and nearly every
one of six; of the others of three, most end with seven of the eight cases right, so what they lack is one case and no
beginning. The rival is the parallel search, for which each difference is 0. All widths have one rate; at half of it,
10 of 200 networks of 16 neurons learned in haste in a pilot.

By the pilot, differences given time take 16 seeds to be decided, of the product of four signs about 100, in haste 500
to 1,000; the chance of 16 neurons lies so near to the rival's that it takes thousands. A replicate takes a third of a
second.

History: 1, first version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Center, Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, minibatch_descent, models, optimizers, progress, training

SIGNS = 10
EVERY = 20  # steps between two looks
MASTERED = 0.9  # share of right answers at which the product counts as learned
NEARLY = 0.85  # and above which one part of the cases is missing: of three signs, seven of eight are right
HASTE, TIME = 1_000, 8_000  # budgets, in steps
PATIENT = 8  # times the budget, in what is planted


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int  # of each network
    tries: int = 1  # networks, of which the best counts
    factors: int = 3  # signs whose product is asked
    steps: int = HASTE  # the budget of each network
    batch: int = 4
    lr: float = 0.1
    parts: int = 1  # networks that stand for a single one in the placebo, each as much narrower
    control: str = "none"  # placebo: see `parts`; planted: a single network has more time, and several have none


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    learned: int  # 1 when a network has learned the product within the budget
    nearly: int  # 1 when none has, and the best knows at least 85 % of the answers in the end
    learned_share: float  # of the networks
    waited: int | None  # steps of the quickest until it had learned
    accuracy: float  # share of answers that the best gets right when it ends


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes start and batches of each try; controls and the parts of one network have others."""
    task = data.product_of_signs(inputs=SIGNS, factors=config.factors)
    width, tries, steps, kind = config.width, config.tries, config.steps, f"{config.control} try"
    if config.control == "placebo" and tries == 1:
        width, tries, kind = width // config.parts, config.parts, "part"
    if config.control == "planted":
        steps = EVERY if tries > 1 else PATIENT * steps
    names = [f"{kind} {number}" for number in range(tries)]

    def learn(ends: list[tuple[int, float]], number: int) -> list[tuple[int, float]]:
        start = models.mlp(chance.stream(seed, f"start of {names[number]}"), (SIGNS, width, 2))
        batches = chance.stream(seed, f"batches of {names[number]}").integers(
            0, len(task.x_train), size=(steps // EVERY, EVERY * config.batch), dtype=np.int32
        )
        return [*ends, _train_until_learned(config, start, task, batches)]

    ends = progress.blocks(list[tuple[int, float]](), learn, len(names))
    waits = [steps for steps, accuracy in ends if accuracy >= MASTERED]
    best = max(accuracy for _, accuracy in ends)
    return Measures(
        learned=int(best >= MASTERED),
        nearly=int(NEARLY <= best < MASTERED),
        learned_share=len(waits) / len(ends),
        waited=min(waits, default=None),
        accuracy=best,
    )


def _train_until_learned(
    config: Config, start: models.Net, task: data.LearningTask, batches: data.Labels
) -> tuple[int, float]:
    """How many steps such a network took until it had learned, or all, and the share of answers right by then."""
    course = minibatch_descent.Course(
        start,
        task,
        batches,
        optimizer=optimizers.SGD,
        rates=optimizers.Rates(lr=config.lr),
        batch=config.batch,
        objective=losses.CROSS_ENTROPY,
        context=(),
        every=1,
    )
    descent, look, accuracy = course.begin(), 0, 0.0
    while look < course.blocks and accuracy < MASTERED:
        descent, look = course.step(descent, look), look + 1
        accuracy = training.accuracy(course.net(descent), task.x_test, task.y_test)
    return EVERY * look, accuracy


def _seconds(config: Config) -> float:
    of_step = 3e-6 + 6e-10 * config.batch * config.width * SIGNS
    of_look = 3e-5 + 1e-10 * (1 << SIGNS) * config.width * SIGNS
    needed = 8_000 if config.width <= 4 and config.factors > 2 else 2_500  # steps, as a pilot had it
    return 0.002 + config.tries * min(config.steps, needed * 0.1 / config.lr) * (of_step + of_look / EVERY)


def _of(width: int, tries: int = 1, *, factors: int = 3, steps: int = HASTE) -> Mapping[str, object]:
    return {"width": width, "tries": tries, "factors": factors, "steps": steps}


PILOT = partial(Prediction, because="383 seeds of a pilot, other than these")
OFTEN = partial(Estimand, kind=Kind.PROPORTION, measure="learned", in_words="{percent} %", smallest=0.05)
BEYOND = partial(
    Estimand,
    kind=Kind.CONTRAST,
    measure="learned",
    about=Center.MEAN,
    bounds=(-1.0, 1.0),
    in_words="{percent} percentage points",
    smallest=0.05,
    expects=Direction.MORE,
)


def _controls(estimand: str, wide: int, tries: int, steps: int) -> Control:
    """One network against as many neurons in several: several twice; or with time, and without."""
    placebo, planted = (
        tuple(
            Config(width=width, tries=number, steps=steps, parts=tries, control=control)
            for width, number in ((wide, 1), (wide // tries, tries))
        )
        for control in ("placebo", "planted")
    )
    return Control(estimand=estimand, placebo=placebo, planted=planted)


experiment = Experiment(
    name="breakthrough_by_width",
    version=1,
    question="Does a wider network learn more surely than as many neurons that try by themselves?",
    reference="Zhao et al. 2025, arXiv:2502.17356; Edelman et al. 2023, arXiv:2309.03800; Barak et al. 2022, "
    "arXiv:2207.08799",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, width=[4, 8, 16, 32, 64]),
        Config(width=8, tries=4),
        *grid(Config, width=[3, 4, 6, 8], steps=[TIME]),
        Config(width=3, tries=2, steps=TIME),
        *(Config(width=width, tries=tries, factors=2, steps=500) for width, tries in ((4, 1), (2, 2))),
        *(Config(width=width, tries=tries, factors=4, steps=1_500) for width, tries in ((16, 1), (8, 2))),
    ),
    ranges={
        "width": (1, 512),
        "tries": (1, 64),
        "factors": (2, 6),
        "steps": (20, 200_000),
        "batch": (1, 512),
        "lr": (1e-3, 1.0),
    },
    estimands=(
        BEYOND(
            name="beyond_tries_in_haste",
            claim="within 1,000 steps a network of 32 neurons learns the product of three signs more often than the "
            "luckiest of four networks of 8",
            between=(_of(32), _of(8, 4)),
            prediction=PILOT(positive=0.96, negative=0.01, absent=0.03, interval=(0.09, 0.19)),
        ),
        BEYOND(
            name="beyond_tries_given_time",
            claim="within 8,000 steps a network of 6 neurons learns the product of three signs more often than the "
            "luckier of two networks of 3",
            between=(_of(6, steps=TIME), _of(3, 2, steps=TIME)),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.72, 0.78)),
        ),
        BEYOND(
            name="beyond_tries_of_two",
            claim="within 500 steps a network of 4 neurons learns the product of two signs more often than the "
            "luckier of two networks of 2",
            between=(_of(4, factors=2, steps=500), _of(2, 2, factors=2, steps=500)),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.35, 0.43)),
        ),
        BEYOND(
            name="beyond_tries_of_four",
            claim="within 1,500 steps a network of 16 neurons learns the product of four signs more often than the "
            "luckier of two networks of 8",
            between=(_of(16, factors=4, steps=1_500), _of(8, 2, factors=4, steps=1_500)),
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.26, 0.36)),
        ),
        OFTEN(
            name="eight_in_haste",
            claim="of networks of 8 neurons fewer than a quarter learn the product of three signs within 1,000 steps",
            between=(_of(8),),
            null=0.25,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.96, absent=0.03, interval=(0.14, 0.19)),
        ),
        OFTEN(
            name="sixteen_in_haste",
            claim="networks of 16 neurons learn the product of three signs within 1,000 steps more often than two "
            "tries of 8 neurons would by the pilot",
            between=(_of(16),),
            null=0.3,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.7, negative=0.02, absent=0.28, interval=(0.32, 0.38)),
        ),
        OFTEN(
            name="thirty_two_in_haste",
            claim="networks of 32 neurons learn the product of three signs within 1,000 steps more often than four "
            "tries of 8 neurons would by the pilot",
            between=(_of(32),),
            null=0.51,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.63, 0.7)),
        ),
        OFTEN(
            name="sixty_four_in_haste",
            claim="networks of 64 neurons learn the product of three signs within 1,000 steps more often than eight "
            "tries of 8 neurons would by the pilot",
            between=(_of(64),),
            null=0.76,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.92, 0.96)),
        ),
        OFTEN(
            name="three_given_time",
            claim="of networks of 3 neurons fewer than a quarter learn the product of three signs within 8,000 steps",
            between=(_of(3, steps=TIME),),
            null=0.25,
            expects=Direction.LESS,
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(0.1, 0.15)),
        ),
        OFTEN(
            name="six_given_time",
            claim="of networks of 6 neurons more than nine in ten learn the product of three signs within 8,000 steps",
            between=(_of(6, steps=TIME),),
            null=0.9,
            smallest=0.02,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.93, negative=0.02, absent=0.05, interval=(0.955, 0.98)),
        ),
        OFTEN(
            name="three_nearly",
            claim="most networks of 3 neurons end 8,000 steps with at least 85 % of the answers right, and fewer than "
            "90 %",
            measure="nearly",
            between=(_of(3, steps=TIME),),
            null=0.5,
            expects=Direction.MORE,
            prediction=PILOT(positive=0.95, negative=0.02, absent=0.03, interval=(0.63, 0.71)),
        ),
    ),
    controls=(_controls("beyond_tries_in_haste", 32, 4, HASTE), _controls("beyond_tries_given_time", 6, 2, TIME)),
    figure=Figure(
        x="width", y="learned", log=("x",), title="How often a network of this width learns", where={"factors": 3}
    ),
    setting="small ReLU networks that learn products of signs within a budget",
    headlines=(
        Headline(
            says="Neurons learn puzzles more often in one network than split into several",
            when={
                "beyond_tries_in_haste": Direction.MORE,
                "beyond_tries_given_time": Direction.MORE,
                "beyond_tries_of_two": Direction.MORE,
                "beyond_tries_of_four": Direction.MORE,
            },
        ),
        Headline(
            says="Given time, neurons learn more often in one network than split up; hurried, hardly",
            when={"beyond_tries_in_haste": Direction.ABSENT, "beyond_tries_given_time": Direction.MORE},
        ),
        Headline(
            says="One six-neuron network succeeds more often than the better of two three-neuron networks",
            when={"beyond_tries_given_time": Direction.MORE},
        ),
        Headline(
            says="Six neurons learn about as often in one network as split into two",
            when={"beyond_tries_given_time": Direction.ABSENT},
        ),
        Headline(
            says="Six neurons learn a puzzle less often in one network than split into two",
            when={"beyond_tries_given_time": Direction.LESS},
        ),
    ),
    words={
        "learned": "success",
        "nearly": "a near miss",
        "learned_share": "the share of tries that learn",
        "waited": "steps until the quickest network has learned",
        "accuracy": "the best network's share of right answers",
        "tries": "tries",
        "tries=1": "one network",
        "tries=2": "the better of two networks",
        "tries=4": "the best of four networks",
        "factors": "the product of {value} signs",
        "width": "{value} hidden neurons",
        "batch": "batches of {value}",
        "lr": "learning rate",
        "steps": "a budget of {value} steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
