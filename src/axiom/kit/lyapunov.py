"""How fast two nearby states part: the largest Lyapunov exponent, followed in tangent space (Benettin et al. 1980).

For a random network of tanh units without end it follows from mean-field theory alone.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from axiom.kit import progress
from axiom.kit.features import Doubles

Step: TypeAlias = Callable[[Doubles, Doubles, int], tuple[Doubles, Doubles]]
"""Takes states and tangents, one system a row, and the number of the step from 0: both after it."""

_EVERY = 100  # steps in a block
_ROUNDS = 100  # in which the activity of an endless network settles; it is slow at the edge alone
_POINTS = np.linspace(-6.0, 6.0, 121)  # of a standard normal variable; evenly, since Gauss's few miss a steep tanh
_DENSITY = np.exp(-(_POINTS**2) / 2)


def largest_exponents(step: Step, states: Doubles, tangents: Doubles, *, steps: int, washout: int) -> Doubles:
    """The mean logarithm, a step, of the growth of each row's tangent over `steps` steps that follow the washout.

    A tangent is divided by its length after each step, so it neither overflows nor vanishes, and it turns towards the
    direction that grows fastest. Positive: chaos; zero: a cycle that drifts; negative: states forget where they began.
    An interrupted computation goes on where it was kept.
    """
    count = washout + steps

    def block(state: tuple[Doubles, Doubles, Doubles], number: int) -> tuple[Doubles, Doubles, Doubles]:
        states, tangents, total = state
        growths = []
        for moment in range(number * _EVERY, min(count, (number + 1) * _EVERY)):
            states, tangents = step(states, tangents, moment)
            lengths = np.linalg.norm(tangents, axis=1)
            tangents = tangents / lengths[:, None]
            growths.append(np.log(lengths))
            if moment >= washout:
                total = total + growths[-1]
        if number == 0:
            progress.early(growth[-1] for growth in growths)
        return states, tangents, total

    nothing = np.zeros(len(states))
    return progress.blocks((states, tangents, nothing), block, -(-count // _EVERY))[2] / steps


def mean_field(gains: Doubles, *, drive: float, share: float = 1.0) -> Doubles:
    """The exponents of endless random tanh networks of these gains, under white noise on a share of their units.

    What a unit hears from the others is Gaussian, so the mean square activity q is its own consequence, and a tangent
    grows by g^2 times the mean squared slope (Sompolinsky et al. 1988; Molgedey, Schuchhardt & Schuster 1992). `drive`
    is the standard deviation, over units, of their input.
    """

    def mean(of: Callable[[Doubles], Doubles], activity: Doubles) -> Doubles:
        own = gains**2 * activity
        heard, unheard = (of(np.tanh(np.sqrt(own + noise)[:, None] * _POINTS)) for noise in (drive**2, 0.0))
        average: Doubles = (share * heard + (1.0 - share) * unheard) @ (_DENSITY / _DENSITY.sum())
        return average

    activity = np.full(len(gains), 0.5)
    for _ in range(_ROUNDS):
        activity = mean(lambda tanh: tanh**2, activity)
    slopes = mean(lambda tanh: (1.0 - tanh**2) ** 2, activity)
    exponents: Doubles = 0.5 * np.log(gains**2 * slopes)
    return exponents


def onset(levels: Doubles, exponents: Doubles, *, above: float = 0.0) -> float | None:
    """The level at which the exponent first rises above this value, between two levels by a straight line.

    None when it never does, or was there at the first level. Behind an onset there may be windows of order again.
    """
    first = int(np.argmax(exponents > above))
    if first == 0:
        return None
    share = (above - exponents[first - 1]) / (exponents[first] - exponents[first - 1])
    return float(levels[first - 1] + share * (levels[first] - levels[first - 1]))
