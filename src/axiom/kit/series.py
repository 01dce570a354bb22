"""Series that networks are asked to follow or to foretell. NumPy alone."""

import numpy as np

from axiom.kit.features import Doubles

_RUNAWAY = 1.5  # above the second fixed point of NARMA's rule (1.4 - 3 u^2, about), beyond which it grows for ever
_FINE = 10  # steps of integration for one unit of time
_SETTLING = 200  # units of time before the first value that is given


def narma(inputs: Doubles) -> Doubles:
    """The tenth-order nonlinear moving average of an input in [0, 0.5] (Atiya & Parlos 2000): row t has heard input t.

    y(t) = 0.3 y(t-1) + 0.05 y(t-1) (y(t-1) + ... + y(t-10)) + 1.5 u(t) u(t-9) + 0.1, with zeros before the first. The
    rule has a basin, and some inputs drive it out: it is held at 1.5 where it would grow for ever.
    """
    y = [0.0] * 10
    u = [0.0] * 9 + [float(value) for value in inputs]
    for now in range(len(inputs)):
        y.append(min(_RUNAWAY, 0.3 * y[-1] + 0.05 * y[-1] * sum(y[-10:]) + 1.5 * u[now + 9] * u[now] + 0.1))
    return np.array(y[10:])


def narma_task(rng: np.random.Generator, *, length: int) -> tuple[Doubles, Doubles]:
    """An even input and its NARMA series. An input that drives the rule out of its basin is drawn again; few do."""
    while True:
        inputs = rng.uniform(0.0, 0.5, length)
        y = narma(inputs)
        if y.max() < _RUNAWAY:
            return inputs, y


def mackey_glass(rng: np.random.Generator, *, length: int, delay: int = 17) -> Doubles:
    """A physiological control system, chaotic for delays above 16.8, one value a unit of time (Mackey & Glass 1977).

    dx/dt = 0.2 x(t - delay) / (1 + x(t - delay)^10) - 0.1 x(t), by Heun's rule; it begins near 1.2 and has settled.
    """
    lag = delay * _FINE
    x = [float(value) for value in 1.2 + 0.1 * rng.standard_normal(lag + 1)]
    for _ in range((_SETTLING + length) * _FINE):
        x.append(heun(x[-1], x[-1 - lag], x[-lag]))
    return np.array(x[-length * _FINE :: _FINE])


def heun(now: float, before: float, next_before: float) -> float:
    """One fine step of Mackey and Glass's equation, from the present value and the two delayed ones."""
    size = 1.0 / _FINE
    slope = _production(before) - 0.1 * now
    end = now + size * slope
    return now + 0.5 * size * (slope + _production(next_before) - 0.1 * end)


def _production(before: float) -> float:
    return 0.2 * before / (1.0 + before**10)
