"""Which endings of tasks count against a version, and what those of its first tasks come to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.releases import Endings, Place, SentTasks
from axiom.domain.work import TaskState
from axiom.rules.experiments.release_stages import ReleaseRecord

_CERTAIN = frozenset({Blame.EXPERIMENT, Blame.LABORATORY})
_COUNTS = _CERTAIN | {Blame.UNCLEAR}  # the rest is the host's or its volunteer's doing
# A host that has seen a newer bundle begins no task of an older one; what BOINC ends for time was on a busy host, since
# the runner itself ends a cell that takes too much of a processor or hangs.
_NOT_ITS_DOING = frozenset({Cause.BAD_BUNDLE, Cause.TIME_LIMIT})
_STATES = {TaskState.INVALID: Cause.NOT_AS_ORDERED, TaskState.EXPIRED: Cause.SILENT}


def sum_release_tasks(sent: Iterable[SentTasks], *, counts_hosts: bool) -> ReleaseRecord:
    """Add up what was sent while a bundle was let out: by volunteer; where one alone computes, by host."""
    by_source: dict[Place, Endings] = {}
    lost: Counter[Place] = Counter()
    by_volunteer: Counter[int] = Counter()
    out = theirs_out = theirs_well = theirs_badly = 0
    latest = None
    for tasks in sent:
        by_volunteer[tasks.volunteer] += tasks.amount
        latest = max(tasks.latest, latest or tasks.latest)
        place = tasks.host if counts_hosts else tasks.volunteer, tasks.platform
        endings = by_source.get(place, Endings(platform=tasks.platform))
        endings = replace(endings, is_proven=endings.is_proven or tasks.is_proven)
        cause, theirs = find_failure_cause(tasks.state, tasks.cause), 0 if tasks.is_ours else 1
        if tasks.state in {TaskState.SENT, TaskState.RETURNED}:
            out += tasks.amount - tasks.silent
            theirs_out += theirs * (tasks.amount - tasks.silent)
        elif tasks.state is TaskState.VALID:
            by_source[place] = replace(endings, well=endings.well + tasks.amount, is_proven=True)
            theirs_well += theirs * tasks.amount
        elif cause is not None and _counts(cause):
            by_source[place] = _with_failed(endings, cause, tasks.amount)
            theirs_badly += theirs * tasks.amount
        elif cause is not None:
            lost[place] += tasks.amount
    return ReleaseRecord(
        by_source=by_source,
        by_volunteer=by_volunteer,
        out=out,
        theirs_out=theirs_out,
        theirs_well=theirs_well,
        theirs_badly=theirs_badly,
        lost=lost,
        latest=latest,
    )


def group_endings_by_host(
    counts: Iterable[tuple[int, str, Cause, int]], proven: frozenset[int]
) -> dict[Place, Endings]:
    """How counted endings, by host, platform and cause, stand for each host and platform."""
    by_host: dict[Place, Endings] = {}
    for host, platform, cause, amount in counts:
        endings = by_host.get((host, platform), Endings(platform=platform, is_proven=host in proven))
        if cause is Cause.SUCCESS:
            by_host[host, platform] = replace(endings, well=endings.well + amount)
        elif _counts(cause):
            by_host[host, platform] = _with_failed(endings, cause, amount)
    return by_host


def _with_failed(endings: Endings, cause: Cause, amount: int) -> Endings:
    raised = amount if cause.blame in _CERTAIN else 0
    return replace(endings, badly=endings.badly + amount, raised=endings.raised + raised)


def _counts(cause: Cause) -> bool:
    return cause.blame in _COUNTS and cause not in _NOT_ITS_DOING


def find_failure_cause(state: TaskState, cause: str) -> Cause | None:
    """Why a task ended badly; None where the laboratory took it back, which is no failure."""
    if state in _STATES:
        return _STATES[state]
    known_cause = Cause(cause) if cause in set(Cause) else None
    if state is TaskState.FAILED:  # a host that claims success is contradicted by its own output
        return Cause.CELL_FAILED if known_cause is Cause.SUCCESS else known_cause or Cause.UNKNOWN
    return known_cause if known_cause is not None and known_cause.blame is not Blame.NOBODY else None
