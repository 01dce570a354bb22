"""Do wide networks understand parts, or only the combinations that they have seen?

Why it matters: people understand “blue elephant” without having seen one. Whether a network combines known parts in new
ways decides how far it can be trusted beyond its data.

The old laboratory found a wider network worse on combinations that it never saw, and nearly all of its answers wrong.
What is asked decides. Inputs have two attributes of six levels each; training shows every level, but not every
combination. A network is asked one of three things: the number of the combination, a class of its own, so that no
training ever showed the right answer for a new one; whether the two levels lie in different halves (an exclusive or);
or, with two heads, the levels themselves. Data and held-out combinations are the same at every width.

We expect no right number at any width, and opposite trends for the other two. Two heads gain by width. The exclusive or
loses, down to worse than a coin: of the ten combinations that share a level with a new one, six have the other answer,
and the wider the network, the more it answers like the neighbours. The loss is always cross-entropy.

History: 1, the old laboratory's question with 40 % of 36 combinations held out; its network is not known.
"""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import attributes, chance, data, losses, models, optimizers, training

SIZE = 16  # of the code of a level
COPIES, TEST_COPIES = 20, 50  # of each combination


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    readout: str  # number, xor or heads
    width: int
    levels: int = 6  # of either attribute
    held_out: float = 0.4  # share of the combinations that training does not show
    noise: float = 0.3  # standard deviation around the codes
    is_strange: bool = False  # new combinations are of other codes than those in training, so nothing can be known
    lr: float = 0.1
    epochs: int = 200


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    seen_accuracy: float  # on other examples of the combinations that training has shown
    new_accuracy: float  # on combinations that it has not; two heads must both be right
    gap: float  # the first less the second
    sayable: float  # share of the new combinations whose right answer, or both parts of it, training has shown
    train_accuracy: float


def run(config: Config, seed: int) -> Measures:
    """One cell. The seed fixes codes, held-out combinations and noise for every width and read-out alike."""
    seen, new = attributes.held_out(chance.stream(seed, "split"), levels=config.levels, share=config.held_out)

    def examples(purpose: str, pairs: attributes.Pairs, copies: int) -> tuple[data.Floats, data.Labels]:
        rng, drawn = chance.stream(seed, purpose), "strange" if config.is_strange and purpose == "new" else "codes"
        codes = attributes.codes(chance.stream(seed, drawn), levels=config.levels, size=SIZE)
        x, shown = attributes.examples(rng, codes, pairs, copies=copies, noise=config.noise)
        return x, _answers(config, shown)

    x, y = examples("train", seen, COPIES)
    x_seen, y_seen = examples("seen", seen, TEST_COPIES)
    x_new, y_new = examples("new", new, TEST_COPIES)
    heads = Heads(count=y.shape[1])

    end, _ = training.trained(
        models.mlp(chance.stream(seed, "start"), (2 * SIZE, config.width, config.width, _outputs(config))),
        data.LearningTask(x_train=x, y_train=y, x_test=x_seen, y_test=y_seen),
        chance.orders(seed, items=len(x), epochs=config.epochs),
        rates=optimizers.Rates(lr=config.lr),
        batch=32,
        objective=heads,
        every=20,
        watch=training.UNWATCHED,
    )
    seen_accuracy, new_accuracy = heads.accuracy(end, x_seen, y_seen), heads.accuracy(end, x_new, y_new)
    sayable = [np.isin(wanted, shown) for wanted, shown in zip(y_new.T, y.T, strict=True)]
    return Measures(
        seen_accuracy=seen_accuracy,
        new_accuracy=new_accuracy,
        gap=seen_accuracy - new_accuracy,
        sayable=float(np.mean(np.all(sayable, axis=0))),
        train_accuracy=heads.accuracy(end, x, y),
    )


@dataclass(frozen=True, kw_only=True)
class Heads:
    """One or two questions to a network, which share its outputs in equal parts; each has a column of answers."""

    count: int

    def __call__(self, net: models.Net, x: models.Array, y: models.Array) -> jax.Array:
        """The sum of the heads' cross-entropies."""
        parts = enumerate(self._parts(models.logits(net, x)))
        return jax.numpy.stack([losses.softmax_loss(part, y[:, head]) for head, part in parts]).sum()

    def accuracy(self, net: models.Net, x: models.Array, y: models.Array) -> float:
        """The share of rows for which every head's strongest output is the right one."""
        answers = [np.argmax(np.asarray(part), axis=1) for part in self._parts(models.logits(net, x))]
        return float(np.mean(np.all(np.stack(answers, axis=1) == y, axis=1)))

    def _parts(self, outputs: models.Array) -> list[models.Array]:
        size = outputs.shape[1] // self.count
        return [outputs[:, head * size : (head + 1) * size] for head in range(self.count)]


def _outputs(config: Config) -> int:
    return {"number": config.levels**2, "xor": 2, "heads": 2 * config.levels}[config.readout]


def _answers(config: Config, pairs: attributes.Pairs) -> data.Labels:
    """What is right for each combination, one column for each head."""
    if config.readout == "heads":
        return pairs
    ask = attributes.number if config.readout == "number" else attributes.exclusive_or
    return ask(pairs, levels=config.levels)[:, None]


def _seconds(config: Config) -> float:
    steps = config.epochs * (COPIES * config.levels**2 * (1 - config.held_out) // 32)
    return 0.009 + steps * (6.2e-6 + 1e-7 * _outputs(config) + 1.3e-9 * config.width**2)


def _planted(readout: str, **what: Any) -> tuple[Config, ...]:
    """The wide arm, and a narrow one that is shown the same combinations in so much noise that it can know little."""
    return tuple(
        Config(readout=readout, width=width, noise=noise, epochs=20, **what)
        for width, noise in ((256, 0.3), (16, 12.0))
    )


experiment = Experiment(
    name="compositional_generalization",
    aliases=("compositional", "compgen"),
    version=1,
    question="Do wide networks understand parts, or only the combinations that they have seen?",
    reference="Lake & Baroni 2018, arXiv:1711.00350",
    run=run,
    measures=Measures,
    sweep=grid(Config, readout=["number", "xor", "heads"], width=[16, 32, 64, 128, 256]),
    ranges={"width": (4, 512), "levels": (2, 12), "held_out": (0.15, 0.7), "lr": (0.0, 0.2), "epochs": (1, 1_000)},
    estimands=(
        Estimand(
            name="xor_wide_minus_narrow",
            claim="asked for an exclusive-or of two attributes, a network of width 256 is less accurate on "
            "combinations never shown than one of width 16",
            kind=Kind.CONTRAST,  # paired: the same combinations are held out
            measure="new_accuracy",
            in_words="{percent} percentage points",
            between=({"readout": "xor", "width": 256}, {"readout": "xor", "width": 16}),
            expects=Direction.LESS,
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.02, negative=0.93, absent=0.05, interval=(-0.18, -0.07), because="it follows the neighbours"
            ),
        ),
        Estimand(
            name="heads_wide_minus_narrow",
            claim="a network of width 256 that names two attributes is more accurate on new combinations "
            "than one of width 16",
            kind=Kind.CONTRAST,
            measure="new_accuracy",
            in_words="{percent} percentage points",
            between=({"readout": "heads", "width": 256}, {"readout": "heads", "width": 16}),
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.4, 0.55), because="a pilot"),
            expects=Direction.MORE,
        ),
        Estimand(
            name="heads_minus_number",
            claim="a network is more accurate on new combinations when it names their two attributes than "
            "when it gives the number of the combination",
            kind=Kind.CONTRAST,
            measure="new_accuracy",
            in_words="{percent} percentage points",
            between=({"readout": "heads", "width": 64}, {"readout": "number", "width": 64}),
            smallest=0.1,
            bounds=(-1.0, 1.0),
            prediction=Prediction(positive=0.98, negative=0.01, absent=0.01, interval=(0.6, 0.75), because="a pilot"),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="xor_wide_minus_narrow",
            placebo=grid(Config, readout=["xor"], width=[16, 256], is_strange=[True], epochs=[20]),
            # Three corners of a square are seen: they ask for no more than a sum, which is wrong in the fourth.
            planted=_planted("xor", levels=2, held_out=0.25),
        ),
        Control(
            estimand="heads_wide_minus_narrow",
            placebo=grid(Config, readout=["heads"], width=[16, 256], is_strange=[True], epochs=[20]),
            planted=_planted("heads"),
        ),
    ),
    figure=Figure(x="width", y="new_accuracy", log=("x",), title="What is right for new combinations"),
    setting="networks that see some combinations of two attributes",
    headlines=(
        Headline(
            says="Larger networks recognise both properties in combinations they never saw better than small ones",
            when={"heads_wide_minus_narrow": Direction.MORE},
        ),
        Headline(
            says="Larger networks recognise both properties in never-seen combinations about as well as small ones",
            when={"heads_wide_minus_narrow": Direction.ABSENT},
        ),
        Headline(
            says="Larger networks recognise both properties in combinations they never saw worse than small ones",
            when={"heads_wide_minus_narrow": Direction.LESS},
        ),
        Headline(
            says="Larger networks answer same-or-different questions about new pairs less accurately than small ones",
            when={"xor_wide_minus_narrow": Direction.LESS},
        ),
    ),
    words={
        "new_accuracy": "accuracy on combinations never shown",
        "readout=xor": "exclusive-or questions",
        "readout=heads": "each attribute to name",
        "readout=number": "the combination's number to give",
        "levels": "{value} levels per attribute",
        "held_out": "share of combinations held out",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
        "epochs": "{value} epochs",
    },
    needs=Needs(seconds=_seconds, memory_mb=600, may_use_gpu=True, gpu_memory_mb=2_000, side_by_side=True),
)
