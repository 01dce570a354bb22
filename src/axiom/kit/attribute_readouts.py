"""What a network is asked about two attributes of which it has seen some combinations and not others: see `attributes`.

It is asked for the number of the combination, whether the two levels lie in different halves (an exclusive or), or,
with two heads, for the levels themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import numpy as np

from axiom.kit import attributes, chance, losses
from axiom.kit.data import Floats, Labels, LearningTask
from axiom.kit.models import Array

_LEVELS, _CODE = 6, 16  # of either attribute; and how many numbers the code of a level has
_COPIES, _TEST_COPIES = 20, 25  # of each combination


@dataclass(frozen=True, kw_only=True)
class Heads:
    """So many questions to a network, which share its outputs in equal parts; each has a column of answers."""

    count: int = 1

    def __call__(self, outputs: Array, y: Array) -> jax.Array:
        """The sum of the heads' cross-entropies."""
        parts = enumerate(self._parts(outputs))
        return jax.numpy.stack([losses.softmax_loss(part, y[:, head]) for head, part in parts]).sum()

    def accuracy(self, outputs: Array, y: Array) -> float:
        """The share of rows for which every head's strongest output is the right one."""
        answers = [np.argmax(np.asarray(part), axis=1) for part in self._parts(outputs)]
        return float(np.mean(np.all(np.stack(answers, axis=1) == y, axis=1)))

    def _parts(self, outputs: Array) -> list[Array]:
        size = outputs.shape[1] // self.count
        return [outputs[:, head * size : (head + 1) * size] for head in range(self.count)]


@dataclass(frozen=True, kw_only=True)
class Questions:
    """Rows of combinations that training shows, to train and to test on, and of new ones. Answers stand in columns."""

    task: LearningTask
    x_new: Floats
    y_new: Labels
    heads: Heads
    outputs: int  # that a network needs to answer


def questions(
    seed: int, readout: str, *, held_out: float = 0.4, noise: float = 0.3, is_strange: bool = False
) -> Questions:
    """The seed fixes codes, held-out combinations and noise, the same for each read-out: number, xor or heads.

    Where it is strange, new combinations are of other codes than those in training, so that nothing can be known.
    """
    seen, new = attributes.held_out(chance.stream(seed, "split"), levels=_LEVELS, share=held_out)

    def rows(purpose: str, pairs: attributes.Pairs, copies: int) -> tuple[Floats, Labels]:
        drawn = "strange" if is_strange and purpose == "new" else "codes"
        codes = attributes.codes(chance.stream(seed, drawn), levels=_LEVELS, size=_CODE)
        x, shown = attributes.examples(chance.stream(seed, purpose), codes, pairs, copies=copies, noise=noise)
        return x, _answers(readout, shown)

    x_train, y_train = rows("train", seen, _COPIES)
    x_seen, y_seen = rows("seen", seen, _TEST_COPIES)
    x_new, y_new = rows("new", new, _TEST_COPIES)
    return Questions(
        task=LearningTask(x_train=x_train, y_train=y_train, x_test=x_seen, y_test=y_seen),
        x_new=x_new,
        y_new=y_new,
        heads=Heads(count=y_train.shape[1]),
        outputs={"number": _LEVELS**2, "xor": 2, "heads": 2 * _LEVELS}[readout],
    )


def _answers(readout: str, pairs: attributes.Pairs) -> Labels:
    if readout == "heads":
        return pairs
    ask = attributes.number if readout == "number" else attributes.exclusive_or
    return ask(pairs, levels=_LEVELS)[:, None]
