"""A version is let out after three tasks that closed without a failure, and not before."""

import pytest

from axiom.decisions.release import Stage, release


@pytest.mark.parametrize(
    ("valid", "failed", "out", "stage", "reason"),
    [
        (0, 0, 0, Stage.PILOT, "0 of 3 valid tasks"),
        (0, 0, 3, Stage.PILOT, "3 are not back"),
        (2, 0, 1, Stage.PILOT, "2 of 3 valid tasks, and 1 are not back"),
        (3, 0, 0, Stage.OPEN, "all 3 tasks of the pilot are valid"),
        (0, 1, 2, Stage.PAUSED, "1 tasks failed in the pilot, so nothing more goes out; 2 of its tasks may still"),
        (2, 1, 1, Stage.PAUSED, "1 of its tasks may still become valid"),
        (2, 3, 0, Stage.PAUSED, "3 tasks failed in the pilot, so nothing more goes out; none of its tasks is left"),
        (3, 1, 0, Stage.OPEN, "all 3 tasks"),  # the second copy of the failed one was valid
        (900, 4, 12, Stage.OPEN, "all 3 tasks"),  # later failures are not the pilot's
    ],
)
def test_the_stage_follows_the_pilot_s_tasks(valid, failed, out, stage, reason):
    found = release(closed_valid=valid, closed_failed=failed, open_tasks=out)
    assert found.stage is stage
    assert reason in found.reason
