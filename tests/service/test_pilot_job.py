"""How long a pilot works."""

import pytest

from axiom.limits import clusters as limits
from axiom.service.pilot_job import seconds_of_work


@pytest.mark.parametrize(
    ("job", "work"),
    [
        (3_600.0, 3_600.0 - limits.JOB_MARGIN_SECONDS),
        (limits.JOB_MARGIN_SECONDS, limits.JOB_MARGIN_SECONDS / 2),  # else it would begin nothing at all
        (60.0, 30.0),
    ],
)
def test_a_pilot_begins_nothing_in_the_margin_before_its_job_ends(job, work):
    assert seconds_of_work(job) == work
