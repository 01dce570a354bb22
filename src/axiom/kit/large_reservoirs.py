"""Echo state networks of any wiring and of up to thousands of units, which hear many pieces of a series side by side.

So a step multiplies two matrices, and what a read-out needs is added up on the way; states are kept only of pieces on
which it is tried. In all arrays steps come before pieces, and pieces before units or targets. `reservoirs` has the
small ones, which hear one series from end to end.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from axiom.kit.features import Doubles
from axiom.kit.models import ACTIVATIONS
from axiom.kit.reservoirs import delay_line, gaussian

BLOCK = 50  # steps of which the states are there at once
HEARD = 10  # units that each unit of a sparse network hears


def sparse(rng: np.random.Generator, *, units: int) -> Doubles:
    """Each unit hears few others, chosen by lot, through Gaussian connections: the radius of a large one is 1."""
    chosen = rng.random((units, units)).argsort(axis=1)[:, :HEARD]
    recurrent: Doubles = np.zeros((units, units))
    np.put_along_axis(recurrent, chosen, rng.standard_normal(chosen.shape) / np.sqrt(chosen.shape[1]), axis=1)
    return recurrent


def orthogonal(rng: np.random.Generator, *, units: int) -> Doubles:
    """A rotation, or a reflection, drawn evenly from all of them: no echo is stretched (White, Lee & Sompolinsky 2004).

    The factor of a Gaussian matrix, with the signs that make it even (Mezzadri 2007).
    """
    rotation, triangle = np.linalg.qr(rng.standard_normal((units, units)))
    return np.asarray(rotation * np.sign(np.diag(triangle)), dtype=np.float64)


def ring(*, units: int) -> Doubles:
    """Each unit hears the one before it, and the first the last (Rodan & Tino 2011)."""
    return np.asarray(np.roll(np.eye(units), 1, axis=0), dtype=np.float64)


WIRINGS: Mapping[str, Callable[[np.random.Generator, int], Doubles]] = {
    "random": lambda rng, units: gaussian(rng, units=units),
    "sparse": lambda rng, units: sparse(rng, units=units),
    "orthogonal": lambda rng, units: orthogonal(rng, units=units),
    "ring": lambda _rng, units: ring(units=units),
    "delay_line": lambda _rng, units: delay_line(units=units),
    "none": lambda _rng, units: np.zeros((units, units)),
}
"""Each with a spectral radius of 1, exactly or, where it is drawn by lot, in the limit of many units; of a delay line
and of none it is 0."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """Units that hear each other and the series: x becomes (1 - leak) x + leak f(W x + w u + noise)."""

    recurrent: Doubles
    inputs: Doubles  # one weight for each unit
    activation: str = "tanh"
    leak: float = 1.0  # Jaeger et al. (2007)
    noise: float = 0.0  # standard deviation of what each unit hears besides, anew at each step


def states(network: Network, series: Doubles, rng: np.random.Generator) -> Iterator[Doubles]:
    """The units after each step of each piece, from rest, in blocks of steps. The generator draws the noise."""
    activate, (steps, pieces), units = ACTIVATIONS[network.activation], series.shape, len(network.recurrent)
    turned, state = np.ascontiguousarray(network.recurrent.T), np.zeros((pieces, units))
    for first in range(0, steps, BLOCK):
        heard = series[first : first + BLOCK, :, None] * network.inputs
        if network.noise:
            heard = heard + network.noise * rng.standard_normal(heard.shape)
        for number, new in enumerate(heard):
            state = (1.0 - network.leak) * state + network.leak * activate(np, state @ turned + new)
            heard[number] = state
        yield heard


def in_pieces(series: Doubles, *, pieces: int, washout: int) -> Doubles:
    """Pieces of equal length side by side, each behind as many earlier steps as are washed out; the rest is dropped."""
    length = (len(series) - washout) // pieces
    return np.stack([series[first * length :][: washout + length] for first in range(pieces)], axis=1)


def readings(
    blocks: Iterable[Doubles], targets: Doubles, *, learned: int, washout: int, penalty: float
) -> tuple[Doubles, Doubles]:
    """What a linear read-out says of the pieces behind those from which it was learned, and what it should have said.

    Ridge regression on all units and a constant, whose penalty is for a mean square error: as noise of that variance
    in each unit would be. Both answers are without the steps that are washed out.
    """
    gram: Doubles | float = 0.0
    cross: Doubles | float = 0.0
    kept, begin = [], 0
    for block in blocks:
        steps = slice(max(begin, washout), begin + len(block))
        features = np.concatenate([block, np.ones((*block.shape[:2], 1))], axis=2)[max(0, washout - begin) :]
        begin += len(block)
        if len(features):
            mine = features[:, :learned].reshape(-1, features.shape[2])
            gram = gram + mine.T @ mine
            cross = cross + mine.T @ targets[steps, :learned].reshape(len(mine), -1)
            kept.append(features[:, learned:])
    rows = (begin - washout) * learned
    weights = np.linalg.solve(gram / rows + penalty * np.eye(len(np.atleast_1d(gram))), cross / rows)
    return np.concatenate(kept) @ weights, targets[washout:begin, learned:]


def products(series: Doubles, *, degree: int, delays: int) -> Doubles:
    """A column for every product of Legendre polynomials of the last `delays` values whose degrees add up to this one.

    Of independent even values between -1 and 1 no two of them are correlated, of any degree, so what a network knows
    of them all adds up to at most the number of its units (Dambre et al. 2012). Of degree 1 they are the values
    themselves. The first rows wrap round: drop them.
    """
    powers = [np.polynomial.legendre.legval(series, [0.0] * number + [1.0]) for number in range(degree + 1)]
    columns = []
    for chosen in itertools.combinations_with_replacement(range(delays), degree):
        of_delay = ((delay, chosen.count(delay)) for delay in sorted(set(chosen)))
        columns.append(math.prod(np.roll(powers[times], delay) for delay, times in of_delay))
    return np.stack(columns, axis=1)


def exponent(skills: Doubles) -> float | None:
    """Of the power law through skills at sizes each twice the one before; none where there is no skill."""
    if len(skills) < 2 or not np.min(skills) > 0:
        return None
    return float(np.polyfit(np.arange(len(skills)), np.log2(skills), 1)[0])
