"""Does dropout relieve the starvation of a weak feature beside a strong one?

Once a strong feature answers for most examples, little of the loss is left to learn a weak one from: the weak one
starves (Pezeshki et al. 2021). The old laboratory wondered whether dropout helps (Srivastava et al. 2014). Two of its
kinds might: hidden neurons that are silent by chance, so that nobody can lean on one of them, and inputs that are, so
that the strong feature is sometimes missing. Inputs are two blocks of ten numbers that both tell the class; the trained
network is asked about the weak block alone. A network with the same dropout for which the strong block is noise says
what dropout does to learning by itself. Classes overlap, or hardly touch, as in the paper's examples.

We expect a clear gain by silent inputs, above all where classes hardly touch, and a small one by silent neurons. Even
with half of its inputs silent, a network should learn less of the weak feature beside the strong one than alone.

History: 2, as 1 with seeds that no pilot has seen; 1, an idea that the old laboratory's sessions left open, with its
blocks of `feature_competition_dynamics`.
"""

from dataclasses import dataclass

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, dropout, losses, models, optimizers, rivals, training

SNAPSHOTS, BATCH = 10, 50


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    hidden: float  # share of the hidden neurons that are silent
    inputs: float  # share of the inputs that are
    strong: float  # spread of the class centres in the strong block; 0 is noise
    noise: float  # standard deviation around the centres
    width: int
    weak: float = 0.5  # spread of the class centres in the weak block
    lr: float = 0.05
    epochs: int = 60


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    weak_accuracy: float  # on the test data with the strong block at zero, after the last epoch
    stopped_weak_accuracy: float  # the same, at the snapshot where that was best on data kept back
    weak_loss: float  # after the last epoch, on the test data with the strong block at zero, in nats
    test_accuracy: float  # with both blocks
    train_accuracy: float
    weak_by_snapshot: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order; another strength moves the same centres apart."""
    pair = rivals.rivals(seed, strong=config.strong, weak=config.weak, noise=config.noise)
    orders = chance.orders(seed, items=rivals.TRAIN, epochs=config.epochs)
    rows, orders = dropout.shown(chance.stream(seed, "silence"), pair.task, orders, layers=2)
    end, snapshots = training.trained(
        models.mlp(chance.stream(seed, "start"), (rivals.INPUTS, config.width, rivals.CLASSES)),
        rows,
        orders,
        watch=pair.weak_accuracies,
        rates=optimizers.Rates(lr=config.lr),
        batch=BATCH,
        objective=dropout.Dropout(loss=right_class),
        context=(
            dropout.patterns(chance.stream(seed, "silent inputs"), width=rivals.INPUTS, rate=config.inputs),
            dropout.patterns(chance.stream(seed, "silent neurons"), width=config.width, rate=config.hidden),
        ),
        every=-(-config.epochs // SNAPSHOTS),
    )
    kept, weak = np.array(snapshots).T
    return Measures(
        weak_accuracy=float(weak[-1]),
        stopped_weak_accuracy=float(weak[kept.argmax()]),
        weak_loss=training.cross_entropy(models.logits(end, rivals.silenced(pair.task.x_test)), pair.task.y_test),
        test_accuracy=training.accuracy(end, pair.task.x_test, pair.task.y_test),
        train_accuracy=training.accuracy(end, pair.task.x_train, pair.task.y_train),
        weak_by_snapshot=tuple(weak.tolist()),
    )


def right_class(outputs: models.Array, y: models.Array) -> jax.Array:
    """The cross-entropy of the only column of answers."""
    return losses.softmax_loss(outputs, y[:, 0])


def _seconds(config: Config) -> float:
    return 0.005 + config.epochs * (1.55e-4 + 1.15e-6 * config.width)


def _short(hidden: float, inputs: float, weak: float) -> Config:
    return Config(hidden=hidden, inputs=inputs, strong=2.0, noise=1.0, width=32, weak=weak, epochs=20)


def _relief(name: str, claim: str, arm: dict[str, object], prediction: Prediction) -> Estimand:
    """Beside the strong feature, with dropout and without; a mean over widths."""
    none = {"strong": 2.0, "hidden": 0.0, "inputs": 0.0}
    return Estimand(
        name=name,
        claim=claim,
        kind=Kind.CONTRAST,
        measure="weak_accuracy",
        between=({**none, **arm}, {**arm, **none}),
        smallest=0.03,
        bounds=(-1.0, 1.0),
        prediction=prediction,
    )


ARMS = ((0.0, 0.0), (0.2, 0.0), (0.5, 0.0), (0.0, 0.2), (0.0, 0.5))  # silent neurons and inputs
experiment = Experiment(
    name="starvation_under_dropout",
    version=2,
    question="Does dropout relieve the starvation of a weak feature beside a strong one?",
    reference="Pezeshki et al. 2021, arXiv:2011.09468; Srivastava et al. 2014, JMLR 15:1929",
    run=run,
    measures=Measures,
    sweep=tuple(
        config
        for hidden, inputs in ARMS
        for config in grid(
            Config, hidden=[hidden], inputs=[inputs], strong=[0.0, 2.0], noise=[0.1, 1.0], width=[32, 128]
        )
    ),
    ranges={
        "hidden": (0.0, 0.8),
        "inputs": (0.0, 0.8),
        "strong": (0.0, 4.0),
        "noise": (0.05, 2.0),
        "width": (4, 512),
        "epochs": (1, 1_000),
    },
    estimands=(
        _relief(
            "silent_neurons",
            "silencing half the neurons helps to learn a weak feature beside a strong one where classes overlap",
            {"noise": 1.0, "hidden": 0.5},
            Prediction(positive=0.9, negative=0.01, absent=0.09, interval=(0.03, 0.06), because="a pilot"),
        ),
        _relief(
            "silent_neurons_on_clean",
            "silencing half the neurons helps to learn a weak feature beside a strong one where classes barely touch",
            {"noise": 0.1, "hidden": 0.5},
            Prediction(positive=0.9, negative=0.01, absent=0.09, interval=(0.04, 0.13), because="a pilot"),
        ),
        _relief(
            "silent_inputs",
            "silencing half the inputs helps to learn a weak feature beside a strong one where classes overlap",
            {"noise": 1.0, "inputs": 0.5},
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.13, 0.21), because="a pilot"),
        ),
        _relief(
            "silent_inputs_on_clean",
            "silencing half the inputs helps to learn a weak feature beside a strong one where classes barely touch",
            {"noise": 0.1, "inputs": 0.5},
            Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.44, 0.58), because="a pilot"),
        ),
        Estimand(
            name="beside_strong_minus_alone",
            claim="with half of the inputs silent, a weak feature is still learned worse beside a strong one",
            kind=Kind.CONTRAST,
            measure="weak_accuracy",
            between=(
                {"strong": 2.0, "noise": 1.0, "inputs": 0.5},
                {"strong": 0.0, "noise": 1.0, "inputs": 0.5},
            ),
            expects=Direction.LESS,
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01, negative=0.93, absent=0.06, interval=(-0.11, -0.05), because="a pilot"
            ),
        ),
    ),
    controls=(
        Control(
            estimand="silent_inputs",
            placebo=(_short(0.0, 0.5, 0.0), _short(0.0, 0.0, 0.0)),  # the weak block is noise, and nothing could starve
            planted=(_short(0.0, 0.5, 1.0), _short(0.0, 0.0, 0.3)),
        ),
    ),
    figure=Figure(
        x="strong", y="weak_accuracy", title="What is learned of the weak block", where={"width": 128, "hidden": 0.0}
    ),
    needs=Needs(seconds=_seconds, memory_mb=600),
)
