"""Modular addition, and a small network that groks it: one hidden layer of squares (Gromov 2023, arXiv:2301.02679).

A table of P x P sums is shown in part, and the network is asked for the rest. It first learns the shown sums by heart;
whether and when the others follow is the question (Power et al. 2022, arXiv:2201.02177).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from axiom.kit import descent, losses
from axiom.kit.data import Floats, Labels, LearningTask
from axiom.kit.models import Array
from axiom.kit.optimizers import ADAMW, Rates

MASTERED = 0.95  # the share of right answers from which on a table counts as known


class Quadratic(NamedTuple):
    """The weights of f(x) = (x W1)^2 W2, which has no biases."""

    inner: Array  # 2 P inputs by hidden neurons: the first P rows are of the first summand
    outer: Array  # hidden neurons by P residues


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A network that was trained on a part of the table, and the way there. Accuracies are of every block's end."""

    net: Quadratic
    train: tuple[float, ...]  # share of the shown sums that are right
    test: tuple[float, ...]  # of the others
    memorised_at: int | None  # the step at which the shown sums were mastered
    grokked_at: int | None  # at which the others were
    steps: int  # done: up to there, or the whole budget


def modular_addition(
    rng: np.random.Generator, *, modulus: int, share: float, is_scrambled: bool = False
) -> LearningTask:
    """All pairs of residues as two unit vectors each, and their sum; this share of them is shown, the rest is asked.

    A larger share shows what a smaller one does, and more. Scrambled, the sums are dealt out to the pairs anew, so that
    nothing follows about one pair from all others.
    """
    first, second = np.divmod(np.arange(modulus**2), modulus)
    order, deal = rng.permutation(modulus**2), rng.permutation(modulus**2)
    unit = np.eye(modulus, dtype=np.float32)
    x = np.concatenate([unit[first], unit[second]], axis=1)[order]
    sums = ((first + second) % modulus).astype(np.int32)
    y = (sums[deal] if is_scrambled else sums)[order]
    shown = round(share * modulus**2)
    return LearningTask(x_train=x[:shown], y_train=y[:shown], x_test=x[shown:], y_test=y[shown:])


def quadratic(rng: np.random.Generator, *, modulus: int, hidden: int) -> Quadratic:
    """A random start, of variance 1 / fan-in in both layers."""
    return Quadratic(
        inner=(rng.standard_normal((2 * modulus, hidden)) / np.sqrt(2 * modulus)).astype(np.float32),
        outer=(rng.standard_normal((hidden, modulus)) / np.sqrt(hidden)).astype(np.float32),
    )


def outputs(net: Quadratic, x: Array) -> Array:
    """One number for each row and residue; the largest is the answer."""
    return (x @ net.inner) ** 2 @ net.outer


def squared_error(net: Quadratic, x: Array, y: Array) -> jax.Array:
    """Half the squared distance from the unit vector of the sum, averaged over rows."""
    return losses.squared_loss(outputs(net, x), y)


def accuracy(net: Quadratic, x: Floats, y: Labels) -> float:
    """The share of rows whose answer is right."""
    return float(np.mean(np.argmax(np.asarray(outputs(net, x)), axis=1) == y))


def learned(start: Quadratic, task: LearningTask, *, rates: Rates, steps: int, every: int) -> Learned:
    """Descend by AdamW on all shown pairs, until the others are mastered or the budget of steps is spent."""
    net, seen = descent.descended(
        start,
        task.x_train,
        task.y_train,
        objective=squared_error,
        optimizer=ADAMW,
        rates=rates,
        steps=steps,
        every=every,
        watch=lambda net, _loss: (accuracy(net, task.x_train, task.y_train), accuracy(net, task.x_test, task.y_test)),
        is_over=lambda both: both[1] >= MASTERED,
    )
    ends = [min(block * every, steps) for block in range(1, len(seen) + 1)]
    return Learned(
        net=net,
        train=tuple(train for train, _ in seen),
        test=tuple(test for _, test in seen),
        memorised_at=next((end for end, (train, _) in zip(ends, seen, strict=True) if train >= MASTERED), None),
        grokked_at=next((end for end, (_, test) in zip(ends, seen, strict=True) if test >= MASTERED), None),
        steps=ends[-1],
    )


def concentration(net: Quadratic) -> float:
    """How few frequencies a neuron hears: the inverse participation ratio of its Fourier power, averaged over neurons.

    1 when each neuron is a wave of a single frequency over the residues, as in Gromov's closed form; about 4 / (P + 1)
    when weights are random. The constant part is left out, and a summand that a neuron does not hear counts as 0.
    """
    inner = np.asarray(net.inner, dtype=np.float64)
    waves = np.fft.rfft(inner.reshape(2, inner.shape[0] // 2, inner.shape[1]), axis=1)[:, 1:]
    power = np.abs(waves) ** 2
    total = power.sum(axis=1)
    parts = power / np.where(total > 0, total, 1.0)[:, None]
    return float((parts**2).sum(axis=1).mean())


def norm(net: Quadratic) -> float:
    """The Euclidean length of all weights (Liu, Michaud & Tegmark 2022, arXiv:2210.01117)."""
    return float(np.sqrt(sum(np.sum(np.asarray(weights, dtype=np.float64) ** 2) for weights in net)))
