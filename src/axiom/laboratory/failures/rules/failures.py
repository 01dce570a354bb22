"""Which failures belong together, and what does such a group suggest? One version, cause, line and kind of host."""

from collections.abc import Mapping, Sequence

from axiom.domain.failure_causes import Blame, Cause
from axiom.domain.failures import EndingCount, FailureGroup, Suggestion
from axiom.limits import failures as limits
from axiom_weigh.amounts import tell_amount
from axiom_weigh.grouping import group_pairs


def group_failures(
    failed: Sequence[EndingCount], worked: Mapping[int, Mapping[int, frozenset[str]]]
) -> tuple[FailureGroup, ...]:
    """The groups, the newest first. `worked`: by version, the hosts that compute it well and their platforms."""
    groups = group_pairs(((count.experiment_id, count.cause, count.raised, count.platform), count) for count in failed)
    made = [_group(rows, worked.get(rows[0].experiment_id, {})) for rows in groups.values()]
    return tuple(sorted(made, key=lambda group: (group.last_at, group.last_task), reverse=True))


def _group(rows: Sequence[EndingCount], worked: Mapping[int, frozenset[str]]) -> FailureGroup:
    amounts: dict[int, int] = {}
    for row in rows:
        amounts[row.host_id] = amounts.get(row.host_id, 0) + row.amount
    newest = max(rows, key=lambda row: (row.last_at, row.last_task))
    return FailureGroup(
        experiment_id=newest.experiment_id,
        cause=newest.cause,
        raised=newest.raised,
        platform=newest.platform,
        by_host=tuple(amounts.items()),
        first_at=min(row.first_at for row in rows),
        last_at=newest.last_at,
        last_task=newest.last_task,
        works_on=tuple(worked),
        works_here=sum(newest.platform in platforms for platforms in worked.values()),
        last_tasks=tuple(sorted((row.last_task for row in rows), reverse=True)),
        bundle=newest.bundle_digest,
    )


EXPERIMENT, HOST, PLATFORM, LABORATORY, VOLUNTEER, WAIT = (
    *("the experiment", "the host", "the platform", "the laboratory", "the volunteer"),
    "nothing yet",
)
# Where the cause itself says what to do, whoever else fails.
_CURES = {
    Cause.RUNNER_DAMAGED: (HOST, "its runner's files are damaged; resetting the project in BOINC fetches them anew"),
    Cause.NO_ROOM: (HOST, "its disk is full, and its volunteer can make room"),
    Cause.DISK_LIMIT: (EXPERIMENT, "it writes more than it declares; declare more, or write less"),
    Cause.OUTPUT_TOO_BIG: (EXPERIMENT, "its measures are longer than a task may return; shorten the curves"),
    Cause.GPU_MISSING: (HOST, "it no longer has the GPU that it was counted on for"),
    Cause.GPU_UNUSABLE: (HOST, "its driver or its GPU is not what the runner needs"),
    Cause.ABORTED_BY_VOLUNTEER: (
        VOLUNTEER,
        "somebody gave the tasks up; shorter tasks are given up less often, and it says nothing of the experiment",
    ),
    Cause.ABORTED: (VOLUNTEER, "the tasks were given up on the host, and it says nothing of the experiment"),
    Cause.STOPPED_WITH_BOINC: (VOLUNTEER, "BOINC was stopped there; nothing has to be mended"),
    Cause.NOT_STARTED_IN_TIME: (HOST, "it takes more than it can begin in time; it gets less after that"),
    Cause.TIME_LIMIT: (HOST, "it was busy with other programs for a day; its tasks go to others by themselves"),
    Cause.SILENT: (HOST, "it was switched off or left; its tasks go to others by themselves"),
    Cause.BAD_TICKET: (LABORATORY, "hosts refuse its orders: look at its clock, its keys and its trust file"),
    Cause.BAD_BUNDLE: (LABORATORY, "hosts refuse the bundle: look at its seal and when it expires"),
    Cause.DOWNLOAD_MISSING: (LABORATORY, "it does not give out a file that its orders name"),
    Cause.DOWNLOAD_UNSIGNED: (LABORATORY, "a program that it offers is not signed with the key that clients know"),
    Cause.UPLOAD_REFUSED: (LABORATORY, "it refuses outputs: look at its disk and at its upload key"),
}


def suggest_remedy(group: FailureGroup) -> Suggestion:
    """Decide from the cause, from how many hosts share it, and from who computes the same version well."""
    if group.cause in _CURES:
        look_at, reason = _CURES[group.cause]
        return Suggestion(look_at=look_at, reason=reason)
    elsewhere = len(set(group.works_on) - set(group.hosts))
    if group.raised and not group.works_on:
        return Suggestion(
            look_at=EXPERIMENT,
            reason=f"it raises {group.raised}, and no host has computed this version yet; that line is at fault",
        )
    if len(group.hosts) >= limits.FAILURE_HOSTS and group.works_on and not group.works_here:
        return Suggestion(
            look_at=PLATFORM,
            reason=f"it fails on {tell_amount(len(group.hosts), 'host')} of {group.platform} and works on "
            f"{tell_amount(elsewhere, 'other')}",
        )
    if len(group.hosts) == 1 and elsewhere:
        return Suggestion(
            look_at=HOST, reason=f"it fails on this host alone, and works on {tell_amount(elsewhere, 'other')}"
        )
    return _by_blame(group)


def _by_blame(group: FailureGroup) -> Suggestion:
    blame, hosts = group.cause.blame, len(group.hosts)
    if blame is Blame.LABORATORY:
        return Suggestion(look_at=LABORATORY, reason="it is our own fault; the laboratory's log says more")
    if blame is Blame.HOST:
        return Suggestion(look_at=HOST, reason="its work was refused or never began; others get its tasks")
    if group.raised:
        return Suggestion(
            look_at=EXPERIMENT,
            reason=f"it raises {group.raised} on some seeds or configs, and works on others; look at what they have",
        )
    if hosts >= limits.FAILURE_HOSTS:
        return Suggestion(
            look_at=EXPERIMENT, reason=f"{hosts} hosts fail in the same way, so it is hardly a host's own"
        )
    return Suggestion(look_at=WAIT, reason="one host has said so; whether others fail too will tell whose doing it is")
