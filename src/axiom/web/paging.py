"""Lists that are too long for one page: the address says where one begins, by the numbers of what is listed."""

from collections.abc import Sequence
from typing import TypeVar

from axiom.domain.dataclass import dataclass
from axiom.store import fleet_pages
from axiom.store.fleet_pages import List, Part
from axiom.web.reading import Answer, Reading

LENGTH = 50  # rows of a page

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbered:
    """A page by its number, of so many as there are."""

    page: int
    last: int
    length: int

    @property
    def first(self) -> int:
        """The place of its first row among all, counted from 0."""
        return (self.page - 1) * self.length

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Those of all rows that stand on it."""
        return rows[self.first : self.first + self.length]

    def around(self, address: str) -> Answer:
        """The addresses of the pages before and after; `address` ends where the number follows."""
        return {
            "previous": f"{address}{self.page - 1}" if self.page > 1 else None,
            "next": f"{address}{self.page + 1}" if self.page < self.last else None,
        }


def numbered(reading: Reading, word: str, rows: int) -> Numbered:
    """The page that the address asks for by this word; the nearest one where there is no such page."""
    length = max(1, rows) if reading.is_whole else LENGTH
    last = max(1, -(-rows // length))
    return Numbered(page=min(max(reading.whole(word), 1), last), last=last, length=length)


def page_of(place: int) -> int:
    """The number of the page on which the row at this place stands, counted from 0."""
    return place // LENGTH + 1


def part(reading: Reading, of: List, whose: int = 0) -> Part:
    """The rows that the address asks for: `?after=50`, or `?before=51`."""
    after, before = reading.whole("after"), reading.whole("before")
    return fleet_pages.part(reading.db, of, limit=LENGTH, after=after, before=before, whose=whose)


def around(path: str, shown: Part) -> Answer:
    """The addresses of the pages before and after these rows."""
    return {
        "previous": f"{path}?before={shown.ids[0]}" if shown.is_more_before else None,
        "next": f"{path}?after={shown.ids[-1]}" if shown.is_more_after else None,
    }
