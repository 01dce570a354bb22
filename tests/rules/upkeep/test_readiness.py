"""When a laboratory is ready to work, and what is said where it is not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.rules.upkeep.ailing_jobs import PeriodicJob
from axiom.rules.upkeep.readiness import VitalSigns, list_unready_reasons

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
JOB = PeriodicJob(name="clean", every=timedelta(hours=1), last_start=NOW - timedelta(minutes=59), last_error="")
WELL = VitalSigns(
    writer_failed=False,
    found_no_room=False,
    oldest_wait=timedelta(seconds=2),
    free=2_000_000_000,
    needed=1_000_000_000,
    jobs=(JOB,),
    up_since=NOW - timedelta(days=1),
)
STUCK = replace(JOB, last_start=NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"writer_failed": True}, ("writer", "failed")),
        ({"oldest_wait": timedelta(minutes=1)}, ("writer", "stuck")),
        ({"found_no_room": True, "free": 0}, ("disk", "full")),
        ({"free": 999_999_999}, ("disk", "nearly full")),
        ({"jobs": (JOB, STUCK)}, (f"job {STUCK.name}", "stuck")),
    ],
)
def test_one_thing_that_is_wrong_is_one_reason(changes, words):
    ((ailing, reason),) = list_unready_reasons(replace(WELL, **changes), NOW).items()
    assert ailing == words[0]
    assert words[1] in reason


def test_two_things_that_are_wrong_are_told_by_two_names():
    both = replace(WELL, oldest_wait=timedelta(minutes=1), free=0)
    assert set(list_unready_reasons(both, NOW)) == {"writer", "disk"}


def test_a_laboratory_that_can_work_is_ready():
    assert (
        list_unready_reasons(WELL, NOW)
        == list_unready_reasons(replace(WELL, jobs=(replace(JOB, last_error="secret/path"),)), NOW)
        == {}
    )
    just_begun = replace(WELL, jobs=(STUCK, replace(JOB, last_start=None)), up_since=NOW - timedelta(minutes=5))
    assert list_unready_reasons(just_begun, NOW) == {}
