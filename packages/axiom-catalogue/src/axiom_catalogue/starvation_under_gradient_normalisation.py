"""Does it help a weak feature beside a strong one to get as much gradient, or its examples as much weight?

Why it matters: networks lean on the easiest clue and fail where it is missing. This asks which simple change of the
gradient cures it.

A weak feature starves beside a strong one, because examples for which the strong one already answers have hardly any
gradient left (Pezeshki et al. 2021). The old laboratory wondered whether normalised gradients help. We try two: either
block of inputs gets a gradient of the same length, or every example does, however well it is known. The first keeps the
length of the whole step; the second the mean length of the examples' gradients. Spectral decoupling, a penalty on the
size of the outputs, is the remedy that the paper proposes. Inputs are two blocks of ten numbers that both tell the
class, and the trained network is asked about the weak block alone. It has a twin that learns by the same rule, and for
which the strong block is noise: what it knows less than its twin has starved. A rule that helps both alike helps, but
relieves nothing. Classes overlap, or hardly touch, as in the paper's examples.

We expect some relief by examples of one length, and by blocks of one length where classes hardly touch; where they
overlap, blocks of one length should help by next to nothing. Decoupling should not help such networks.

History: 3, with twins; 2, other seeds than the pilot's; 1, an open idea of the old laboratory and its blocks.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, gradient_starvation, losses, models, optimizers, progress, training
from axiom.kit.optimizers import Memory, Rates

SNAPSHOTS, BATCH = 10, 50
DECOUPLING, TINY = 0.1, 1e-12  # of the penalty on outputs; and less than any gradient
RULES = {
    "plain": ("", ""),
    "blocks": ("equal_blocks", "giving both clues equally long gradients"),
    "examples": ("equal_examples", "giving all examples equally long gradients"),
    "decoupled": ("decoupling", "penalising large outputs (spectral decoupling)"),
}


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    rule: str  # one of RULES
    noise: float  # standard deviation around the centres
    width: int
    strong: float = 2.0  # spread of the class centres in the strong block; of the twin it is 0, which is noise
    weak: float = 0.5  # spread of the class centres in the weak block
    lr: float = 0.05
    epochs: int = 60


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of a network that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights left the real numbers, its own or the twin's
    weak_accuracy: float | None = None  # on the test data with the strong block at zero, after the last epoch
    stopped_weak_accuracy: float | None = None  # the same, at the snapshot where that was best on data kept back
    beside_minus_alone: float | None = None  # weak accuracy less that of the twin; below 0 something starved
    stopped_beside_minus_alone: float | None = None  # the same of what each has where it was stopped
    weak_loss: float | None = None  # after the last epoch, on the test data with the strong block at zero, in nats
    test_accuracy: float | None = None  # with both blocks
    train_accuracy: float | None = None
    weak_by_snapshot: tuple[float, ...] | None = None


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes data, start and batch order for the twin, too, and moves the same centres apart."""
    strengths = list(dict.fromkeys([config.strong, 0.0]))  # without a strong block nothing starves

    def learn(seen: list[dict[str, Any]], number: int) -> list[dict[str, Any]]:
        return [*seen, _learned(replace(config, strong=strengths[number]), seed)]

    seen = progress.blocks(list[dict[str, Any]](), learn, len(strengths))
    own, twin = seen[0], seen[-1]
    if not (own and twin):
        return Measures(diverged=1)
    end, stopped = (own[measure] - twin[measure] for measure in ("weak_accuracy", "stopped_weak_accuracy"))
    return Measures(diverged=0, beside_minus_alone=end, stopped_beside_minus_alone=stopped, **own)


@np.errstate(over="ignore", invalid="ignore")  # a network that diverges is an outcome
def _learned(config: Config, seed: int) -> dict[str, Any]:
    """What one network knows at the end; nothing where its weights left the real numbers."""
    pair = gradient_starvation.rivals(seed, strong=config.strong, weak=config.weak, noise=config.noise)
    end, snapshots = training.trained(
        models.mlp(
            chance.stream(seed, "start"), (gradient_starvation.INPUTS, config.width, gradient_starvation.CLASSES)
        ),
        pair.task,
        chance.orders(seed, items=gradient_starvation.TRAIN, epochs=config.epochs),
        watch=pair.weak_accuracies,
        rates=Rates(lr=config.lr),
        batch=BATCH,
        optimizer=BLOCKWISE if config.rule == "blocks" else optimizers.SGD,
        objective=alike if config.rule == "examples" else decoupled,
        context=() if config.rule == "examples" else (DECOUPLING if config.rule == "decoupled" else 0.0,),
        every=-(-config.epochs // SNAPSHOTS),
    )
    if not all(np.isfinite(layer.weights).all() for layer in end):
        return {}
    kept, weak = np.array(snapshots).T
    return {
        "weak_accuracy": float(weak[-1]),
        "stopped_weak_accuracy": float(weak[kept.argmax()]),
        "weak_loss": training.cross_entropy(
            models.logits(end, gradient_starvation.silenced(pair.task.x_test)), pair.task.y_test
        ),
        "test_accuracy": training.accuracy(end, pair.task.x_test, pair.task.y_test),
        "train_accuracy": training.accuracy(end, pair.task.x_train, pair.task.y_train),
        "weak_by_snapshot": tuple(weak.tolist()),
    }


def decoupled(net: models.Net, x: models.Array, y: models.Array, decoupling: float) -> jax.Array:
    """Cross-entropy, and half the squared length of the outputs times this factor: spectral decoupling."""
    outputs = models.logits(net, x)
    return losses.softmax_loss(outputs, y) + 0.5 * decoupling * jnp.mean(jnp.sum(jnp.square(outputs), axis=1))


def alike(net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    """The cross-entropy whose gradient is a mean over examples with gradients of one length, their mean length."""
    outputs = models.logits(net, x)
    lengths = jax.lax.stop_gradient(jnp.maximum(example_lengths(net, x, y), TINY))
    picked = jnp.sum(outputs * jax.nn.one_hot(y, outputs.shape[1]), axis=1)
    return jnp.mean((jax.nn.logsumexp(outputs, axis=1) - picked) * lengths.mean() / lengths)


def example_lengths(net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
    """Of each example's gradient: in a layer, it is the product of what is heard and of its error (Goodfellow 2015)."""
    (heard,) = models.hidden(net, x)
    error = jax.nn.softmax(models.logits(net, x), axis=1) - jax.nn.one_hot(y, gradient_starvation.CLASSES)
    below = (error @ jnp.asarray(net[1].weights).T) * (heard > 0)
    above, heard, below, x = (jnp.sum(jnp.square(rows), axis=1) for rows in (error, heard, below, x))
    return jnp.sqrt(above * (1 + heard) + below * (1 + x))


def blockwise(
    weight: models.Array, slope: models.Array, memory: Memory, count: "models.Array | float", rates: Rates
) -> tuple[models.Array, Memory]:
    """Plain descent; of the matrix that reads the inputs, either block's gradient has the same share of the length."""
    del count
    if slope.shape[:1] == (gradient_starvation.INPUTS,):
        parts = jnp.stack([slope[: gradient_starvation.BLOCK], slope[gradient_starvation.BLOCK :]])
        lengths = jnp.sqrt(jnp.sum(jnp.square(parts), axis=(1, 2), keepdims=True)) + TINY
        slope = (parts / lengths * jnp.linalg.norm(slope) * 0.5**0.5).reshape(slope.shape)
    return weight - rates.lr * slope, memory


BLOCKWISE = optimizers.Optimizer(rule=blockwise, memories=0)
PILOT = partial(Prediction, because="a pilot")
BLOCKS, PLAIN = (partial(Config, rule=rule, noise=1.0, width=32, epochs=20) for rule in ("blocks", "plain"))
NOTHING = (BLOCKS(weak=0.0), PLAIN(weak=0.0))  # is known of a weak block of noise, so nothing starves
ON = {1.0: ("", "where classes overlap"), 0.1: ("_on_clean", "where classes barely touch")}
Effect: TypeAlias = tuple[str, str, float, dict[Direction, str]]  # its measure, suffix and bound, and what it may be
HELP: Effect = (
    "weak_accuracy",
    "",
    1.0,
    {
        Direction.MORE: "helps a network to learn a weak clue to the class beside a strong one",
        Direction.LESS: "makes a network learn a weak clue to the class worse beside a strong one",
    },
)
RELIEF: Effect = (
    "beside_minus_alone",
    "_relieve",
    2.0,
    {
        Direction.MORE: "makes a strong clue to the class cost less accuracy on a weak one",
        Direction.LESS: "makes a strong clue to the class cost more accuracy on a weak one",
        Direction.ABSENT: "changes the accuracy that a strong clue costs a weak one by under 3 points",
    },
)


def _does(does: Effect, rule: str, noise: float, expected: Prediction) -> Estimand:
    """What a rule does beside the strong feature, by itself or less what it does to the twin; a mean over widths."""
    (measure, verb, most, effects), (name, what), (suffix, where) = does, RULES[rule], ON[noise]
    arm, plain = ({"strong": 2.0, "noise": noise, "rule": way} for way in (rule, "plain"))
    chances = {Direction.MORE: expected.positive, Direction.LESS: expected.negative, Direction.ABSENT: expected.absent}
    side = max(chances, key=lambda direction: chances[direction])
    return Estimand(
        name=f"{name}{verb}{suffix}",
        claim=f"{where}, {what} {effects[side]}",
        expects=side,
        kind=Kind.CONTRAST,
        measure=measure,
        between=(arm, plain),
        smallest=0.03,
        bounds=(-most, most),
        in_words="{percent} percentage points",
        prediction=expected,
    )


experiment = Experiment(
    name="starvation_under_gradient_normalisation",
    version=3,
    question="Does it help a weak feature beside a strong one to get as much gradient, or its examples as much weight?",
    reference="Pezeshki et al. 2021, arXiv:2011.09468; Goodfellow 2015, arXiv:1510.01799",
    run=run,
    measures=Measures,
    sweep=grid(Config, rule=list(RULES), noise=[0.1, 1.0], width=[32, 128]),
    ranges={"strong": (0.0, 4.0), "noise": (0.05, 2.0), "width": (32, 512), "epochs": (1, 1_000)},
    estimands=(
        _does(HELP, "blocks", 1.0, PILOT(positive=0.6, negative=0.01, absent=0.39, interval=(0.019, 0.028))),
        _does(HELP, "blocks", 0.1, PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.084, 0.131))),
        _does(HELP, "examples", 1.0, PILOT(positive=0.96, negative=0.01, absent=0.03, interval=(0.029, 0.043))),
        _does(HELP, "examples", 0.1, PILOT(positive=0.75, negative=0.03, absent=0.22, interval=(0.003, 0.059))),
        _does(HELP, "decoupled", 0.1, PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.132, -0.08))),
        _does(RELIEF, "blocks", 1.0, PILOT(positive=0.35, negative=0.01, absent=0.64, interval=(0.018, 0.027))),
        _does(RELIEF, "blocks", 0.1, PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.081, 0.131))),
        _does(RELIEF, "examples", 1.0, PILOT(positive=0.88, negative=0.01, absent=0.11, interval=(0.014, 0.033))),
        _does(RELIEF, "examples", 0.1, PILOT(positive=0.75, negative=0.03, absent=0.22, interval=(0.004, 0.059))),
        _does(RELIEF, "decoupled", 0.1, PILOT(positive=0.01, negative=0.97, absent=0.02, interval=(-0.131, -0.08))),
    ),
    controls=(
        Control(estimand="equal_blocks", placebo=NOTHING, planted=(BLOCKS(weak=1.0), PLAIN(weak=0.3))),
        Control(estimand="equal_blocks_relieve", placebo=NOTHING, planted=(BLOCKS(weak=10.0), PLAIN())),  # stronger
    ),
    figure=Figure(x="rule", y="beside_minus_alone", title="What starves", where={"width": 128}),
    setting="small networks that see two clues",
    headlines=(
        Headline(
            says="Giving every example equal pull helps networks use weak clues beside strong ones",
            when={"equal_examples": Direction.MORE, "equal_examples_on_clean": Direction.MORE},
        ),
        Headline(
            says="Where classes hardly touch, equal pull for clues or examples helps use weak clues",
            when={"equal_blocks_on_clean": Direction.MORE, "equal_examples_on_clean": Direction.MORE},
        ),
        Headline(
            says="Where classes barely overlap, letting all clues steer training equally helps use weak ones",
            when={"equal_blocks_on_clean": Direction.MORE},
        ),
        Headline(
            says="Where classes hardly touch, giving weak clues equal pull hardly affects their use",
            when={"equal_blocks_on_clean": Direction.ABSENT},
        ),
        Headline(
            says="Where classes overlap, giving weak clues equal pull hardly affects how networks use them",
            when={"equal_blocks": Direction.ABSENT},
        ),
    ),
    words={
        "weak_accuracy": "accuracy from the weak clue alone",
        "beside_minus_alone": "the strong clue's effect on the weak one's accuracy",
        "rule=plain": "plain gradients",
        "rule=blocks": "equal gradient lengths for both clues",
        "rule=examples": "equal gradient lengths for all examples",
        "rule=decoupled": "an output penalty (spectral decoupling)",
        "noise": "class spread",
        "noise=1.0": "overlapping classes",
        "noise=0.1": "nearly separate classes",
        "strong": "strong clue of size",
        "weak": "weak clue of size",
        "strong=2.0": "one four times stronger",
        "epochs": "{value} epochs",
        "rule": "gradient rule",
    },
    needs=Needs(seconds=lambda c: (1 + (c.strong > 0)) * (6e-3 + c.epochs * (19e-5 + 14e-7 * c.width)), memory_mb=600),
)
