"""Does dropout relieve the starvation of a weak feature beside a strong one?

Why it matters: networks lean on the easiest clue and fail where it is missing. Dropout is in every toolbox, and might
be a cure.

Once a strong feature answers for most examples, little of the loss is left to learn a weak one from: the weak one
starves (Pezeshki et al. 2021). The old laboratory wondered whether dropout helps (Srivastava et al. 2014). Two of its
kinds might: hidden neurons that are silent by chance, so that nobody can lean on one of them, and inputs that are, so
that the strong feature is sometimes missing. Inputs are two blocks of ten numbers that both tell the class; the trained
network is asked about the weak block alone. It has a twin with the same dropout, for which the strong block is noise:
what it knows less than its twin has starved. Dropout that helps both alike helps, as any regularisation may, but it
relieves nothing. Classes overlap, or hardly touch, as in the paper's examples.

We expect clear relief by silent inputs, above all where classes hardly touch, and a little by silent neurons. Even
with half of its inputs silent, a network should learn less of the weak feature beside the strong one than alone.

History: 3, with twins, since a gain alone may be that of any regularisation; 2, as 1 with seeds that no pilot has seen;
1, an idea that the old laboratory's sessions left open, with its blocks of `feature_competition_dynamics`.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, dropout, gradient_starvation, losses, models, optimizers, progress, training

SNAPSHOTS, BATCH = 10, 50


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    hidden: float  # share of the hidden neurons that are silent
    inputs: float  # share of the inputs that are
    noise: float  # standard deviation around the centres
    width: int
    strong: float = 2.0  # spread of the class centres in the strong block; of the twin it is 0, which is noise
    weak: float = 0.5  # spread of the class centres in the weak block
    lr: float = 0.05
    epochs: int = 60


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    weak_accuracy: float  # on the test data with the strong block at zero, after the last epoch
    stopped_weak_accuracy: float  # the same, at the snapshot where that was best on data kept back
    beside_minus_alone: float  # weak accuracy less that of the twin; below 0 something starved
    stopped_beside_minus_alone: float  # the same of what each has where it was stopped
    weak_loss: float  # after the last epoch, on the test data with the strong block at zero, in nats
    test_accuracy: float  # with both blocks
    train_accuracy: float
    weak_by_snapshot: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start, batch order and silence for the twin, too, and moves the same centres."""
    strengths = list(dict.fromkeys([config.strong, 0.0]))  # without a strong block nothing starves

    def learn(seen: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
        return [*seen, _learned(replace(config, strong=strengths[number]), seed)]

    seen = progress.blocks(list[dict[str, Any]](), learn, len(strengths))
    own, twin = seen[0], seen[-1]
    end, stopped = (own[measure] - twin[measure] for measure in ("weak_accuracy", "stopped_weak_accuracy"))
    return Measures(beside_minus_alone=end, stopped_beside_minus_alone=stopped, **own)


def _learned(config: Config, seed: int) -> dict[str, Any]:
    """What one network knows at the end."""
    pair = gradient_starvation.rivals(seed, strong=config.strong, weak=config.weak, noise=config.noise)
    orders = chance.orders(seed, items=gradient_starvation.TRAIN, epochs=config.epochs)
    rows, orders = dropout.shown(chance.stream(seed, "silence"), pair.task, orders, layers=2)
    end, snapshots = training.trained(
        models.mlp(
            chance.stream(seed, "start"), (gradient_starvation.INPUTS, config.width, gradient_starvation.CLASSES)
        ),
        rows,
        orders,
        watch=pair.weak_accuracies,
        rates=optimizers.Rates(lr=config.lr),
        batch=BATCH,
        objective=dropout.Dropout(loss=right_class),
        context=(
            dropout.patterns(
                chance.stream(seed, "silent inputs"), width=gradient_starvation.INPUTS, rate=config.inputs
            ),
            dropout.patterns(chance.stream(seed, "silent neurons"), width=config.width, rate=config.hidden),
        ),
        every=-(-config.epochs // SNAPSHOTS),
    )
    kept, weak = np.array(snapshots).T
    task = pair.task
    return {
        "weak_accuracy": float(weak[-1]),
        "stopped_weak_accuracy": float(weak[kept.argmax()]),
        "weak_loss": training.cross_entropy(models.logits(end, gradient_starvation.silenced(task.x_test)), task.y_test),
        "test_accuracy": training.accuracy(end, task.x_test, task.y_test),
        "train_accuracy": training.accuracy(end, task.x_train, task.y_train),
        "weak_by_snapshot": tuple(weak.tolist()),
    }


def right_class(outputs: models.Array, y: models.Array) -> jax.Array:
    """The cross-entropy of the only column of answers."""
    return losses.softmax_loss(outputs, y[:, 0])


def _seconds(config: Config) -> float:
    return (2 if config.strong else 1) * (0.006 + config.epochs * (1.8e-4 + 1.3e-6 * config.width))


PILOT = partial(Prediction, because="a pilot")
SHORT = partial(Config, hidden=0.0, noise=1.0, width=32, epochs=20)
# Of a weak block of noise nothing is known, and so nothing starves.
NOTHING = (SHORT(inputs=0.5, weak=0.0), SHORT(inputs=0.0, weak=0.0))
PLAIN: dict[str, object] = {"strong": 2.0, "hidden": 0.0, "inputs": 0.0}
SILENT = {"hidden": "neurons", "inputs": "inputs"}
ON = {1.0: ("", "where classes overlap"), 0.1: ("_on_clean", "where classes barely touch")}
Effect: TypeAlias = tuple[str, str, float, str]  # its measure, suffix and bound, and the claim
HELP: Effect = (
    "weak_accuracy",
    "",
    1.0,
    "helps a network to learn a weak feature (a clue) beside a strong one",
)
RELIEF: Effect = (
    "beside_minus_alone",
    "_relieve",
    2.0,
    "makes a strong feature (a clue to the class) cost less accuracy on a weak one",
)


def _half(factor: str, does: Effect, noise: float, expected: Prediction) -> Estimand:
    """What half of them silent do beside the strong feature, or less what they do to the twin; a mean over widths."""
    (measure, verb, most, effect), (suffix, where), silent = does, ON[noise], SILENT[factor]
    plain, what = {**PLAIN, "noise": noise}, f"dropout on half the {silent}"
    return Estimand(
        name=f"silent_{silent}{verb}{suffix}",
        claim=f"{where}, {what} {effect}",
        kind=Kind.CONTRAST,
        measure=measure,
        expects=Direction.MORE,
        between=({**plain, factor: 0.5}, plain),
        in_words="{percent} percentage points",
        smallest=0.03,
        bounds=(-most, most),
        prediction=expected,
    )


NEURONS, INPUTS = (partial(_half, factor) for factor in SILENT)
ARMS = ((0.0, 0.0), (0.2, 0.0), (0.5, 0.0), (0.0, 0.2), (0.0, 0.5))  # silent neurons and inputs
experiment = Experiment(
    name="starvation_under_dropout",
    version=3,
    question="Does dropout relieve the starvation of a weak feature beside a strong one?",
    reference="Pezeshki et al. 2021, arXiv:2011.09468; Srivastava et al. 2014, JMLR 15:1929",
    run=run,
    measures=Measures,
    sweep=tuple(
        config
        for hidden, inputs in ARMS
        for config in grid(Config, hidden=[hidden], inputs=[inputs], noise=[0.1, 1.0], width=[32, 128])
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
        NEURONS(HELP, 1.0, PILOT(positive=0.95, negative=0.01, absent=0.04, interval=(0.025, 0.042))),
        NEURONS(HELP, 0.1, PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.069, 0.13))),
        INPUTS(HELP, 1.0, PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.12, 0.16))),
        INPUTS(HELP, 0.1, PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.466, 0.548))),
        NEURONS(RELIEF, 1.0, PILOT(positive=0.88, negative=0.01, absent=0.11, interval=(0.014, 0.035))),
        NEURONS(RELIEF, 0.1, PILOT(positive=0.97, negative=0.01, absent=0.02, interval=(0.071, 0.122))),
        INPUTS(RELIEF, 1.0, PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.123, 0.169))),
        INPUTS(RELIEF, 0.1, PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.482, 0.563))),
        Estimand(
            name="beside_strong_minus_alone",
            claim="with dropout on half the inputs, a network learns a weak feature (a clue) less well beside a "
            "strong one than alone",
            kind=Kind.LEVEL,
            measure="beside_minus_alone",
            between=({**PLAIN, "noise": 1.0, "inputs": 0.5},),
            expects=Direction.LESS,
            in_words="{percent} percentage points",
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.111, -0.082)),
        ),
    ),
    controls=(
        Control(
            estimand="silent_inputs",
            placebo=NOTHING,
            planted=(SHORT(inputs=0.5, weak=1.0), SHORT(inputs=0.0, weak=0.3)),
        ),
        Control(  # a weak feature that is no weaker than the strong one
            estimand="silent_inputs_relieve", placebo=NOTHING, planted=(SHORT(inputs=0.5, weak=2.0), SHORT(inputs=0.0))
        ),
    ),
    figure=Figure(x="inputs", y="beside_minus_alone", title="What starves", where={"width": 128, "hidden": 0.0}),
    setting="networks that learn two clues",
    headlines=(
        Headline(
            says="Silencing random inputs or neurons in training makes networks neglect weak clues less",
            when={
                "silent_inputs_relieve": Direction.MORE,
                "silent_inputs_relieve_on_clean": Direction.MORE,
                "silent_neurons_relieve": Direction.MORE,
                "silent_neurons_relieve_on_clean": Direction.MORE,
            },
        ),
        Headline(
            says="Silencing random inputs reduces, but does not end, networks' neglect of weak clues",
            when={
                "silent_inputs_relieve": Direction.MORE,
                "silent_inputs_relieve_on_clean": Direction.MORE,
                "beside_strong_minus_alone": Direction.LESS,
            },
        ),
        Headline(
            says="Silencing random inputs in training makes networks neglect weak clues less",
            when={"silent_inputs_relieve": Direction.MORE, "silent_inputs_relieve_on_clean": Direction.MORE},
        ),
        Headline(
            says="With overlapping classes, silencing random inputs makes networks neglect weak clues less",
            when={"silent_inputs_relieve": Direction.MORE},
        ),
        Headline(
            says="With overlapping classes, silencing random inputs hardly changes how networks neglect weak clues",
            when={"silent_inputs_relieve": Direction.ABSENT},
        ),
    ),
    words={
        "width": "{value} hidden neurons",
        "weak_accuracy": "accuracy from the weak clue alone",
        "beside_minus_alone": "the strong clue's effect on the weak one's accuracy",
        "strong": "strength of the strong clue",
        "strong=2.0": "one four times stronger",
        "hidden": "share of neurons dropped",
        "hidden=0.0": "no neuron dropout",
        "hidden=0.5": "half the neurons dropped",
        "inputs": "share of inputs dropped",
        "inputs=0.0": "no input dropout",
        "inputs=0.5": "half the inputs dropped",
        "noise=1.0": "overlapping classes",
        "noise=0.1": "nearly separate classes",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
