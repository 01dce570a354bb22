import subprocess

import pytest

from axiom.runner.child.exits import KILLED, how_ended


class Ended:
    """A process that has ended so, or has not."""

    def __init__(self, status):
        self._status = status

    def wait(self, timeout):
        if self._status is None:
            raise subprocess.TimeoutExpired("process", timeout)
        return self._status


@pytest.mark.parametrize(
    ("status", "is_boxed", "words"),
    [
        (None, False, "it closed its pipe"),
        (0, False, "it ended by itself with status 0"),
        (7, True, "it ended by itself with status 7"),
        (200, False, "it ended by itself with status 200"),
        (200, True, "it ended by itself with status 200"),
        (255, True, "it ended by itself with status 255"),
        (-15, False, "it was ended by SIGTERM"),
        (128 + 11, True, "it was ended by SIGSEGV"),
        (-40, False, "it was ended by signal 40"),
        (128 + 40, True, "it was ended by signal 40"),
        (-9, False, f"{KILLED}, perhaps because the host ran out of memory"),
        (128 + 9, True, f"{KILLED}, perhaps because the host ran out of memory"),
    ],
)
def test_every_way_to_end_has_words(status, is_boxed, words):
    assert how_ended(Ended(status), is_boxed=is_boxed) == words
