"""What may be done at once in a quiet hour and is left to the jobs in a busy one."""

from datetime import datetime

_AT_ONCE = 5  # contacts a second whose reports are judged and paid before they are answered


class Calm:
    """Says yes a few times a second."""

    def __init__(self) -> None:
        self._second = 0
        self._times = 0

    def may(self, now: datetime) -> bool:
        """May it be done now?"""
        second = int(now.timestamp())
        self._times = self._times + 1 if second == self._second else 1
        self._second = second
        return self._times <= _AT_ONCE
