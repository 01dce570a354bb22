"""Does what happens early in training leave a mark that the same thing late does not?

Why it matters: if early damage cannot be repaired, the first minutes of a training matter more than all later ones, for
networks as for kittens.

A kitten whose eye is shut in its first weeks never sees well with it. Achille et al. (2019) blurred the images that a
network was trained on: blurred at first, it stayed worse for good, and blurred later it did not. Golatkar et al. (2019)
found the same of weight decay: given early it helps to the end, given late it does nothing. We train a network of three
hidden layers far longer than it takes to fit its 500 examples, and disturb a sixth of that time, the first sixth or the
third, so that each has as much undisturbed training in all and at least half of it afterwards. What is disturbed is the
inputs, averaged over neighbours or put into another order; or nothing but the weights, which decay meanwhile.

We expect less than was seen of large networks, whose rates fall to zero. A blur at first leaves a small mark for good,
but hardly a larger one than the same blur later; with a strange order the two do not differ. Decay at first helps to
the end, and so does as much of it later, so that nothing here is critical. All estimands are on a teacher's task.

History: 2, as 1 with seeds that no pilot has seen; 1, deficits beside the old laboratory's regularisation, and each of
them early and late.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, losses, models, training
from axiom.kit.optimizers import Rates

INPUTS, CLASSES, EXAMPLES, TEST = 24, 5, 500, 2_000
EPOCHS = 240
BLUR = 4  # neighbouring inputs that a blur makes alike
WHEN = {"never": (0, 0), "early": (0, 1), "late": (2, 3), "always": (0, 6)}  # sixths of the training
DEFICITS = ("blur", "order", "decay")


TASKS: dict[str, Callable[..., data.LearningTask]] = {"clusters": data.clusters, "teacher": data.teacher}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    task: str  # clusters or teacher
    deficit: str  # none, blur, order or decay
    when: str  # never, early (the first sixth), late (the third), always
    epochs: int = EPOCHS
    decay: float = 0.01  # of the weights, while they decay
    lr: float = 0.05
    control: str = "none"  # placebo: nothing is disturbed, with a start for each time; planted: it never ends


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    test_accuracy: float  # at the end, on undisturbed inputs
    best_accuracy: float  # over all epochs
    train_accuracy: float  # on the undisturbed examples, at the end
    train_loss: float
    norm: float  # of all weights at the end
    test_by_epoch: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Decaying:
    """The cross-entropy; and half the squared weights times the decay, for those rows that are marked so."""

    def __call__(self, net: models.Net, x: models.Array, y: models.Array, decay: models.Array) -> jax.Array:
        """The loss of these rows; the second column of `y` marks."""
        squares = sum((jnp.vdot(layer.weights, layer.weights) for layer in net), start=jnp.float32(0))
        marked = jnp.mean(y[:, 1].astype(jnp.float32))
        return losses.softmax_loss(models.logits(net, x), y[:, 0]) + 0.5 * decay * marked * squares


OBJECTIVE = Decaying()


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start, batch order and disturbance for every time alike."""
    draw = TASKS[config.task]
    task = draw(chance.stream(seed, "data"), inputs=INPUTS, classes=CLASSES, train=EXAMPLES, test=TEST)
    own = f" {config.when}" if config.control == "placebo" else ""
    start = models.mlp(chance.stream(seed, f"start{own}"), (INPUTS, 64, 64, 64, CLASSES))

    def right(net: models.Net) -> float:
        return float((training.answers(net, task.x_test) == task.y_test).mean())

    end, seen = training.trained(
        start,
        shown(config, seed, task),
        orders(config, seed),
        watch=right,
        rates=Rates(lr=config.lr),
        batch=25,
        objective=OBJECTIVE,
        context=(config.decay,),
    )
    outputs = models.logits(end, task.x_train)
    return Measures(
        test_accuracy=seen[-1],
        best_accuracy=max(seen),
        train_accuracy=training.accuracy(end, task.x_train, task.y_train),
        train_loss=training.cross_entropy(outputs, task.y_train),
        norm=float(np.sqrt(sum(np.vdot(layer.weights, layer.weights) for layer in end))),
        test_by_epoch=tuple(seen),
    )


def shown(config: Config, seed: int, task: data.LearningTask) -> data.LearningTask:
    """Each example twice: as it is, and as it is while it is disturbed. The second column of labels marks decay."""
    x = task.x_train
    if config.deficit == "blur":
        x = np.repeat(x.reshape(EXAMPLES, -1, BLUR).mean(axis=2), BLUR, axis=1)
    elif config.deficit == "order":
        x = x[:, chance.stream(seed, "order of inputs").permutation(INPUTS)]
    marks = np.repeat([0, int(config.deficit == "decay")], EXAMPLES)
    labels = np.stack([np.tile(task.y_train, 2), marks], axis=1).astype(np.int32)
    return data.LearningTask(
        x_train=np.concatenate([task.x_train, x]), y_train=labels, x_test=task.x_test, y_test=task.y_test
    )


def orders(config: Config, seed: int) -> npt.NDArray[np.int32]:
    """The numbers of the rows of each epoch: those of the second half while it is disturbed."""
    first, last = (sixth * config.epochs // 6 for sixth in WHEN[config.when])
    if config.control != "none":
        last = first if config.control == "placebo" else config.epochs
    rows = chance.orders(seed, items=EXAMPLES, epochs=config.epochs)
    rows[first:last] += EXAMPLES
    return rows


NONE: dict[str, object] = {"task": "teacher", "deficit": "none"}
EXPECTED = partial(Prediction, because="eight seeds of a pilot")


def _arm(deficit: str, when: str) -> dict[str, object]:
    return {"task": "teacher", "deficit": deficit, "when": when}


def _short(control: str) -> tuple[Config, ...]:
    two = (("blur", "early"), ("none", "never"))
    return tuple(Config(task="teacher", deficit=what, when=when, epochs=18, control=control) for what, when in two)


PAIRED = partial(
    Estimand,
    kind=Kind.CONTRAST,
    measure="test_accuracy",
    bounds=(-1.0, 1.0),
    smallest=0.005,
    in_words="{percent} percentage points",
)

experiment = Experiment(
    name="critical_learning_periods",
    version=2,
    question="Does what happens early in training leave a mark that the same thing late does not?",
    reference="Achille et al. 2019, arXiv:1711.08856; Golatkar et al. 2019, arXiv:1905.13277",
    run=run,
    measures=Measures,
    sweep=(
        *grid(Config, task=list(TASKS), deficit=["none"], when=["never"]),
        *grid(Config, task=list(TASKS), deficit=list(DEFICITS), when=["early", "late", "always"]),
    ),
    ranges={"epochs": (6, 2_000), "decay": (0.0, 0.1), "lr": (1e-4, 0.5)},
    estimands=(
        PAIRED(
            name="early_blur_leaves_a_mark",
            claim="a network whose inputs are blurred during the first sixth of training ends less "
            "accurate than one that sees them sharp throughout",
            between=(_arm("blur", "early"), NONE),
            expects=Direction.LESS,
            prediction=EXPECTED(positive=0.01, negative=0.86, absent=0.13, interval=(-0.018, -0.007)),
        ),
        PAIRED(
            name="early_blur_minus_late",
            claim="whether inputs are blurred early in training or later changes a network's accuracy by less than "
            "half a percentage point",
            between=(_arm("blur", "early"), _arm("blur", "late")),
            expects=Direction.ABSENT,
            prediction=EXPECTED(positive=0.01, negative=0.49, absent=0.5, interval=(-0.011, -0.001)),
        ),
        PAIRED(
            name="early_order_minus_late",
            claim="whether inputs are in a strange order early in training or later changes a network's accuracy by "
            "less than half a percentage point",
            between=(_arm("order", "early"), _arm("order", "late")),
            expects=Direction.ABSENT,
            prediction=EXPECTED(positive=0.05, negative=0.1, absent=0.85, interval=(-0.004, 0.004)),
        ),
        PAIRED(
            name="early_decay_helps_for_good",
            claim="a network ends more accurate with weight decay during the first sixth of training "
            "alone than without any",
            between=(_arm("decay", "early"), NONE),
            prediction=EXPECTED(positive=0.97, negative=0.01, absent=0.02, interval=(0.009, 0.019)),
            expects=Direction.MORE,
        ),
        PAIRED(
            name="early_decay_minus_late",
            claim="whether weights decay early in training or later changes a network's accuracy by less than half "
            "a percentage point",
            between=(_arm("decay", "early"), _arm("decay", "late")),
            prediction=EXPECTED(positive=0.03, negative=0.02, absent=0.95, interval=(-0.001, 0.002)),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(Control(estimand="early_blur_leaves_a_mark", placebo=_short("placebo"), planted=_short("planted")),),
    figure=Figure(x="when", y="test_accuracy", title="What a disturbance leaves", where={"task": "teacher"}),
    setting="deep networks disturbed for a while",
    headlines=(
        Headline(
            says="Blurring inputs early in training lowers final accuracy, but hardly more than blurring later",
            when={"early_blur_minus_late": Direction.ABSENT, "early_blur_leaves_a_mark": Direction.LESS},
        ),
        Headline(
            says="Whether inputs are blurred early or later hardly changes final accuracy; likewise for scrambling",
            when={"early_blur_minus_late": Direction.ABSENT, "early_order_minus_late": Direction.ABSENT},
        ),
        Headline(
            says="Whether inputs are blurred early or later in training hardly changes final accuracy",
            when={"early_blur_minus_late": Direction.ABSENT},
        ),
        Headline(
            says="Blurring inputs early in training leaves networks less accurate than blurring them later",
            when={"early_blur_minus_late": Direction.LESS},
        ),
        Headline(
            says="Blurring inputs early in training leaves networks more accurate than blurring them later",
            when={"early_blur_minus_late": Direction.MORE},
        ),
    ),
    words={
        "test_accuracy": "final accuracy on new examples",
        "deficit=blur": "blurred inputs",
        "deficit=order": "inputs in a strange order",
        "deficit=decay": "weight decay",
        "deficit=none": "no disturbance",
        "when=early": "early disturbance",
        "when=late": "later disturbance",
        "when=always": "disturbance throughout",
        "when=never": "disturbance at no time",
        "task=clusters": "clusters of points",
        "task=teacher": "labels from a random network",
        "decay": "strength of decay",
        "lr": "learning rate",
        "epochs": "{value} epochs",
        "when": "time of the disturbance",
    },
    needs=Needs(seconds=lambda config: 0.009 + config.epochs * 8.5e-4, memory_mb=400),
)
