"""Lists that are too long for one page: the address says where one begins, by the numbers of what is listed."""

from axiom.store import fleet_pages
from axiom.store.fleet_pages import List, Part
from axiom.web.reading import Answer, Reading

LENGTH = 50  # rows of a page


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
