"""Values: dataclasses that are made quickly."""

import dataclasses

import pytest

from axiom.domain.value import value


@value
class Point:
    """A place."""

    x: int
    y: int = 0


def test_a_value_is_compared_and_hashed_by_its_fields_and_another_is_made_of_it():
    assert {Point(x=1), Point(x=1, y=0), Point(x=2)} == {Point(x=1), Point(x=2)}
    assert dataclasses.replace(Point(x=1), y=5) == Point(x=1, y=5)


def test_a_value_takes_its_fields_by_name_alone_and_has_no_others():
    with pytest.raises(TypeError):
        Point(1)
    with pytest.raises(AttributeError):
        Point(x=1).z = 2  # a slip of the pen finds no place to go
