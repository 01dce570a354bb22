"""Lists that are too long for one page: the address says where one begins, by the numbers of what is listed."""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom.reads.base.request import Answer, Reading
from axiom.store.views.paged_lists import ListPart, PagedList, read_list_part

LENGTH = 50  # rows of a page


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """So many rows of a list, from one of them on: rows that come or move meanwhile push none of the others away."""

    ids: Sequence[int]
    first: int
    length: int

    @property
    def shown(self) -> Sequence[int]:
        return self.ids[self.first : self.first + self.length]

    def around(self, address: str) -> Answer:
        """The addresses of the pages before and after; `address` ends where the number of a row follows."""
        before, after = self.first - self.length, self.first + self.length
        return {
            "previous": f"{address}{self.ids[max(0, before)]}" if self.first else None,
            "next": f"{address}{self.ids[after]}" if after < len(self.ids) else None,
        }


def paginate_ids(reading: Reading, word: str, ids: Sequence[int]) -> Page:
    """The rows that the address asks for, as in `?from=50`; the first ones where no row has this number."""
    start = reading.whole(word)
    first = ids.index(start) if start in ids else 0
    return Page(ids=ids, first=first, length=max(1, len(ids)) if reading.is_whole else LENGTH)


def read_list_page(reading: Reading, of: PagedList, whose: int = 0) -> ListPart:
    """The rows that the address asks for: `?after=50`, or `?before=51`."""
    after, before = reading.whole("after"), reading.whole("before")
    return read_list_part(reading.db, of, limit=LENGTH, after=after, before=before, whose=whose)


def page_links(path: str, shown: ListPart) -> Answer:
    """The addresses of the pages before and after these rows."""
    return {
        "previous": f"{path}?before={shown.ids[0]}" if shown.is_more_before else None,
        "next": f"{path}?after={shown.ids[-1]}" if shown.is_more_after else None,
    }
