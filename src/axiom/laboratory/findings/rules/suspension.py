"""When is a finding suspended, and when is it open again?

An alarm suspends it when it is raised, also a retired one, which still answers; when the alarm has ceased, the finding
is open again. Raised once, it suspends once: whoever opens the finding meanwhile has looked.
"""

from collections.abc import Iterator, Sequence

from axiom_weigh.values import Alarm, Evidence, Force

WeighedLine = tuple[Evidence | None, Evidence]  # the line before it, and itself


def judge_standing(status: str, lines: Sequence[WeighedLine]) -> Iterator[tuple[str, str]]:
    """How the finding stands after its new lines, one change after the other, each with its reason."""
    for before, evidence in lines:
        alarms = _suspending_alarms(evidence)
        earlier = {alarm.kind for alarm in _suspending_alarms(before)}
        why = "; ".join(alarm.text for alarm in alarms if alarm.kind not in earlier)
        if why and status in ("open", "retired"):
            status = "suspended"
            yield status, why
        elif earlier and not alarms and status == "suspended":
            status = "open"
            yield status, ""


def _suspending_alarms(line: Evidence | None) -> list[Alarm]:
    return [alarm for alarm in line.alarms if alarm.force is Force.SUSPENDS] if line else []
