"""How much memory or disk is still free on a host on which only so many tasks run at once?"""

from collections.abc import Iterable


class HostRoom:
    """What tasks take of something. Those that run at once may be the largest in hand, so these are what counts."""

    def __init__(self, total: int | None, places: int, taken: Iterable[tuple[int, int]]) -> None:
        """`total` None is any amount; `taken` says how large the tasks in hand are and how many of each size."""
        self._total = total
        self._places = max(1, places)
        self._sizes: dict[int, int] = {}
        for size, tasks in taken:
            self.put(size, tasks)

    @property
    def most(self) -> int:
        """What may be taken at the same moment."""
        return self._largest(self._places)

    def free_for(self, places: int) -> int | None:
        """How much one more task may take that has so many of the places.

        None is any amount, and nothing fits where too much is taken already.
        """
        if self._total is None:
            return None
        if self.most > self._total:
            return 0
        return self._total - self._largest(self._places - places)

    def put(self, size: int, tasks: int = 1) -> None:
        self._sizes[size] = self._sizes.get(size, 0) + tasks

    def _largest(self, places: int) -> int:
        if len(self._sizes) == 1:  # nearly always
            ((size, tasks),) = self._sizes.items()
            return size * min(places, tasks)
        taken = 0
        for size in sorted(self._sizes, reverse=True):
            here = min(places, self._sizes[size])
            taken += size * here
            places -= here
            if places <= 0:
                break
        return taken
