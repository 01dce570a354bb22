"""Can a small network recognise a digit that it was never shown?

Why it matters: large models teach small ones by their answers. Whoever thinks that a model knows no more than it was
shown should know what answers carry.

A large network's answers say more than which digit it sees: that this 2 is a little like a 3 and not at all like a 4. A
small network that learned them in place of the labels (knowledge distillation, Hinton et al. 2015) made half as many
errors on MNIST, and recognised 98.6 % of the threes though it was shown no 3, once the bias of its output for threes
was raised. We leave out one digit, by lot. The large network has seen it; the small one learns the large one's chances,
softened by a temperature, for images of the other nine. The rival: soft targets only keep a network from being too
sure, whatever they say of the other digits (Yuan et al. 2020). So another small network learns the same chances, dealt
out by lot, for each image anew, among the nine digits that are not the answer.

We expect that the first recognises most images of the digit that it never saw, and the second none; and that a raised
bias helps the second much less. Where all digits are shown, we expect fewer errors than from labels, but not half as
many.

History: 1; a pilot with seeds of its own tried 400 and 800 images.
"""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction, Published
from axiom.kit import chance, data, digits, models, optimizers, progress, training

KEPT_BACK, TEST, BATCH, LARGE = 500, 800, 25, 256
RAISES = np.arange(20.0, -2.0, -0.1)  # of the bias of the output for the digit that was left out


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    targets: str  # answers of the large network, or lots: the same chances, dealt out by lot
    temperature: float  # by which the outputs of the large network are divided
    examples: int = 400
    width: int = 16  # of the small network
    steps: int = 1_500
    control: str = "none"  # placebo: all learn lots, each its own; planted: who learns answers is shown the digit


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    unseen_accuracy: float  # on new images of the digit that was left out
    raised_accuracy: float  # the same, with the bias that is best on images kept back
    other_accuracy: float  # on the other digits, with that bias
    unseen_over_others: float  # the one over the other
    bias: float  # that was added
    log_errors: float  # logarithm to base 2 of the errors where all digits are shown, over those from labels
    test_accuracy: float  # where all digits are shown
    label_accuracy: float  # of the small network that learned labels
    large_accuracy: float


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes images, the digit, both starts, batches and lots."""
    task = digits.task(chance.stream(seed, "data"), train=config.examples, test=KEPT_BACK + TEST)
    digit = int(chance.stream(seed, "digit").integers(digits.CLASSES))
    is_shown = task.y_train != digit
    if config.control == "planted" and config.targets == "answers":
        is_shown = np.ones_like(is_shown)

    def learn(outputs: list[data.Floats], number: int) -> list[data.Floats]:
        """The large network by labels; the small one by labels, by targets, and by targets without the digit."""
        labels: Any = targets(config, seed, outputs[0][: config.examples]) if number >= 2 else task.y_train
        rows = is_shown if number == 3 else np.ones_like(is_shown)
        hidden = [config.width] if number else [LARGE, LARGE]
        net = _learned(config, seed, hidden, task.x_train[rows], labels[rows])
        return [*outputs, np.asarray(models.logits(net, np.concatenate([task.x_train, task.x_test])))]

    outputs = [of_net[config.examples :] for of_net in progress.blocks(list[data.Floats](), learn, 4)]
    choosing, testing = slice(0, KEPT_BACK), slice(KEPT_BACK, None)
    large, by_labels, by_targets = (_right(of_net[testing], task.y_test[testing]) for of_net in outputs[:3])
    without = outputs[3]
    bias = best_bias(without[choosing], task.y_test[choosing], digit)
    raised = without + bias * (np.arange(digits.CLASSES) == digit)
    is_unseen = task.y_test[testing] == digit
    unseen, after = (_right(of_net[testing], task.y_test[testing]) for of_net in (without, raised))
    return Measures(
        unseen_accuracy=float(unseen[is_unseen].mean()),
        raised_accuracy=float(after[is_unseen].mean()),
        other_accuracy=float(after[~is_unseen].mean()),
        unseen_over_others=float(after[is_unseen].mean() / after[~is_unseen].mean()),
        bias=bias,
        log_errors=math.log2(float((~by_targets).sum() + 0.5) / float((~by_labels).sum() + 0.5)),
        test_accuracy=float(by_targets.mean()),
        label_accuracy=float(by_labels.mean()),
        large_accuracy=float(large.mean()),
    )


def targets(config: Config, seed: int, outputs: data.Floats) -> data.Floats:
    """What the small network learns in place of the labels, from the large one's outputs for the same images."""
    softened = outputs.astype(np.float64) / config.temperature
    above = np.exp(softened - softened.max(axis=1, keepdims=True))
    chances: data.Floats = (above / above.sum(axis=1, keepdims=True)).astype(np.float32)
    if config.targets == "answers" and config.control != "placebo":
        return chances
    rng = chance.stream(seed, f"lots of {config.targets}")
    order = np.argsort(-chances, axis=1, kind="stable")  # the answer first
    others = rng.permuted(order[:, 1:], axis=1)
    lots = np.empty_like(chances)
    np.put_along_axis(lots, np.concatenate([order[:, :1], others], axis=1), -np.sort(-chances, axis=1), axis=1)
    return lots


def best_bias(outputs: data.Floats, y: data.Labels, digit: int) -> float:
    """What has to be added to the output for this digit so that most answers are right; the most that does."""
    unit = np.arange(digits.CLASSES) == digit
    return float(max(RAISES, key=lambda bias: _right(outputs + bias * unit, y).sum()))


def _right(outputs: npt.NDArray[Any], y: data.Labels) -> npt.NDArray[np.bool_]:
    right: npt.NDArray[np.bool_] = outputs.argmax(axis=1) == y
    return right


def _learned(config: Config, seed: int, hidden: list[int], x: data.Floats, y: Any) -> models.Net:
    """A network of these hidden layers at the end of its training."""
    start = models.mlp(chance.stream(seed, f"start of {len(hidden)}"), (digits.SIDE**2, *hidden, digits.CLASSES))
    orders = chance.orders(seed, items=len(x), epochs=-(-config.steps * BATCH // len(x)))
    end, _ = training.trained(
        start,
        data.LearningTask(x_train=x, y_train=y, x_test=x, y_test=y),
        orders,
        watch=training.UNWATCHED,
        rates=optimizers.Rates(lr=0.003),
        batch=BATCH,
        optimizer=optimizers.ADAMW,
        every=len(orders),
    )
    return end


def _seconds(config: Config) -> float:
    return 0.02 + config.steps * 4e-4


PILOT = partial(Prediction, because="twelve seeds of a pilot")
HINTON = "Hinton et al. 2015, arXiv:1503.02531"
SHORT = partial(grid, Config, targets=["answers", "lots"], temperature=[8.0], steps=[600])


def _at(targets: str) -> dict[str, object]:
    return {"targets": targets, "temperature": 8.0}


AGAINST_LOTS = partial(
    Estimand,
    kind=Kind.CONTRAST,
    between=(_at("answers"), _at("lots")),
    bounds=(-1.0, 1.0),
    smallest=0.05,
    expects=Direction.MORE,
    in_words="{percent} percentage points",
)

experiment = Experiment(
    name="digit_never_shown",
    version=1,
    question="Can a small network recognise a digit that it was never shown?",
    reference=f"{HINTON}; Yuan et al. 2020, arXiv:1909.11723",
    run=run,
    measures=Measures,
    sweep=grid(Config, targets=["answers", "lots"], temperature=[1.0, 2.0, 4.0, 8.0, 16.0]),
    ranges={"temperature": (0.5, 100.0), "examples": (50, 450), "width": (4, 256), "steps": (1, 20_000)},
    estimands=(
        Estimand(
            name="recognises_most",
            claim="a small network that learned a large one's answers recognises more than half of the images of a "
            "digit that it was never shown",
            kind=Kind.LEVEL,
            measure="unseen_accuracy",
            between=(_at("answers"),),
            null=0.5,
            bounds=(0.0, 1.0),
            smallest=0.05,
            expects=Direction.MORE,
            in_words="{percent} % of them",
            prediction=PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.62, 0.77)),
        ),
        AGAINST_LOTS(
            name="answers_minus_lots",
            claim="a small network recognises a digit that it was never shown more often if it learned a large one's "
            "answers than if their chances were dealt out by lot",
            measure="unseen_accuracy",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.62, 0.77)),
        ),
        AGAINST_LOTS(
            name="raised_minus_lots",
            claim="also with the bias that is best on images kept back, a small network recognises a digit that it was "
            "never shown more often if it learned a large one's answers than if their chances were dealt out by lot",
            measure="raised_accuracy",
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.46, 0.68)),
        ),
        Estimand(
            name="unseen_over_others",
            claim="with the bias that is best on images kept back, a small network that learned a large one's answers "
            "recognises a digit that it was never shown about as often as others",
            kind=Kind.LEVEL,
            measure="unseen_over_others",
            between=(_at("answers"),),
            null=1.0,
            smallest=0.06,
            expects=Direction.ABSENT,
            prediction=PILOT(positive=0.01, negative=0.14, absent=0.85, interval=(0.94, 1.005)),
            published=Published(value=0.997, reference=HINTON),  # 996 of 1,010 threes, 8,895 of 8,990 other digits
        ),
        Estimand(
            name="errors_beside_labels",
            claim="where all digits are shown, a small network makes fewer errors if it learned a large one's answers "
            "than if it learned labels",
            kind=Kind.LEVEL,
            measure="log_errors",
            between=(_at("answers"),),
            smallest=0.04,
            expects=Direction.LESS,
            in_words="{times2} times the errors",
            prediction=PILOT(positive=0.02, negative=0.88, absent=0.1, interval=(-0.19, -0.05)),
            published=Published(value=-0.98, reference=HINTON),  # 74 errors beside 146
        ),
        Estimand(
            name="errors_beside_lots",
            claim="where all digits are shown, a small network makes fewer errors if it learned a large one's answers "
            "than if their chances were dealt out by lot",
            kind=Kind.CONTRAST,
            measure="log_errors",
            between=(_at("answers"), _at("lots")),
            smallest=0.1,
            expects=Direction.LESS,
            in_words="{times2} times the errors",
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.44, -0.25)),
        ),
    ),
    controls=(
        Control(estimand="raised_minus_lots", placebo=SHORT(control=["placebo"]), planted=SHORT(control=["planted"])),
    ),
    figure=Figure(
        x="temperature", y="unseen_accuracy", title="A digit that the small network was never shown", log=("x",)
    ),
    setting="small networks that learn digits from a large one's answers",
    headlines=(
        Headline(
            says="Small networks learning a large one's answers recognise most images of a never-shown digit",
            when={"recognises_most": Direction.MORE, "answers_minus_lots": Direction.MORE},
        ),
        Headline(
            says="A large network's answers help small ones recognise a digit they never saw",
            when={"answers_minus_lots": Direction.MORE},
        ),
        Headline(
            says="A large network's answers hardly help small ones recognise a digit they never saw",
            when={"answers_minus_lots": Direction.ABSENT},
        ),
    ),
    words={
        "unseen_accuracy": "the share of an unseen digit's images that is recognised",
        "raised_accuracy": "the share of an unseen digit's images that is recognised with a raised bias",
        "unseen_over_others": "the recognised share of an unseen digit over that of the others",
        "log_errors": "the number of errors over that after learning labels",
        "targets=answers": "a large one's answers",
        "targets=lots": "answers dealt by lot",
        "temperature": "temperature that softens the answers",
        "temperature=8.0": "a temperature of eight",
        "width": "{value} neurons",
        "examples": "{value} images",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
