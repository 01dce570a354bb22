"""Does an ability that appears suddenly with size appear as suddenly when its parts are counted?

Why it matters: large models seem to gain abilities all at once, which worries those who must foresee what the next one
can do. The jump may lie in the ruler.

Large language models seem to gain abilities all at once. Schaeffer et al. (2023) blame the ruler: an answer of several
parts counts only when every part is right, so that a share p of right parts, which may grow smoothly, becomes about p
to the power of their number. We train one network after the other, each twice as wide as the last, on answers of
several parts, and measure the very same networks with both rulers. In one task the parts have nothing to do with each
other but the neurons that they share; the other is the addition of two numbers, whose digits hang together by carries.

We expect whole answers to come about one doubling of the width later than their parts in both tasks. With eight parts
they rise more suddenly, too; with the four digits of a sum they do not. Networks that give hardly a whole sum right
know nearly half of its digits, where guessing gives 28 of 100: the ability was there before it was seen.

History: 3, with a placebo that chance scatters; 2, other seeds than the pilot's; 1, with two rulers for the same
networks; the old laboratory's script was stopped before it had any result.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, progress, training
from axiom.kit.optimizers import ADAMW, Rates

CLASSES, BLOCK = 5, 8  # classes of every part, and inputs of an independent one
DIGITS = 3  # of both summands, to the base of five; the sum has one more
TRAIN, TEST, BATCH = 4_000, 4_000, 50
SILENT = 0.05  # a network with fewer whole answers right seems to know nothing
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # parts, each with inputs of its own; or sums, of which the parts are the digits
    parts: int = 8  # of an answer, in the first task; sums have four
    doublings: int = 8  # how many widths: 2, 4, 8 and so on
    epochs: int = 15
    lr: float = 0.003
    control: str = "none"  # placebo: whole answers are those of other networks, alike but for their starts


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    steeper: float | None  # largest rise over a doubling by the whole rise: of whole answers less of parts
    later: float | None  # by so many doublings whole answers make half of their rise after parts have
    excess: float  # whole answers that are right, less the product of the shares of their parts: mean over widths
    silent: float | None  # mean share of right parts where hardly a whole answer is right; None where many are
    best_exact: float
    part_by_width: tuple[float, ...]  # share of right parts
    exact_by_width: tuple[float, ...]  # share of answers of which all parts are right


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The mean cross-entropy of the parts of an answer, each of which has as many outputs as there are classes."""

    def __call__(self, net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
        """The loss of these rows, which have one column of answers for each part."""
        outputs = models.logits(net, x).reshape(-1, CLASSES)
        return losses.softmax_loss(outputs, y.reshape(-1))


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data and batch order for every width alike."""
    task = TASKS[config.task](config, seed)
    parts = task.y_train.shape[1]
    rates, order = Rates(lr=config.lr), chance.orders(seed, items=len(task.x_train), epochs=config.epochs)

    def right(number: int, purpose: str) -> npt.NDArray[np.bool_]:
        """Which parts of the answers a network of this width has right that began so."""
        sizes = (task.x_train.shape[1], 2 ** (number + 1), parts * CLASSES)
        start = models.mlp(chance.stream(seed, f"{purpose} {number}"), sizes)
        end, _ = training.trained(
            start, task, order, watch=len, rates=rates, batch=BATCH, optimizer=ADAMW, objective=Parts(), every=5
        )
        outputs = np.asarray(models.logits(end, task.x_test)).reshape(TEST, parts, CLASSES)
        return np.asarray(outputs.argmax(axis=2) == task.y_test)

    def learn(seen: list[Floats], number: int) -> list[Floats]:
        """What the network of the next width has right: the share of each part, and of whole answers."""
        part = whole = right(number, "start")
        if config.control == "placebo":
            whole = right(number, "another start")
        return [*seen, np.array([*part.mean(axis=0), whole.all(axis=1).mean()])]

    seen = np.array(progress.blocks(list[Floats](), learn, config.doublings))
    part, exact, product = seen[:, :-1].mean(axis=1), seen[:, -1], seen[:, :-1].prod(axis=1)
    is_silent, is_rising = exact < SILENT, min(exact.max() - exact[0], part.max() - part[0]) > 0
    return Measures(
        steeper=steepest(exact) - steepest(part) if is_rising else None,
        later=half_way(exact) - half_way(part) if is_rising else None,
        excess=float((exact - product).mean()),
        silent=float(part[is_silent].mean()) if is_silent.any() else None,
        best_exact=float(exact.max()),
        part_by_width=tuple(part.tolist()),
        exact_by_width=tuple(exact.tolist()),
    )


def steepest(curve: Floats) -> float:
    """The largest rise over one doubling of the width, as a share of the whole rise."""
    return float(np.diff(curve).max() / (curve.max() - curve[0]))


def half_way(curve: Floats) -> float:
    """After how many doublings the curve has first made half of its whole rise, by straight lines between widths."""
    half = (curve[0] + curve.max()) / 2
    place = int(np.argmax(curve >= half))
    return float(place - (curve[place] - half) / (curve[place] - curve[place - 1]))


def _parts(config: Config, seed: int) -> data.LearningTask:
    """Answers of which each part is a teacher's, who sees inputs of its own."""
    drawn = [
        data.linear_teacher(chance.stream(seed, f"part {n}"), inputs=BLOCK, classes=CLASSES, train=TRAIN, test=TEST)
        for n in range(config.parts)
    ]
    x, x_test = (np.concatenate(parts, axis=1) for parts in zip(*((a.x_train, a.x_test) for a in drawn), strict=True))
    y, y_test = (np.stack(parts, axis=1) for parts in zip(*((a.y_train, a.y_test) for a in drawn), strict=True))
    return data.LearningTask(x_train=x, y_train=y, x_test=x_test, y_test=y_test)


def _sums(_config: Config, seed: int) -> data.LearningTask:
    """Two numbers as unit vectors of their digits, and the digits of their sum, the lowest first."""
    numbers = CLASSES**DIGITS
    pairs = chance.stream(seed, "pairs").permutation(numbers**2)[: TRAIN + TEST]
    both = np.stack(np.divmod(pairs, numbers), axis=1)
    places = CLASSES ** np.arange(DIGITS + 1)
    digits = both[:, :, None] // places[:-1] % CLASSES
    x = np.eye(CLASSES, dtype=np.float32)[digits].reshape(len(pairs), -1)
    y = (both.sum(axis=1)[:, None] // places % CLASSES).astype(np.int32)
    return data.LearningTask(x_train=x[:TRAIN], y_train=y[:TRAIN], x_test=x[TRAIN:], y_test=y[TRAIN:])


TASKS = {"parts": _parts, "sums": _sums}


def _seconds(config: Config) -> float:
    parts = config.parts if config.task == "parts" else DIGITS + 1
    networks = (2 if config.control == "placebo" else 1) * config.doublings
    return 0.013 + networks * config.epochs * (6.4e-4 + 1.45e-4 * parts)


def _asks(name: str, claim: str, measure: str, interval: tuple[float, float], **rest: Any) -> Estimand:
    """The level of a measure in the task that the rest names."""
    more, less, none = rest.pop("chances", (0.97, 0.01, 0.02))
    because = "eight seeds of a pilot"
    prediction = Prediction(positive=more, negative=less, absent=none, interval=interval, because=because)
    fields: dict[str, Any] = {"smallest": 0.05, "between": ({"task": rest.pop("task")},)} | rest
    return Estimand(name=name, claim=claim, kind=Kind.LEVEL, measure=measure, prediction=prediction, **fields)


GUESSED = 0.276  # of the digits: a fifth, but .504 of the highest, which is 0 or 1
PARTS, SUMS = (partial(_asks, task=task) for task in TASKS)
DOUBTED = (0.05, 0.3, 0.65)
SHORT = partial(Config, task="parts", doublings=4, epochs=4)

experiment = Experiment(
    name="emergent_abilities",
    version=3,
    question="Does an ability that appears suddenly with size appear as suddenly when its parts are counted?",
    reference="Wei et al. 2022, arXiv:2206.07682; Schaeffer et al. 2023, arXiv:2304.15004",
    run=run,
    measures=Measures,
    sweep=grid(Config, task=list(TASKS)),
    ranges={"parts": (1, 16), "doublings": (2, 10), "epochs": (1, 100), "lr": (1e-4, 0.1)},
    estimands=(
        PARTS(
            "whole_answers_rise_steeper",
            "as networks get wider, their accuracy on whole answers of eight independent parts rises more suddenly "
            "than on single parts",
            "steeper",
            (0.26, 0.31),
            in_words="{percent} percentage points",
            expects=Direction.MORE,
        ),
        PARTS(
            "whole_answers_come_later",
            "accuracy on whole answers of eight independent parts makes half of its rise in wider networks than "
            "accuracy on single parts",
            "later",
            (0.84, 0.95),
            smallest=0.3,
            in_words="{value} doublings of width",
            expects=Direction.MORE,
        ),
        SUMS(
            "sums_rise_steeper",
            "as networks get wider, accuracy on whole sums of two numbers rises about as suddenly as accuracy on "
            "their digits",
            "steeper",
            (-0.08, 0.01),
            chances=DOUBTED,
            in_words="{percent} percentage points",
            expects=Direction.ABSENT,
        ),
        SUMS(
            "sums_come_later",
            "accuracy on whole sums of two numbers makes half of its rise in wider networks than accuracy on single "
            "digits of the sums",
            "later",
            (1.0, 1.35),
            smallest=0.3,
            in_words="{value} doublings of width",
            expects=Direction.MORE,
        ),
        SUMS(
            "the_silent_know_digits",
            "networks that get fewer than 5 % of whole sums right get more of the digits right than guessing does, "
            "which gets 28 %",
            "silent",
            (0.445, 0.475),
            null=GUESSED,
            in_words="{percent} %",
            expects=Direction.MORE,
        ),
    ),
    controls=(
        # In the placebo a whole answer is its part.
        Control(
            estimand="whole_answers_come_later",
            placebo=(SHORT(parts=1, control="placebo"),),
            planted=(SHORT(parts=8),),
        ),
    ),
    figure=Figure(x="task", y="best_exact", title="Whole answers of the widest network", percent="%"),
    setting="ever wider networks",
    headlines=(
        Headline(
            says="Growing networks get eight independent answers all right more suddenly than each alone",
            when={"whole_answers_rise_steeper": Direction.MORE},
        ),
        Headline(
            says="Growing networks get eight independent answers all right about as suddenly as each",
            when={"whole_answers_rise_steeper": Direction.ABSENT},
        ),
        Headline(
            says="Growing networks get eight independent answers all right less suddenly than each alone",
            when={"whole_answers_rise_steeper": Direction.LESS},
        ),
        Headline(
            says="As networks grow, whole sums become right about as suddenly as their digits",
            when={"sums_rise_steeper": Direction.ABSENT},
        ),
        Headline(
            says="Networks that get hardly a whole sum right beat guessing on single digits",
            when={"the_silent_know_digits": Direction.MORE},
        ),
    ),
    words={
        "steeper": "the share of the rise in its steepest doubling, whole answers minus parts,",
        "later": "the delay of whole answers behind their parts",
        "silent": "accuracy on parts where hardly any whole answer is right",
        "task=parts": "answers of independent parts",
        "task=sums": "sums of two numbers as answers",
        "parts": "{value} parts per answer",
        "doublings": "{value} doublings of the width",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "best_exact": "best accuracy on whole answers",
        "task": "kind of answer",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
