"""What helps a network more to combine known parts: the order of its examples, or wires that keep the parts apart?

Why it matters: a network that meets known parts in a new combination often fails. Teachers would change its lessons,
engineers its wiring; whoever has time for one of the two should know which.

The old laboratory saw that wide networks are worse on new combinations and that pruning does not help. It wrote down
what it would ask if regularisation failed, too: curriculum or architecture? It never came to it. Here inputs have two
attributes of six levels each, and 40 % of their combinations are never shown. A plain network has three hidden layers.
In one of towers, the first two layers have no wire between neurons of one attribute and neurons of the other. In a
scattered one as many wires are cut at random. A lesson shows everything at once, or a small world that grows: two
levels of either attribute at first, then a third, and all six after half of the time. Beside it stands a lesson in
which as many combinations join at random.

We expect towers to help, both where an exclusive or of the attributes is asked and where they are named; that they have
fewer wires should have no part in it. A growing world should help a little with the exclusive or, and not with naming;
wiring should be worth several times as much. Wide towers should be as good as narrow ones.

History: 1, the old laboratory's open question.
"""

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import jax
import numpy as np
import numpy.typing as npt

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import attribute_readouts, chance, data, models, optimizers, training

INPUTS, BATCH = 32, 32
APART = 2  # layers in which towers stand
LEAST, FULL = 0.2, 0.5  # the share that is shown first, and of the epochs after which all are shown
JOINS = np.array([0, 2, 4, 1, 3, 5])  # of each level, when it joins: a low one and a high one in turn
Masks = tuple[npt.NDArray[np.float32], ...]


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    readout: str  # xor or heads
    wiring: str  # plain, towers or scattered
    order: str  # at_once, growing or by_lot
    width: int  # of all three hidden layers
    noise: float = 0.3  # standard deviation around the codes
    is_strange: bool = False  # new combinations are of other codes than those in training, so nothing can be known
    lr: float = 0.1
    epochs: int = 100


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    new_accuracy: float  # at the end, on combinations that training has not shown; two heads must both be right
    seen_accuracy: float  # on other examples of those that it has
    train_accuracy: float
    gap: float  # seen less new
    new_by_look: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Wired:
    """The heads' loss of a network some of whose wires are cut; masks are the context."""

    heads: attribute_readouts.Heads

    def __call__(self, net: models.Net, x: models.Array, y: models.Array, *masks: models.Array) -> jax.Array:
        """The sum of the heads' cross-entropies."""
        return self.heads(models.logits(cut(net, masks), x), y)


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes codes, held-out combinations, noise and start for all wirings and orders alike."""
    questions = attribute_readouts.questions(seed, config.readout, noise=config.noise, is_strange=config.is_strange)
    sizes = (INPUTS, *[config.width] * (APART + 1), questions.outputs)
    masks = wires(config, seed, sizes)

    def right(net: models.Net, x: models.Array, y: models.Array) -> float:
        return questions.heads.accuracy(models.logits(cut(net, masks), x), y)

    end, looks = training.trained(
        models.mlp(chance.stream(seed, "start"), sizes),
        questions.task,
        orders(config, seed),
        watch=lambda net: right(net, questions.x_new, questions.y_new),
        rates=optimizers.Rates(lr=config.lr),
        batch=BATCH,
        objective=Wired(heads=questions.heads),
        context=masks,
        every=20,
    )
    seen = right(end, questions.task.x_test, questions.task.y_test)
    return Measures(
        new_accuracy=looks[-1],
        seen_accuracy=seen,
        train_accuracy=right(end, questions.task.x_train, questions.task.y_train),
        gap=seen - looks[-1],
        new_by_look=tuple(looks),
    )


def cut(net: models.Net, masks: tuple[models.Array, ...]) -> models.Net:
    """The plain network that is left."""
    return tuple(layer._replace(weights=layer.weights * mask) for layer, mask in zip(net, masks, strict=True))


def wires(config: Config, seed: int, sizes: tuple[int, ...]) -> Masks:
    """Of each layer 0 where a wire is cut. As half are, the others count so much more that signals stay as large."""
    masks = []
    for number, (before, after) in enumerate(itertools.pairwise(sizes)):
        mask = np.ones((before, after), dtype=np.float32)
        if config.wiring != "plain" and number < APART:
            mask[: before // 2, after // 2 :] = mask[before // 2 :, : after // 2] = 0
            if config.wiring == "scattered":
                mask = chance.stream(seed, f"wires {number}").permutation(mask.ravel()).reshape(mask.shape)
            mask *= np.float32(np.sqrt(2))
        masks.append(mask)
    return tuple(masks)


def orders(config: Config, seed: int) -> npt.NDArray[np.int32]:
    """The numbers of the examples of each epoch, as many in all whatever is shown; what is few comes again."""
    pairs: data.Labels = attribute_readouts.questions(seed, "heads").task.y_train
    items, joins = len(pairs), JOINS[pairs]
    numbers = len(JOINS) * (len(JOINS) * joins.max(axis=1) + joins[:, 0]) + joins[:, 1]  # of combinations, as they join
    if config.order == "by_lot":
        numbers = chance.stream(seed, "lot").permutation(len(JOINS) ** 3)[numbers]
    ranked, rng, rows = np.argsort(numbers, kind="stable"), chance.stream(seed, f"order {config.order}"), []
    for epoch in range(config.epochs):
        growing = min(1.0, LEAST + (1 - LEAST) * epoch / (FULL * config.epochs))
        pool = ranked[: items if config.order == "at_once" else round(growing * items)]
        rows.append(np.concatenate([rng.permutation(pool) for _ in range(-(-items // len(pool)))])[:items])
    return np.stack(rows).astype(np.int32)


def _seconds(config: Config) -> float:
    return 0.01 + 13 * config.epochs * (8e-6 + 1.8e-9 * config.width**2)


PILOT = partial(Prediction, because="fourteen seeds of a pilot")
BETTER = partial(
    Estimand,
    kind=Kind.CONTRAST,  # paired: the same combinations are held out
    measure="new_accuracy",
    in_words="{percent} percentage points",
    smallest=0.03,
    bounds=(-1.0, 1.0),
)
Arm: TypeAlias = dict[str, object]
XOR: Arm = {"readout": "xor"}
HEADS: Arm = {"readout": "heads"}
PLAIN: Arm = {"wiring": "plain", "order": "at_once", "width": 128}
TOWERS, SCATTERED = PLAIN | {"wiring": "towers"}, PLAIN | {"wiring": "scattered"}
GROWING, BY_LOT = PLAIN | {"order": "growing"}, PLAIN | {"order": "by_lot"}
SHORT = partial(grid, Config, readout=["heads"], order=["at_once"], width=[128], epochs=[20])

experiment = Experiment(
    name="compositional_architecture",
    version=1,
    question="What helps a network more to combine known parts: the order of its examples, or wires that keep the "
    "parts apart?",
    reference="Lake & Baroni 2018, arXiv:1711.00350; Andreas et al. 2016, arXiv:1511.02799; Bengio et al. 2009, ICML",
    run=run,
    measures=Measures,
    sweep=grid(
        Config,
        readout=["xor", "heads"],
        wiring=["plain", "towers", "scattered"],
        order=["at_once", "growing", "by_lot"],
        width=[32, 128],
    ),
    ranges={"width": (4, 512), "noise": (0.0, 20.0), "lr": (0.0, 0.2), "epochs": (1, 1_000)},
    estimands=(
        BETTER(
            name="towers_on_xor",
            claim="a network answers an exclusive or of new pairs of attributes more accurately if the "
            "wires of one attribute are kept apart from the other's",
            between=(XOR | TOWERS, XOR | PLAIN),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.29, 0.42)),
            expects=Direction.MORE,
        ),
        BETTER(
            name="towers_on_heads",
            claim="a network that names two attributes is more accurate on new combinations if the wires of one are "
            "kept apart from those of the other",
            between=(HEADS | TOWERS, HEADS | PLAIN),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.19, 0.28)),
            expects=Direction.MORE,
        ),
        BETTER(
            name="scattered_on_xor",
            claim="with half of its wires cut at random, a network answers an exclusive or of new pairs of attributes "
            "as accurately, within 3 points",
            between=(XOR | SCATTERED, XOR | PLAIN),
            prediction=PILOT(positive=0.3, negative=0.05, absent=0.65, interval=(-0.01, 0.05)),
            expects=Direction.ABSENT,
        ),
        BETTER(
            name="growing_on_xor",
            claim="a plain network answers an exclusive or of new pairs more accurately if attribute "
            "levels join one by one than if combinations join at random",
            between=(XOR | GROWING, XOR | BY_LOT),
            prediction=PILOT(positive=0.7, negative=0.02, absent=0.28, interval=(0.03, 0.1)),
            expects=Direction.MORE,
        ),
        BETTER(
            name="growing_on_heads",
            claim="naming two attributes, a network is as accurate on new combinations in a growing world as where "
            "combinations join at random, within 3 points",
            between=(HEADS | GROWING, HEADS | BY_LOT),
            prediction=PILOT(positive=0.25, negative=0.15, absent=0.6, interval=(-0.03, 0.05)),
            expects=Direction.ABSENT,
        ),
        BETTER(
            name="architecture_over_curriculum",
            claim="on combinations never shown, wires that keep two attributes apart make a network more accurate than "
            "learning in a growing world does, over both questions",
            between=(TOWERS, GROWING),
            prediction=PILOT(positive=0.98, negative=0.01, absent=0.01, interval=(0.27, 0.36)),
            expects=Direction.MORE,
        ),
        BETTER(
            name="wide_towers_on_xor",
            claim="with wires that keep two attributes apart, wide and narrow networks answer an exclusive or of "
            "new pairs equally well, within 3 points",
            between=(XOR | TOWERS, XOR | TOWERS | {"width": 32}),
            prediction=PILOT(positive=0.1, negative=0.25, absent=0.65, interval=(-0.06, 0.04)),
            expects=Direction.ABSENT,
        ),
    ),
    controls=(
        Control(  # of codes that training never showed nothing can be known, whatever the wiring
            estimand="towers_on_heads",
            placebo=SHORT(wiring=["towers", "plain"], is_strange=[True]),
            planted=(*SHORT(wiring=["towers"]), *SHORT(wiring=["plain"], noise=[12.0])),
        ),
    ),
    figure=Figure(
        x="width", y="new_accuracy", log=("x",), title="What is right for new combinations", where={"order": "at_once"}
    ),
    setting="networks that combine two attributes",
    headlines=(
        Headline(
            says="Separate branches per property help with unseen combinations more than introducing property values "
            "stepwise",
            when={
                "architecture_over_curriculum": Direction.MORE,
                "towers_on_xor": Direction.MORE,
                "towers_on_heads": Direction.MORE,
            },
        ),
        Headline(
            says="On new combinations, separate wiring for two properties beats gradual lessons",
            when={"architecture_over_curriculum": Direction.MORE},
        ),
        Headline(
            says="On new combinations, separate wiring for two properties about equals gradual lessons",
            when={"architecture_over_curriculum": Direction.ABSENT},
        ),
        Headline(
            says="On new combinations, separate wiring for two properties loses to gradual lessons",
            when={"architecture_over_curriculum": Direction.LESS},
        ),
        Headline(
            says="Keeping two properties apart inside a network improves answers to new combinations of them",
            when={"towers_on_xor": Direction.MORE, "towers_on_heads": Direction.MORE},
        ),
    ),
    words={
        "new_accuracy": "accuracy on new combinations",
        "readout=xor": "exclusive-or questions",
        "readout=heads": "both attributes to name",
        "wiring=plain": "plain wiring",
        "wiring=towers": "separate wiring for each attribute",
        "wiring=scattered": "half of the wires cut at random",
        "order=at_once": "all examples at once",
        "order=growing": "levels joining one by one",
        "order=by_lot": "combinations joining at random",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600),
)
