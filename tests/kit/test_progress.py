"""Pace."""

import numpy as np
import pytest
from cell_host import Notebook, Shelf

from axiom.kit import progress


@pytest.fixture
def heard():
    notebook = Notebook()
    progress.attach(notebook)
    yield notebook
    progress.attach(None)


def test_the_first_fingerprint_of_at_most_eight_plain_floats_counts(heard):
    progress.early(np.arange(20, dtype=np.float32))
    progress.early([1.0])
    assert heard.fingerprints == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]
    assert {type(value) for value in heard.fingerprints[0]} == {float}


def test_short_blocks_are_told_by_whole_percents(heard):
    for done in range(1, 1001):
        progress.block(done / 1000)
    assert heard.fractions == pytest.approx([percent / 100 for percent in range(1, 101)], abs=0.0011)


@pytest.mark.parametrize("fraction", [-0.1, 1.01, float("nan")])
def test_what_is_no_share_is_refused(heard, fraction):
    with pytest.raises(ValueError, match="share"):
        progress.block(fraction)
    assert heard.fractions == []


def growing(calls):
    """A step that depends on every one before it, and writes down that it was called."""

    def step(state, number):
        calls.append(number)
        return {"sum": state["sum"] * 1.1 + number, "path": [*state["path"], float(number)]}

    return step


START = {"sum": 0.1, "path": []}


def resumed(shelf, cell):
    """What a cell returns that another process began, whose last state this is."""
    progress.attach(notebook := Notebook(), shelf)
    try:
        return cell(), notebook
    finally:
        progress.attach(None)


def test_blocks_are_the_steps_in_order_and_each_is_told_by_whole_percents(heard):
    calls = []
    end = progress.blocks(START, growing(calls), 4)
    assert calls == [0, 1, 2, 3]
    assert end["path"] == [0.0, 1.0, 2.0, 3.0]
    assert heard.fractions == [0.25, 0.5, 0.75, 1.0]
    assert progress.blocks(START, growing(calls), 0) is START


@pytest.mark.parametrize("done", [1, 3, 6])
def test_a_loop_goes_on_behind_the_block_that_was_kept(done):
    calls = []

    def cell():
        progress.early([3.0, 2.0])
        return progress.blocks(START, growing(calls), 6)

    whole, _ = resumed(shelf := Shelf(), cell)
    assert (len(shelf.states), calls) == (6, list(range(6)))
    calls.clear()
    again, notebook = resumed(Shelf(shelf.states[done - 1]), cell)
    assert again == whole
    assert calls == list(range(done, 6))
    assert notebook.fingerprints == [[3.0, 2.0]]
    assert notebook.fractions[0] == pytest.approx(done / 6)


def test_a_fingerprint_that_was_given_in_the_loop_is_said_again():
    def step(state, number):
        progress.early([float(number), 7.0])
        return state + 1

    def cell():
        return progress.blocks(0, step, 3)

    _, first = resumed(shelf := Shelf(), cell)
    _, second = resumed(Shelf(shelf.states[0]), cell)
    assert first.fingerprints == second.fingerprints == [[0.0, 7.0]]


def test_loops_that_are_over_are_not_computed_again():
    calls = []

    def cell():
        first = progress.blocks(START, growing(calls), 3)
        first["path"].append("changed by the experiment")
        second = progress.blocks({"sum": first["sum"], "path": []}, growing(calls), 2)
        return first, second

    whole, _ = resumed(shelf := Shelf(), cell)
    for place, expected in ((0, [1, 2, 0, 1]), (2, [0, 1]), (3, [1]), (4, [])):
        calls.clear()
        again, _ = resumed(Shelf(shelf.states[place]), cell)
        assert again == whole
        assert calls == expected


def test_a_loop_within_a_step_is_part_of_the_step():
    def step(state, number):
        return progress.blocks(state, lambda inner, _: inner + number, 3)

    shelf = Shelf()
    end, notebook = resumed(shelf, lambda: progress.blocks(0, step, 4))
    assert end == 18
    assert len(shelf.states) == len(notebook.fractions) == 4


def test_only_what_is_due_is_written():
    shelf = Shelf(due=lambda count: count == 5)
    resumed(shelf, lambda: progress.blocks(START, growing([]), 9))
    assert (shelf.asked, len(shelf.states)) == (9, 1)


def test_a_state_that_cannot_be_read_or_fits_another_loop_begins_anew():
    for state in (b"nonsense", b'["plain",1]\n'):
        end, _ = resumed(Shelf(state), lambda: progress.blocks(START, growing([]), 2))
        assert end["path"] == [0.0, 1.0]
    resumed(shelf := Shelf(), lambda: progress.blocks(START, growing([]), 3))
    calls = []
    resumed(Shelf(shelf.states[1]), lambda: progress.blocks(START, growing(calls), 4))
    assert calls == [0, 1, 2, 3]


def test_a_state_that_cannot_be_kept_is_reported_at_its_first_block_in_any_case():
    with pytest.raises(TypeError, match="set"):
        progress.blocks(set(), lambda state, _: state, 2)
    assert progress.blocks(1, lambda state, _: state + 1, 2) == 3  # and the door is not left half open
