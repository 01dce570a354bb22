"""A round is held for a reason, and ends a session for one; either reason is told."""

from datetime import timedelta

import pytest

from axiom.decisions.sessions.due import occasion, telling
from axiom.domain.sessions import Untold

QUIET = {
    "has_session": True,
    "publishing_seconds": None,
    "closed_blocks_unweighed": 0,
    "waiting": 6,
    "cores": 2,
    "stage_changed": False,
    "seconds_since_last": 1e6,
    "idle_before_last": 0.0,
    "age_seconds": 1e7,
}


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({}, ""),
        ({"has_session": False}, "no round"),
        ({"has_session": False, "publishing_seconds": 29.0}, ""),
        ({"has_session": False, "publishing_seconds": 30.0}, "no round"),
        ({"publishing_seconds": 1.0, "stage_changed": True}, "moved on"),
        ({"closed_blocks_unweighed": 2, "seconds_since_last": 599.0}, ""),
        ({"closed_blocks_unweighed": 2, "seconds_since_last": 600.0}, "2 closed blocks"),
        ({"closed_blocks_unweighed": 1, "seconds_since_last": 1.0, "age_seconds": 60.0}, "1 closed block "),
        ({"closed_blocks_unweighed": 1, "seconds_since_last": 59.0, "age_seconds": 3_600.0}, ""),
        ({"waiting": 1, "seconds_since_last": 300.0}, "1 task in the queue for 2 cores, and the last round was 300 s"),
        ({"waiting": 1, "seconds_since_last": 299.0}, ""),
        ({"waiting": 1, "seconds_since_last": 599.0, "idle_before_last": 600.0}, ""),
        ({"waiting": 1, "seconds_since_last": 3_600.0, "idle_before_last": 1e6}, "3600 s"),
        ({"waiting": 1, "seconds_since_last": 59.0, "tiles_open": True}, ""),
        ({"waiting": 1, "seconds_since_last": 60.0, "idle_before_last": 1e6, "tiles_open": True}, "60 s"),
        ({"waiting": 2, "tiles_open": True}, ""),
        ({"to_tell": "a day has passed"}, "a day has passed"),
        ({"waiting": 0, "cores": 0}, ""),
    ],
)
def test_a_session_is_held_when_it_would_change_something(changes, fact):
    reason = occasion(**(QUIET | changes))
    assert fact in reason
    assert bool(fact) is bool(reason)


def test_a_laboratory_that_has_asked_everything_holds_few_sessions():
    held, moment = [], 0.0
    while moment < 7 * 86_400.0:
        last = held[-1] if held else 0.0
        quiet = QUIET | {"waiting": 0, "seconds_since_last": moment - last, "idle_before_last": last}
        if occasion(**quiet):
            held.append(moment)
        moment += 60.0
    assert held[:4] == [300.0, 600.0, 1_200.0, 2_400.0]
    assert len(held) < 7 * 24 + 5


@pytest.mark.parametrize(
    ("untold", "minutes", "is_told"),
    [
        (Untold(), None, True),  # the first
        (Untold(), 24 * 60 - 1, False),
        (Untold(), 24 * 60, True),
        (Untold(changed=40, proposed=2, published=3), 179, False),
        (Untold(changed=1), 180, True),
        (Untold(failures=1), 29, False),
        (Untold(failures=1), 30, True),
        (Untold(asked=1), 30, True),
        (Untold(failures=1), -60, False),  # the clock was set back
    ],
)
def test_a_round_ends_a_session_when_there_is_something_to_tell(untold, minutes, is_told):
    since = None if minutes is None else timedelta(minutes=minutes)
    assert bool(telling(untold, since)) is is_told

    assert {"1", "2"} <= set(telling(Untold(failures=1, changed=2), timedelta(hours=1)).replace(";", " ").split())
