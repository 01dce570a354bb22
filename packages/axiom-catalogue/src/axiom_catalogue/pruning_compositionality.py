"""Does a network understand parts better once its small weights are removed?

Why it matters: smaller networks are cheaper; it would be a gift if they also understood better, and a risk if they
understood less.

The old laboratory found wide networks worse on combinations that they had never seen, and asked whether this was for
weights that they do not need. It removed up to three quarters of them, the smallest of each layer (Han et al. 2015),
and nearly no new combination became right, while the gap to those that training had shown became narrower, and the rank
of the first layer stayed. We ask for the number of a combination, as it seems to have done; for an exclusive or of two
attributes; and for the two attributes themselves. A network is pruned at the end of its training and either measured at
once or trained on with what is left, beside one that is trained on whole. All are asked about the same rows.

We expect no right number ever, so that the gap is what is known of the combinations that were shown, and narrows
because even they are forgotten. Trained on with a quarter of its weights, a network should know a little less of the
attributes than a whole one, and rather more of the exclusive or. The stable rank should stay, on average.

History: 2, other seeds than the pilot's; 1, the old widths and shares, two answerable questions, training afterwards.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import attribute_readouts, chance, geometry, models, optimizers, progress, pruning, training

INPUTS, BATCH, EVERY = 32, 32, 20  # epochs of a block
EPOCHS, TUNED = 100, 40
OUTPUTS = {"number": 36, "xor": 2, "heads": 12}
Ends: TypeAlias = list[list[models.Array]]  # the weights of the networks so far


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    readout: str  # number, xor or heads
    width: int  # of both hidden layers
    removed: float  # share of the weights of each layer
    tuning: int  # epochs of training with what is left; 0: measured at once
    epochs: int = EPOCHS
    noise: float = 0.3  # standard deviation around the codes
    lr: float = 0.1
    is_strange: bool = False  # new combinations are of other codes than those in training, so nothing can be known


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured at the end. Conclusions are estimands, computed by the server."""

    seen_accuracy: float  # on other examples of the combinations that training has shown
    new_accuracy: float  # on combinations that it has not; two heads must both be right
    gap: float  # the first less the second
    whole_new_accuracy: float  # before anything was removed
    first_rank: float  # stable rank of the first layer's weights
    first_rank_kept: float  # the same as a multiple of what it was before anything was removed
    train_accuracy: float


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes codes, held-out combinations, noise and batch order for all arms alike."""
    questions = attribute_readouts.questions(seed, config.readout, noise=config.noise, is_strange=config.is_strange)
    orders = chance.orders(seed, items=len(questions.task.x_train), epochs=config.epochs + config.tuning)
    start = models.mlp(chance.stream(seed, "start"), (INPUTS, config.width, config.width, questions.outputs))
    shape = jax.tree.structure(start)

    def phase(ends: Ends, number: int) -> Ends:
        if number == 0:
            everything = pruning.magnitude(start, keep=1.0)
            return [jax.tree.leaves(_learned(config, questions, start, everything, orders[: config.epochs]))]
        whole = jax.tree.unflatten(shape, ends[0])
        mask = pruning.magnitude(whole, keep=1.0 - config.removed, layerwise=True)
        left = _learned(config, questions, pruning.pruned(whole, mask), mask, orders[config.epochs :])
        return [*ends, jax.tree.leaves(left)]

    def right(net: models.Net, x: models.Array, y: models.Array) -> float:
        return questions.heads.accuracy(models.logits(net, x), y)

    nothing: Ends = []
    whole, left = (jax.tree.unflatten(shape, leaves) for leaves in progress.blocks(nothing, phase, 2))
    seen, new = right(left, questions.task.x_test, questions.task.y_test), right(left, questions.x_new, questions.y_new)
    before, after = (float(geometry.stable_rank(np.asarray(net[0].weights, np.float64))) for net in (whole, left))
    return Measures(
        seen_accuracy=seen,
        new_accuracy=new,
        gap=seen - new,
        whole_new_accuracy=right(whole, questions.x_new, questions.y_new),
        first_rank=after,
        first_rank_kept=after / before,
        train_accuracy=right(left, questions.task.x_train, questions.task.y_train),
    )


def _learned(
    config: Config,
    questions: attribute_readouts.Questions,
    net: models.Net,
    mask: pruning.Mask,
    orders: npt.NDArray[np.int32],
) -> models.Net:
    """The network after training in these orders with what the mask leaves; without an order, as it was."""
    if len(orders) == 0:
        return net
    end, _ = training.trained(
        net,
        questions.task,
        orders,
        watch=lambda _: 0,
        rates=optimizers.Rates(lr=config.lr),
        batch=BATCH,
        objective=Kept(heads=questions.heads),
        context=(mask,),
        every=EVERY,
    )
    return end


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The loss of a network of which a mask says what is left."""

    heads: attribute_readouts.Heads

    def __call__(self, net: models.Net, x: models.Array, y: models.Array, mask: pruning.Mask) -> jax.Array:
        """The sum of the heads' cross-entropies."""
        return self.heads(models.logits(pruning.pruned(net, mask), x), y)


def _seconds(config: Config) -> float:
    steps = 13 * (config.epochs + config.tuning)
    return 0.005 + steps * (8e-6 + 1e-7 * OUTPUTS[config.readout] + 1.6e-9 * config.width**2)


def _short(**what: Any) -> Config:
    return Config(readout="heads", width=128, tuning=TUNED, epochs=10, **what)


def _pruned_minus_whole(
    claim: str, arm: dict[str, object], prediction: Prediction, measure: str, **rest: Any
) -> Estimand:
    """Paired: a quarter of the weights beside all of them, after the same training."""
    return Estimand(
        name=f"{arm['readout']}_pruned_minus_whole",
        claim=claim,
        **rest,
        kind=Kind.CONTRAST,
        measure=measure,
        between=({**arm, "removed": 0.75}, {**arm, "removed": 0.0}),
        expects=Direction.MORE if prediction.positive >= 0.5 else Direction.LESS,
        smallest=0.03,
        in_words="{percent} percentage points",
        bounds=(-1.0, 1.0),
        prediction=prediction,
    )


experiment = Experiment(
    name="pruning_compositionality",
    aliases=("prunecomp",),
    version=2,
    question="Does a network understand parts better once its small weights are removed?",
    reference="Han et al. 2015, arXiv:1506.02626; Lake & Baroni 2018, arXiv:1711.00350",
    run=run,
    measures=Measures,
    sweep=grid(Config, readout=list(OUTPUTS), width=[64, 128, 256], removed=[0.0, 0.25, 0.5, 0.75], tuning=[0, TUNED]),
    ranges={"width": (16, 512), "removed": (0.0, 0.95), "tuning": (0, 400), "epochs": (1, 1_000), "lr": (0.0, 0.2)},
    estimands=(
        _pruned_minus_whole(
            "without retraining, pruning 75 % of a network that names combinations by number narrows its accuracy "
            "gap between shown and new ones",
            {"readout": "number", "width": 64, "tuning": 0},
            Prediction(positive=0.01, negative=0.98, absent=0.01, interval=(-0.24, -0.16), because="a pilot"),
            "gap",
        ),
        _pruned_minus_whole(
            "pruned by 75 % and retrained, a network that names two attributes is less accurate on new "
            "combinations than one trained on whole",
            {"readout": "heads", "width": 128, "tuning": TUNED},
            Prediction(positive=0.03, negative=0.5, absent=0.47, interval=(-0.06, -0.01), because="a pilot"),
            "new_accuracy",
        ),
        _pruned_minus_whole(
            "pruned by 75 % and retrained, a network that answers an exclusive or is more accurate on combinations "
            "never shown than a whole one",
            {"readout": "xor", "width": 128, "tuning": TUNED},
            Prediction(positive=0.5, negative=0.05, absent=0.45, interval=(0.005, 0.08), because="a pilot"),
            "new_accuracy",
        ),
        Estimand(
            name="first_rank_kept",
            claim="pruning 75 % of a network's weights leaves the stable rank of its first layer, a count of "
            "directions, as it was, within 10 %",
            kind=Kind.LEVEL,
            measure="first_rank_kept",
            between=({"readout": "number", "width": 128, "removed": 0.75, "tuning": 0},),
            null=1.0,
            smallest=0.1,
            prediction=Prediction(positive=0.02, negative=0.02, absent=0.96, interval=(0.97, 1.03), because="a pilot"),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(
            estimand="heads_pruned_minus_whole",
            side=Direction.MORE,
            # Nothing can be known of codes that were never shown; of a code in so much noise, little.
            placebo=grid(_short, removed=[0.0, 0.75], is_strange=[True]),
            planted=(_short(removed=0.75), _short(removed=0.0, noise=12.0)),
        ),
    ),
    figure=Figure(x="removed", y="new_accuracy", title="What is right for new combinations", where={"tuning": TUNED}),
    setting="networks asked about attribute pairs",
    headlines=(
        Headline(
            says="On new pairs, removing weak connections helps same-or-different questions, but hurts naming both "
            "properties",
            when={"xor_pruned_minus_whole": Direction.MORE, "heads_pruned_minus_whole": Direction.LESS},
        ),
        Headline(
            says="On new pairs, removing weak connections helps same-or-different questions, but hardly naming both "
            "properties",
            when={"xor_pruned_minus_whole": Direction.MORE, "heads_pruned_minus_whole": Direction.ABSENT},
        ),
        Headline(
            says="On new pairs, removing weak connections hardly affects same-or-different questions or naming both "
            "properties",
            when={"xor_pruned_minus_whole": Direction.ABSENT, "heads_pruned_minus_whole": Direction.ABSENT},
        ),
        Headline(
            says="Pruned, retrained networks err less than unpruned ones on same-or-different questions about new "
            "pairs",
            when={"xor_pruned_minus_whole": Direction.MORE},
        ),
        Headline(
            says="Removing weak connections, then retraining, hurts naming both properties of new combinations",
            when={"heads_pruned_minus_whole": Direction.LESS},
        ),
    ),
    words={
        "gap": "accuracy on shown minus new pairs",
        "new_accuracy": "accuracy on new pairs",
        "first_rank_kept": "the first layer's stable rank (directions used) over that before",
        "removed": "share of weights removed",
        "removed=0.0": "none removed",
        "removed=0.25": "a quarter of weights removed",
        "removed=0.5": "half of weights removed",
        "removed=0.75": "three quarters of weights removed",
        "tuning": "{value} epochs of retraining",
        "tuning=0": "no retraining",
        "readout=number": "the pair's number as answer",
        "readout=xor": "an exclusive or as answer",
        "readout=heads": "both attributes as answer",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
