"""The images are UCI's, to the byte, and a split shows nobody what it asks."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from axiom.kit import chance, digits

FOLDER = Path(digits.__file__).parent


def test_each_digit_is_there_as_often_as_uci_says():
    """The counts of `optdigits.names`, 0 to 9."""
    _, labels = digits.images()
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_pixels_are_those_of_the_data_set():
    x, y = digits.images()
    assert (x.shape, x.dtype, y.dtype) == ((1_797, 64), np.float32, np.int32)
    raw = y.astype(np.uint8).tobytes() + (16 * x).astype(np.uint8).tobytes()
    assert hashlib.sha256(raw).hexdigest() == "e1d88a0854e29e01d16358d2cd026aa8fc20dfc4cdb3fce004300857ea82aa70"
    assert (16 * x[0, :8]).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]  # the first row of the first image, a zero


def test_what_was_vendored_is_what_is_written_down():
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (FOLDER / "VENDORED.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == {path.name for path in FOLDER.glob("*.bin")}
    for name, digest in rows:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def split(seed=5, **sizes):
    return digits.task(chance.stream(seed, "data"), **({"train": 1_297, "test": 500} | sizes))


def test_a_split_has_every_image_once():
    whole, x = split(), digits.images()[0]
    dealt = np.concatenate([whole.x_train, whole.x_test])
    assert np.array_equal(dealt[np.lexsort(dealt.T)], x[np.lexsort(x.T)])


def test_who_is_asked_does_not_depend_on_how_many_are_shown():
    few, many, other = split(train=100), split(), split(seed=6)
    assert np.array_equal(few.x_test, many.x_test)
    assert np.array_equal(few.x_train, many.x_train[:100])
    assert not np.array_equal(many.x_test, other.x_test)
    assert np.array_equal(split(test=100).x_test, many.x_test[-100:])


@pytest.mark.parametrize("sizes", [{"train": 1_298}, {"train": 0}, {"test": 0}])
def test_no_image_is_shown_and_asked(sizes):
    with pytest.raises(ValueError, match="of 1797 images"):
        split(**sizes)


def test_the_nearest_image_mostly_has_the_same_digit():
    """98.00 % of these images, when the 3,823 of UCI's training set are shown (`optdigits.names`)."""
    made = split()
    distances = (made.x_train**2).sum(axis=1) - 2 * made.x_test @ made.x_train.T  # up to a constant of each row
    assert np.mean(made.y_train[distances.argmin(axis=1)] == made.y_test) == pytest.approx(0.98, abs=0.015)
