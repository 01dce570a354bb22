import subprocess
import sys

import numpy as np
import pytest

from axiom.kit import pace


class Notebook:
    """Writes down what it hears."""

    def __init__(self):
        self.fingerprints = []
        self.fractions = []

    def early(self, values):
        self.fingerprints.append(values)

    def progress(self, fraction):
        self.fractions.append(fraction)


@pytest.fixture
def heard():
    notebook = Notebook()
    pace.attach(notebook)
    yield notebook
    pace.attach(None)


def test_nobody_need_listen():
    pace.early([1.0])
    pace.block(0.5)


def test_a_listener_that_has_left_hears_nothing(heard):
    pace.attach(None)
    pace.early([1.0])
    pace.block(0.5)
    assert (heard.fingerprints, heard.fractions) == ([], [])


def test_the_first_fingerprint_of_a_cell_counts(heard):
    pace.early([3.0, 2.0])
    pace.early([1.0])
    assert heard.fingerprints == [[3.0, 2.0]]


def test_the_next_cell_has_its_own_fingerprint(heard):
    pace.early([3.0])
    pace.attach(heard)
    pace.early([4.0])
    assert heard.fingerprints == [[3.0], [4.0]]


def test_a_fingerprint_is_at_most_eight_plain_floats(heard):
    pace.early(np.arange(20, dtype=np.float32))
    assert heard.fingerprints == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]
    assert {type(value) for value in heard.fingerprints[0]} == {float}


def test_short_blocks_are_told_by_whole_percents(heard):
    for done in range(1, 1001):
        pace.block(done / 1000)
    assert heard.fractions == pytest.approx([percent / 100 for percent in range(1, 101)], abs=0.0011)


def test_a_second_cell_begins_from_nothing(heard):
    for fraction in (0.5, 1.0, 0.5, 1.0):
        pace.block(fraction)
    assert heard.fractions == [0.5, 1.0, 0.5, 1.0]


@pytest.mark.parametrize("fraction", [-0.1, 1.01, float("nan")])
def test_what_is_no_share_is_refused(heard, fraction):
    with pytest.raises(ValueError, match="no share of a cell"):
        pace.block(fraction)
    assert heard.fractions == []


def test_the_door_to_the_host_is_the_standard_library():
    code = "import sys; from axiom.kit import pace; assert not {'numpy', 'jax'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
