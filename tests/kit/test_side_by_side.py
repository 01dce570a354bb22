"""Cells side by side: the same numbers as alone, from fewer programs, and what one of them raises is its own."""

from dataclasses import dataclass

import jax
import numpy as np
import pytest
from cell_host import Notebook

from axiom.kit import chance, data, descent, losses, models, progress, side_by_side, training
from axiom.kit.optimizers import ADAMW, Rates

TASK = {"inputs": 4, "classes": 3, "train": 24, "test": 12}


@dataclass(frozen=True, kw_only=True)
class Config:
    width: int = 8
    epochs: int = 4
    lr: float = 0.1
    fails_at: int = -1


def trained(config, seed):
    """The losses after each epoch, the accuracy, the answers, and what a network said at the start."""
    task = data.clusters(chance.stream(seed, "data"), **TASK)
    start = models.mlp(chance.stream(seed, "start"), (4, config.width, 3))

    def watch(net):
        return training.cross_entropy(models.logits(net, task.x_train), task.y_train)

    end, seen = training.trained(
        start,
        task,
        chance.orders(seed, items=24, epochs=config.epochs),
        watch=watch,
        rates=Rates(lr=config.lr),
        batch=8,
        optimizer=ADAMW,
    )
    if len(seen) > config.fails_at >= 0:
        raise ValueError(f"seed {seed}")
    right = training.answers(end, task.x_test) == task.y_test
    return (
        seen,
        float(right.mean()),
        training.accuracy(end, task.x_test, task.y_test),
        models.hidden(start, task.x_test),
    )


def descended(config, seed):
    """Full batches, which are over as soon as the loss is low."""
    task = data.clusters(chance.stream(seed, "data"), **TASK)
    return descent.descended(
        models.mlp(chance.stream(seed, "start"), (4, config.width, 3)),
        task.x_train,
        task.y_train,
        objective=losses.CROSS_ENTROPY,
        rates=Rates(lr=config.lr),
        steps=12,
        every=3,
        watch=lambda _net, loss: loss,
        is_over=lambda loss: loss < 0.9,
    )


def together(run, cells):
    ended = list(side_by_side.compute(run, cells))
    assert [fault for _, fault in ended] == [None] * len(cells)
    return [returned for returned, _ in ended]


@pytest.fixture
def programs(monkeypatch):
    """How many cells each program computed that was called."""
    sizes, answer = [], side_by_side._Wave._compute
    monkeypatch.setattr(
        side_by_side._Wave,
        "_compute",
        lambda wave, key, group: sizes.append(len(group)) or answer(wave, key, group),
    )
    return sizes


CELLS = [(Config(width=width, epochs=epochs), seed) for width, epochs in ((8, 4), (5, 4), (8, 2)) for seed in range(3)]


@pytest.mark.parametrize("run", [trained, descended])
def test_cells_measure_side_by_side_what_they_measure_alone(run):
    for alone, joined in zip([run(*cell) for cell in CELLS], together(run, CELLS), strict=True):
        flat = [np.concatenate([np.ravel(part) for part in _leaves(result)]) for result in (alone, joined)]
        np.testing.assert_allclose(*flat, rtol=1e-4, atol=1e-6)


def _leaves(node):
    return [leaf for part in node for leaf in _leaves(part)] if isinstance(node, (list, tuple)) else [node]


def _losses(net, x, y):
    return losses.CROSS_ENTROPY(net, x, y), training.accuracy(net, x, y), training.answers(net, x)


@pytest.mark.parametrize("every", [1, 3, 9])  # of four epochs: a last block that is shorter, and one block alone
def test_a_look_is_seen_after_each_block_as_alone_and_learns_in_the_same_program(every, programs):
    def run(config, seed):
        task = data.clusters(chance.stream(seed, "data"), **TASK)
        start, orders = models.mlp(chance.stream(seed, "start"), (4, 6, 3)), chance.orders(seed, items=24, epochs=4)
        look = training.Look(of=_losses, arrays=(task.x_test, task.y_test))
        return training.trained(
            start, task, orders, watch=look, rates=Rates(lr=config.lr), batch=8, optimizer=ADAMW, every=every
        )

    cells, books = [(Config(), seed) for seed in range(3)], [Notebook() for _ in range(3)]
    alone = [run(*cell) for cell in cells]
    joined = [returned for returned, _ in side_by_side.compute(run, cells, books)]
    assert programs == [3]
    for (net, seen), (other, others) in zip(alone, joined, strict=True):
        assert len(seen) == len(others) == -(-4 // every)
        both = (_leaves([list(map(list, part)), looks]) for part, looks in ((net, seen), (other, others)))
        for left, right in zip(*both, strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-6)
    own = Notebook()
    progress.attach(own)
    run(*cells[0])
    progress.attach(None)
    np.testing.assert_allclose(books[0].fingerprints, own.fingerprints, rtol=1e-4)


def test_what_cells_draw_alike_is_drawn_once_and_nothing_else():
    drawn = []

    @side_by_side.drawn_once
    def draw(rng, shift, *, amount):
        drawn.append(amount)
        return rng.standard_normal(amount) + shift

    def run(config, seed):
        rng = chance.stream(seed, "data")
        return draw(rng, np.ones(1), amount=config.width), draw(rng, np.zeros(1), amount=config.width), rng.random()

    cells = [(Config(width=width, lr=lr), seed) for width in (2, 3) for lr in (0.1, 0.2) for seed in (0, 1)]
    alone = [run(*cell) for cell in cells]
    drawn.clear()
    joined = together(run, cells)
    assert sorted(drawn) == [2] * 4 + [3] * 4  # twice for each width and seed
    for left, right in zip(_leaves(alone), _leaves(joined), strict=True):
        np.testing.assert_array_equal(left, right)
    with pytest.raises(ValueError, match="read-only"):
        joined[0][0][0] = 1.0


def test_an_array_that_a_cell_writes_into_is_read_anew():
    @side_by_side.program()
    def total(x):
        return x.sum()

    def run(_config, seed):
        x = np.ones(3, dtype=np.float32)
        before = float(total(x))
        x *= seed
        return before, float(total(x))

    assert together(run, [(Config(), seed) for seed in (2, 5)]) == [(3.0, 6.0), (3.0, 15.0)]


def test_calls_of_one_shape_are_one_program(programs):
    together(trained, CELLS[:3])
    assert set(programs) == {3}
    programs.clear()
    together(trained, CELLS)
    assert max(programs) == 6  # of one width, however long each trains
    assert sum(programs) == sum(3 * (2 * epochs + 2) for epochs in (4, 4, 2))


def test_what_does_not_fit_one_program_is_several(programs, monkeypatch):
    whole = together(trained, CELLS[:3])
    monkeypatch.setattr(side_by_side, "ROOMY", 1)
    monkeypatch.setattr(side_by_side, "AT_ONCE", 2)
    programs.clear()
    assert [accuracy for _, accuracy, *_ in together(trained, CELLS[:3])] == [accuracy for _, accuracy, *_ in whole]
    assert set(programs) == {1}


def test_a_device_that_is_full_computes_fewer_at_once(programs, monkeypatch):
    answer = side_by_side._Wave._compute

    def compute(wave, key, group):
        if len(group) > 2:
            raise RuntimeError("RESOURCE_EXHAUSTED: out of memory")
        answer(wave, key, group)

    monkeypatch.setattr(side_by_side._Wave, "_compute", compute)
    together(trained, CELLS[:3])
    assert set(programs) == {1, 2}


def test_what_a_cell_raises_is_its_own():
    cells = [*CELLS[:2], (Config(fails_at=0), 7)]
    ended = list(side_by_side.compute(trained, cells))
    assert [str(fault) for _, fault in ended] == ["None", "None", "seed 7"]

    def amiss(_config, seed):
        wrong = np.zeros((5, 3), np.float32)
        return training.answers(models.mlp(chance.stream(seed, "start"), (4, 3)), wrong)

    assert {type(fault) for _, fault in side_by_side.compute(amiss, CELLS[:2])} == {TypeError}


def test_each_cell_is_heard_by_its_own_listener():
    books = [Notebook() for _ in CELLS]
    list(side_by_side.compute(trained, CELLS, books))
    for (config, seed), book in zip(CELLS, books, strict=True):
        own = Notebook()
        progress.attach(own)
        trained(config, seed)
        progress.attach(None)
        np.testing.assert_allclose(book.fingerprints, own.fingerprints, rtol=1e-4)
        assert book.fractions == own.fractions


def test_a_program_alone_is_what_jax_compiles():
    def double(x, *, times):
        return x * times

    compiled = side_by_side.program("times")(double)
    x = np.arange(3, dtype=np.float32)
    assert (
        compiled.alone.lower(x, times=2).as_text()
        == jax.jit(double, static_argnames=("times",)).lower(x, times=2).as_text()
    )
