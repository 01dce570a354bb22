"""Times as the database keeps them: whole microseconds since 1970 in UTC."""

import functools
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@functools.lru_cache(maxsize=1_024)  # what is written together says the same few moments again and again
def at(moment: datetime) -> int:
    if moment.utcoffset() is None:
        raise ValueError(
            f"The time {moment.isoformat()} names no time zone, so it could mean any of 24 hours. "
            "Nothing was stored; give a time with tzinfo, as UTC has."
        )
    return (moment - _EPOCH) // _MICROSECOND


@functools.lru_cache(maxsize=1_024)  # rows that are read together, too
def moment(value: int) -> datetime:
    return _EPOCH + value * _MICROSECOND


def maybe_moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)
