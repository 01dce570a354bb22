"""Blocks close in the order of issue, whatever comes back first, and designs share one stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.decisions.evidence.blocks import Returned, blocks, stream


def back(*counts: int, over: tuple[int, ...] = ()) -> list[Returned]:
    return [Returned(number=number, cells=3, back=count, over=number in over) for number, count in enumerate(counts)]


@pytest.mark.parametrize(
    ("returned", "closed", "amounts"),
    [
        (back(3, 3), [True], "all 2 "),
        (back(3, 2), [False], "1 of 2 "),
        (back(3, 2, over=(1,)), [True], "and of 1 "),
        (back(0, 0, over=(0, 1)), [True], "0 of 2 "),
        (back(3), [False], "1 of 2 "),
        (back(0, 3, 3, 3), [False, True], "1 of 2 "),
        (back(3, 3, 3), [True, False], "all 2 "),
        ([], [], None),
    ],
)
def test_a_block_is_closed_when_nothing_more_of_it_will_come(returned, closed, amounts):
    closing = blocks(returned, 2)
    assert [block.closed for block in closing] == closed
    assert [block.number for block in closing] == list(range(len(closed)))
    assert amounts is None or amounts in closing[0].reason


@given(counts=st.lists(st.integers(0, 3), max_size=20), size=st.integers(1, 6), order=st.randoms())
def test_blocks_are_those_of_issue_in_whatever_order_results_arrive(counts, size, order):
    returned = back(*counts)
    shuffled = list(returned)
    order.shuffle(shuffled)
    found = blocks(shuffled, size)
    assert found == blocks(returned, size)
    assert [number for block in found for number in block.replicates] == list(range(len(counts)))
    assert all(len(block.replicates) == size for block in found if block.closed)


@pytest.mark.parametrize(
    ("returned", "closed"),
    [(back(3, 3, 3), [True, True]), (back(3, 3, 2), [True, False]), (back(3, 3, 2, over=(2,)), [True, True])],
)
def test_the_last_block_of_what_is_over_closes_with_the_numbers_that_it_has(returned, closed):
    closing = blocks(returned, 2, is_over=True)
    assert [block.closed for block in closing] == closed
    assert all(block.is_whole for block in closing)
    assert [number for block in closing for number in block.replicates] == [0, 1, 2]


def numbered(*numbers: int, out: tuple[int, ...] = ()) -> list[Returned]:
    return [Returned(number=number, cells=1, back=0 if number in out else 1, over=False) for number in numbers]


def entered(*designs, size: int = 2) -> list[tuple[int, tuple[int, ...]]]:
    found = stream([blocks(each, size, place) for place, each in enumerate(designs)])
    return [(block.registration, block.replicates) for block in found]


@pytest.mark.parametrize(
    ("designs", "order"),
    [
        ([numbered(0, 1, 4, 5), numbered(2, 3)], [(0, (0, 1)), (1, (2, 3)), (0, (4, 5))]),
        ([numbered(0, 5), numbered(1, 2, 3, 4)], [(1, (1, 2)), (1, (3, 4)), (0, (0, 5))]),  # by its last number
        (
            [numbered(0, 1), numbered(2, 3, out=(2,)), numbered(4, 5)],
            [(0, (0, 1))],
        ),  # an open one keeps later ones waiting
        ([numbered(0), numbered(1, 2)], [(1, (1, 2))]),  # one that is not fully ordered keeps nobody waiting
        ([[], numbered(0, 1)], [(1, (0, 1))]),
    ],
)
def test_blocks_of_several_designs_enter_in_the_order_in_which_they_were_fully_issued(designs, order):
    assert entered(*designs) == order
