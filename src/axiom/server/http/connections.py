"""How many connections there may be at once, by the files that the system lets a process open."""

import contextlib
import functools
import resource

from axiom.limits import server as limits

_OTHER_FILES = 200  # that the laboratory itself may have open


@functools.cache
def most_connections() -> int:
    """How many connections there may be at once. On each a file may be brought or fetched, which is open, too.

    Many a service may have 1,024 files open until it asks for more, which it may: half a fleet that fetches a new
    runner would leave none for the records.
    """
    wanted = 2 * limits.CONNECTIONS + _OTHER_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _lacks(allowed, wanted):
        allowed = wanted if not _lacks(most, wanted) else most
        with contextlib.suppress(OSError, ValueError):  # a system may let it have fewer than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
        allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limits.CONNECTIONS if not _lacks(allowed, wanted) else max(1, (allowed - _OTHER_FILES) // 2)


def _lacks(files: int, wanted: int) -> bool:
    return files != resource.RLIM_INFINITY and files < wanted
