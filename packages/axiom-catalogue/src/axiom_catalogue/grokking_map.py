"""How much of a table must a network see, and how much must its weights decay, for it to understand the rest?

Why it matters: two knobs decide whether a network understands or learns by heart, and both are cheap to turn. A map of
them says which of the two is worth turning first.

A map over the table of sums modulo a prime: the share of it that is shown, against the weight decay of AdamW. Each
pixel is one training of a network with one hidden layer of squares (Gromov 2023), from the same start and with the
same order of sums, so that a larger share shows what a smaller one does, and more. Within the steps it *understood*
when 95 % of the sums that were not shown were right at any look, *memorised* when 95 % of those shown were right at the
last look and it had not understood, and did *neither* otherwise. A look comes every twenty steps.

Liu et al. (2022) drew such planes for this task, and named the bands; they had one draw of each. Too little decay, and
what is learned by heart stays; too much, and nothing is learned. Theirs is a transformer and their knobs are step
sizes and decay; the share is the knob of Power et al. (2022). How many examples are enough has been counted here, in
grokking_dynamics: about 3 to 4 times P ln P for primes of 23 to 97, as it takes P ln P coupons to see all P.

The arms are small primes, 11, 13 and 17, whose tables hold 121 to 289 sums, because a pixel of 23 costs ten times one
of 11. At 11 so little is left to ask that 95 % means all but one. A decay above 5 should leave nothing of any weight, a
decay of 1 should understand from 3.3 P ln P examples on, and a small decay should need more of them, since the time to
understand goes with one over the decay, and steps are limited.

History: 1, first version. A step size of 0.03 instead of the 0.01 of grokking_dynamics, so that 600 steps do the work
of about 2,000.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from axiom.domain.experiments import Control, Experiment, Headline, Needs
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.domain.maps import Band, Knob, Map, Tile
from axiom.kit import arithmetic, chance, optimizers, pixel_networks, progress, tiles

TOGETHER = 8  # networks of one program on a core
EVERY = 20  # steps between two looks

MAP = Map(
    title="To understand or to know by heart",
    x=Knob(name="share of the table that is shown", low=0.2, high=0.95, log=False),
    y=Knob(name="weight decay", low=0.01, high=20.0),
    measure="fate",
    bands=(
        Band(name="it understood; the brighter, the later", shades=12),
        Band(name="it memorised; the stronger, the more of the rest it knew", shades=6),
        Band(name="it did neither; the brighter, the more of what was shown it knew", shades=6),
    ),
    pixels=32,
    charted=1,
    arms=("sums modulo 11", "sums modulo 13", "sums modulo 17"),
)


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    modulus: int = 11
    hidden: int = 32
    lr: float = 0.03
    steps: int = 600
    control: str = "none"  # or placebo: sums modulo 11 whatever the modulus says, and each in an order of its own
    level: int = 0
    column: int = 0
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured. Conclusions are estimands, computed by the server."""

    fate: bytes  # the map's pixels
    enough: float | None  # the share at which a row passes over to understanding; of rows with a decay of 0.5 to 2
    enough_over_coupons: float | None  # these as a number of examples, over P ln P
    enough_when_light: float | None  # the share, of rows with a decay of 0.05 to 0.2
    understood: float  # the share of the tile
    memorised: float


@lru_cache(maxsize=4)
def program(modulus: int, steps: int) -> Callable[..., Any]:
    """Trains the networks of many pixels at once; the same for all tiles of an arm, so it is compiled once.

    The whole table is gone through in every step, and what is not shown is not counted: so any share is one program.
    """
    first, second = np.divmod(np.arange(modulus**2), modulus)
    sums = (first + second) % modulus
    units = np.eye(modulus, dtype=np.float32)[sums]

    def trained(order: Any, shown: Any, decay: Any, lr: Any, start: Any) -> Any:
        networks = shown.shape[0]
        is_shown = (order[None, :] < shown[:, None]).astype(jnp.float32)
        rates = optimizers.Rates(lr=lr, weight_decay=decay[:, None, None])

        def outputs(weights: Any) -> Any:
            left, right, outer = weights
            fields = (left[:, :, None, :] + right[:, None, :, :]).reshape(networks, modulus**2, -1)
            return jnp.einsum("kth,kho->kto", fields**2, outer)

        def loss(weights: Any) -> Any:
            squares = ((outputs(weights) - units) ** 2).sum(axis=2)
            losses = (squares * is_shown).sum(axis=1) / shown / 2.0
            return losses.sum(), losses

        def step(state: Any, count: Any) -> Any:
            weights, memories = state
            slopes, losses = jax.grad(loss, has_aux=True)(weights)
            weights, memories = optimizers.ADAMW.step(weights, slopes, memories, count, rates)
            return (tuple(weights), tuple(memories)), losses

        def look(state: Any, block: Any) -> Any:
            state, losses = jax.lax.scan(step, state, EVERY * block + 1.0 + jnp.arange(EVERY, dtype=jnp.float32))
            is_right = (jnp.argmax(outputs(state[0]), axis=2) == sums).astype(jnp.float32)
            memorised = (is_right * is_shown).sum(axis=1) / shown
            guessed = (is_right * (1.0 - is_shown)).sum(axis=1) / (modulus**2 - shown)
            return state, (memorised, guessed, losses[:4, 0])

        weights = tuple(jnp.broadcast_to(weight, (networks, *weight.shape)) for weight in start)
        memories = tuple((jnp.zeros_like(weight), jnp.zeros_like(weight)) for weight in weights)
        _, (memorised, guessed, losses) = jax.lax.scan(
            look, (weights, memories), jnp.arange(steps // EVERY, dtype=jnp.float32)
        )
        is_understood = guessed >= arithmetic.MASTERED
        moment = EVERY * (1 + jnp.argmax(is_understood, axis=0))
        return is_understood.any(axis=0), moment, memorised[-1], guessed[-1], losses[0]

    return jax.jit(trained)


def run(config: Config, seed: int) -> Measures:
    """One cell: every pixel of one tile. The seed fixes the start and the order in which sums are shown, for all."""
    is_placebo = config.control == "placebo"
    modulus, mark = (11, f", {config.modulus}") if is_placebo else (config.modulus, "")
    order = chance.stream(seed, f"order of {modulus}{mark}").permutation(modulus**2).astype(np.float32)
    drawn = arithmetic.quadratic(chance.stream(seed, f"start{mark}"), modulus=modulus, hidden=config.hidden)
    inner = np.asarray(drawn.inner)
    start = inner[:modulus], inner[modulus:], np.asarray(drawn.outer)

    tile = Tile(level=config.level, column=config.column, row=config.row)
    shares, decays = tiles.knobs(MAP, tile)
    shown, decays = np.round(shares * modulus**2).astype(np.float32), decays.astype(np.float32)
    train = program(modulus, config.steps)

    def trained(part: slice) -> list[Any]:
        *ends, losses = train(order, shown[part], decays[part], np.float32(config.lr), start)
        progress.early(losses)
        return list(ends)

    understood, moments, memorised, guessed = tiles.computed(
        len(shares), pixel_networks.side_by_side(TOGETHER, modulus**2 * config.hidden), trained
    )
    bands = np.where(understood, 0, np.where(memorised >= arithmetic.MASTERED, 1, 2))
    of_rest, of_shown = (
        np.minimum((band.shades * share).astype(int), band.shades - 1)
        for band, share in zip(MAP.bands[1:], (guessed, memorised), strict=True)
    )
    late = tiles.shade(moments, config.steps, MAP.bands[0].shades)
    pixels = tiles.painted(MAP, bands, np.choose(bands, [late, of_rest, of_shown]))

    upwards, edges = tiles.rows(MAP, tile), tiles.edges(MAP, tile, bands == 0)
    enough = tiles.middle(edges[(upwards >= 0.5) & (upwards < 2.0)])
    return Measures(
        fate=pixels.tobytes(),
        enough=enough,
        enough_over_coupons=None if enough is None else enough * modulus / math.log(modulus),
        enough_when_light=tiles.middle(edges[(upwards >= 0.05) & (upwards < 0.2)]),
        understood=tiles.share(MAP, pixels, 0),
        memorised=tiles.share(MAP, pixels, 1),
    )


def _seconds(config: Config) -> float:
    """Measured: a step goes through the whole table, three times over the hidden units and the residues."""
    table = config.modulus**2 * config.hidden
    return 0.3 + config.steps / 600 * table * (1.2e-3 + 1e-4 * config.modulus)


SMALL, LARGE = {"modulus": 11}, {"modulus": 17}

experiment = Experiment(
    name="grokking_map",
    version=1,
    question="How much of a table must a network see, and how much must its weights decay, for it to understand the "
    "rest?",
    reference="Liu et al. 2022, arXiv:2205.10343; Power et al. 2022, arXiv:2201.02177; Gromov 2023, arXiv:2301.02679",
    run=run,
    measures=Measures,
    sweep=(Config(), Config(modulus=13), Config(modulus=17)),
    map=MAP,
    ranges={"modulus": (5, 59), "hidden": (8, 256), "lr": (1e-3, 0.1), "steps": (20, 20_000)},
    estimands=(
        Estimand(
            name="larger_prime_needs_less",
            claim="of the sums modulo 17 a network needs a smaller share than of those modulo 11, to understand the "
            "rest within 600 steps",
            kind=Kind.CONTRAST,
            measure="enough",
            between=(LARGE, SMALL),
            expects=Direction.LESS,
            in_words="{percent} percentage points",
            smallest=0.03,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.01,
                negative=0.97,
                absent=0.02,
                interval=(-0.19, -0.1),
                because="P ln P over P squared says -0.17; one pilot had -0.13",
            ),
        ),
        Estimand(
            name="coupons_of_17",
            claim="modulo 17 a network understands the rest from 3.3 times P ln P examples on, within a tenth",
            kind=Kind.LEVEL,
            measure="enough_over_coupons",
            between=(LARGE,),
            null=3.3,
            smallest=0.33,
            prediction=Prediction(
                positive=0.05,
                negative=0.25,
                absent=0.7,
                interval=(2.8, 3.4),
                because="3.1 to 3.7 of larger primes with three times the time; one pilot of 17 had 3.1",
            ),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="coupons_alike",
            claim="counted in P ln P, a network needs as many examples modulo 17 as modulo 11",
            kind=Kind.CONTRAST,
            measure="enough_over_coupons",
            between=(LARGE, SMALL),
            smallest=0.33,
            prediction=Prediction(
                positive=0.15,
                negative=0.1,
                absent=0.75,
                interval=(-0.2, 0.4),
                because="that is what the law says; a larger network for its table is a little sooner",
            ),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="light_decay_needs_more",
            claim="at a weight decay around 0.1 a network needs more than 3.3 P ln P of the sums modulo "
            "17 to understand the rest",
            kind=Kind.LEVEL,
            measure="enough_when_light",
            between=(LARGE,),
            null=0.55,
            in_words="{percent} %",
            smallest=0.03,
            prediction=Prediction(
                positive=0.65,
                negative=0.05,
                absent=0.3,
                interval=(0.55, 0.65),
                because="the time goes with one over the decay; of one pilot 0.57",
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="larger_prime_needs_less",
            placebo=tuple(Config(modulus=modulus, hidden=24, steps=80, control="placebo") for modulus in (17, 11)),
            planted=tuple(Config(modulus=modulus, hidden=24, steps=80) for modulus in (17, 11)),
        ),
    ),
    setting="maps of networks shown sums modulo P",
    headlines=(
        Headline(
            says="Briefly trained networks complete the larger of two addition tables from a smaller share",
            when={"larger_prime_needs_less": Direction.LESS},
        ),
        Headline(
            says="Trained briefly, networks complete two addition tables, small and large, from similar shares",
            when={"larger_prime_needs_less": Direction.ABSENT},
        ),
        Headline(
            says="Briefly trained networks complete the larger of two addition tables from a larger share",
            when={"larger_prime_needs_less": Direction.MORE},
        ),
        Headline(
            says="Trained briefly with connections weakened slowly, networks need over half an addition table",
            when={"light_decay_needs_more": Direction.MORE},
        ),
    ),
    words={
        "enough": "the share of sums that is enough to understand the rest",
        "enough_over_coupons": "the number of sums, over P ln P, that is enough for the rest",
        "enough_when_light": "the share of sums that is enough to understand the rest at light decay",
        "hidden": "{value} hidden neurons",
        "lr": "learning rate",
        "steps": "{value} training steps",
    },
    needs=Needs(seconds=_seconds, memory_mb=500, may_use_gpu=True, gpu_memory_mb=2_000),
)
