"""A dataclass is made of the columns that are called as its fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

import pytest

from axiom.store.engine.sqlite_binding import as_value


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Thing:
    number: int
    made_at: datetime
    ended_at: datetime | None
    is_ours: bool
    passed: bool | None
    colour: Colour
    colours: tuple[Colour, ...]
    sizes: tuple[int, ...]
    facts: Mapping[str, int]
    beside: frozenset[int] = frozenset()


MOMENT = datetime(2026, 3, 2, tzinfo=UTC)
ROW = {
    "id": 7,
    "made_at": 1_772_409_600_000_000,
    "ended_at": None,
    "is_ours": 0,
    "passed": 1,
    "colour": "red",
    "colours": '["red"]',
    "sizes": "[1, 2]",
    "facts": '{"a": 1}',
}


def test_each_column_becomes_what_its_field_says():
    thing = as_value(Thing, ROW, number=ROW["id"], beside=frozenset({1}))
    assert thing == Thing(
        number=7,
        made_at=MOMENT,
        ended_at=None,
        is_ours=False,
        passed=True,
        colour=Colour.RED,
        colours=(Colour.RED,),
        sizes=(1, 2),
        facts={"a": 1},
        beside=frozenset({1}),
    )
    assert isinstance(thing.is_ours, bool)


def test_a_column_that_the_row_lacks_and_a_type_that_no_column_has_are_errors():
    with pytest.raises(KeyError, match="number"):
        as_value(Thing, ROW, beside=frozenset())
    with pytest.raises(TypeError, match="frozenset"):
        as_value(Thing, ROW, number=7)
