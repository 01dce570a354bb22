"""How far is a version let out? A few tasks first; everything only after they have closed without a failure."""

from dataclasses import dataclass
from enum import StrEnum

PILOT_TASKS = 3


class Stage(StrEnum):
    """How much of a version may be ordered."""

    PILOT = "pilot"  # its first three tasks, each of one replicate
    OPEN = "open"  # whole blocks
    PAUSED = "paused"  # nothing


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """The stage that a version is in, and why."""

    stage: Stage
    reason: str


def release(*, closed_valid: int, closed_failed: int, open_tasks: int) -> Release:
    """Decide from a version's tasks so far.

    A failure in the pilot pauses the version, and so nothing more is ordered. The failed workunit still gets its
    further copies; when these bring all three home, perhaps with a repaired bundle, the pilot has been passed after
    all. Three failures close a workunit, and then it never is.
    """
    if closed_valid >= PILOT_TASKS:
        return Release(stage=Stage.OPEN, reason=f"all {PILOT_TASKS} tasks of the pilot are valid")
    if closed_failed:
        hope = f"{open_tasks} of its tasks may still become valid" if open_tasks else "none of its tasks is left"
        return Release(
            stage=Stage.PAUSED,
            reason=f"{closed_failed} tasks failed in the pilot, so nothing more goes out; {hope}",
        )
    return Release(
        stage=Stage.PILOT,
        reason=f"the pilot has {closed_valid} of {PILOT_TASKS} valid tasks, and {open_tasks} are not back",
    )
