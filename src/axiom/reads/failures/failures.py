"""What goes wrong, in groups: by version, cause and kind of host."""

from collections.abc import Iterator, Mapping, Sequence

from axiom.domain.failure_causes import Blame
from axiom.domain.failures import FailureGroup
from axiom.domain.preflights import GATES
from axiom.errors import NotFound
from axiom.laboratory.failures.rules.failures import group_failures, suggest_remedy
from axiom.laboratory.failures.rules.tracebacks import find_failed_config, find_last_print
from axiom.limits import failures as limits
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import releases
from axiom.store.experiments import experiments, preflights
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.registrations import registrations
from axiom.store.tasks import endings


@page_at("/failures", "failures.html", words="experiment")
def failures_page(reading: Reading) -> Answer:
    """Groups of tasks that ended badly, of one version or of all, the newest first."""
    versions = {version.id: version for version in experiments.list_experiment_versions(reading.db)}
    chosen = _wanted_version(reading, list(versions.values()))
    experiment_id = chosen.id if chosen else None
    groups = group_failures(
        endings.list_failure_counts(reading.db, experiment_id), endings.list_working_hosts(reading.db, experiment_id)
    )
    failing = groups[: limits.FAILURE_GROUPS]
    endings_of = endings.count_endings_by_platform(reading.db, experiment_id)
    newest = {bundle.experiment_id: bundle.digest for bundle in experiments.list_newest_bundles(reading.db)}
    details = _details(reading, failing)
    stopped = sorted(_stopped(reading, versions, chosen), key=lambda row: str(row["at"]), reverse=True)
    return {
        "failures": [
            _group(group, versions[group.experiment_id])
            | detail
            | {
                "ended_there": endings_of.get((group.experiment_id, group.platform), group.tasks),
                "mended_by": _mended_by(group, versions, newest),
            }
            for group, detail in zip(failing, details, strict=True)
        ],
        "of": len(groups),
        "tasks": sum(group.tasks for group in groups),
        "experiment": chosen.whole_name if chosen else None,
        "stopped": stopped[: limits.FAILURE_GROUPS],
        "all_stopped": len(stopped),
        "not_let_out": [
            {"experiment": f"{bundle.name}@{bundle.version}", "why": bundle.reason}
            for bundle in preflights.list_newest_preflights(reading.db, GATES)
            if bundle.passed is False and (chosen is None or chosen.id == bundle.experiment_id)
        ],
    }


def _mended_by(group: FailureGroup, versions: Mapping[int, StoredExperiment], newest: Mapping[int, str]) -> str | None:
    """What took the place of the text that failed so; nothing where it is the newest."""
    version = versions[group.experiment_id]
    later = max(other.version for other in versions.values() if other.name == version.name)
    if later > version.version:
        return f"{version.name}@{later}"
    is_newest = group.bundle == newest.get(group.experiment_id)
    return None if is_newest else f"a newer text of {version.whole_name}"


def _stopped(
    reading: Reading,
    versions: Mapping[int, StoredExperiment],
    chosen: StoredExperiment | None,
) -> Iterator[Answer]:
    """Versions that were retired, and open ones of which the newest bundle failed too often; a repair begins anew."""
    for version in versions.values():
        if version.retired_at is not None and version.status == "retired" and chosen in (None, version):
            name = version.whole_name
            yield {"experiment": name, "at": version.retired_at.isoformat(), "why": version.why}
    for number, stop in releases.list_stopped_versions(reading.db).items():
        if stop["state"] == "halted" and chosen in (None, versions[number]):
            yield {word: stop[word] for word in ("experiment", "at", "why")}


def _details(reading: Reading, groups: Sequence[FailureGroup]) -> list[Answer]:
    """For each group the config at which one of its tasks failed first, and what the file printed last on ours."""
    shown = [group.last_tasks[: limits.FAILURE_EXAMPLES] for group in groups]
    words = endings.read_task_words(reading.db, {task for tasks in shown for task in tasks})
    configs = {
        number: registrations.read_placed_configs(reading.db, number)
        for number in {group.experiment_id for group in groups}
    }
    details = []
    for group, tasks in zip(groups, shown, strict=True):
        reports = sorted((words[task] for task in tasks if task in words), key=lambda task: not task.is_ours)
        places = [place for task in reports if (place := find_failed_config(task.said)) is not None]
        printed = [text for task in reports if task.is_ours and (text := find_last_print(task.said))]
        config = configs[group.experiment_id].get(places[0]) if places else None
        details.append({"config": config and dict(config), "said": printed[0] if printed else None})
    return details


def _wanted_version(reading: Reading, versions: list[StoredExperiment]) -> StoredExperiment | None:
    """The version that the address asks for: by name and number, or the newest of a name."""
    wanted = reading.query.get("experiment", "")
    if not wanted:
        return None
    named = [version for version in versions if wanted in {version.name, version.whole_name}]
    if not named:
        raise NotFound(f"There is no experiment {wanted[:80]}. /failures shows those of all.")
    return max(named, key=lambda version: version.version)


def _group(group: FailureGroup, version: StoredExperiment) -> Answer:
    suggestion = suggest_remedy(group)
    works = set(group.works_on)
    return {
        "experiment": version.whole_name,
        "status": version.status,
        "cause": group.cause,
        "in_words": group.cause.words,
        "blame": group.cause.blame,
        "is_unclear": group.cause.blame is Blame.UNCLEAR,
        "raised": group.raised,
        "platform": group.platform,
        "tasks": group.tasks,
        "hosts": [
            {"host": host, "tasks": tasks, "works": host in works}
            for host, tasks in group.by_host[: limits.FAILING_HOSTS_NAMED]
        ],
        "host_count": len(group.by_host),
        "works_on": sorted(works)[: limits.FAILING_HOSTS_NAMED],
        "works_on_count": len(works),
        "first_at": group.first_at.isoformat(),
        "last_at": group.last_at.isoformat(),
        "last_task": group.last_task,
        "look_at": suggestion.look_at,
        "suggests": suggestion.reason,
    }
