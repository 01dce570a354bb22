"""Who computes: the list of hosts, one host, and why it gets no work."""

from collections.abc import Collection
from functools import partial
from typing import Any

from axiom.domain.credit import Balance
from axiom.domain.fleet import Gpu, Host, Standing
from axiom.domain.headlines.numbers import format_duration, format_number
from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.domain.work import TaskState, count_failures
from axiom.limits import hosts as host_limits
from axiom.limits import tasks as task_limits
from axiom.reads.base import paging, query_errors
from axiom.reads.base.host_owner import HostOwner, find_host_owner
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.paging import LENGTH
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.leaderboards import describe_balance
from axiom.reads.tasks import describe_task as listed_task
from axiom.rules.hosts.outvoted_hosts import is_barred
from axiom.rules.tasks.tasks_per_host import count_sent_today
from axiom.store.credit import ledger
from axiom.store.hosts import clusters as cluster_store
from axiom.store.hosts import hosts as host_store
from axiom.store.tasks import tasks as task_store
from axiom.store.views import findings
from axiom.store.views import tasks as task_views
from axiom.store.views.contributions import SupportShare
from axiom.store.views.paged_lists import PagedList, count_list_entries
from axiom_weigh.amounts import tell_amount

_UNSAID: Answer = {"disk_mb": None, "processor": "", "system": "", "boinc": "", "flops": None}
_MOST_WORDS = 120  # characters of what a client says of its computer


@page_at("/hosts", "hosts.html", words="after before")
def hosts_page(reading: Reading) -> Answer:
    """The hosts that the address asks for, by number."""
    shown = paging.read_list_page(reading, PagedList.HOSTS)
    return {
        "hosts": describe_hosts(reading, shown.ids),
        "of": count_list_entries(reading.db, PagedList.HOSTS),
        **paging.page_links("/hosts", shown),
    }


def describe_hosts(reading: Reading, numbers: Collection[int]) -> list[Answer]:
    balances = ledger.find_balances(reading.db, ledger.HOST, list(numbers))
    hosts = [host for number in numbers if (host := host_store.find_host(reading.db, number)) is not None]
    whose = {volunteer: find_host_owner(reading, volunteer) for volunteer in {host.volunteer_id for host in hosts}}
    return [_listed(reading, host, whose[host.volunteer_id], balances.get(host.id)) for host in hosts]


@page_at(f"/hosts/{NUMBER}", "host.html", words="state page findings")
def host_page(reading: Reading, number: int) -> Answer:
    """One host: what it is, how it stands, what it has done lately and what that was good for."""
    stored: Host = require_stored(host_store.find_host(reading.db, number), reading, "host", number)
    balance, whose = ledger.find_balance(reading.db, ledger.HOST, number), find_host_owner(reading, stored.volunteer_id)
    computing, in_hand = task_views.list_host_tasks_in_hand(reading.db, number, limit=LENGTH)
    misread = list(query_errors.not_a_choice(reading.query, "state", TaskState))
    return {
        "misread": misread,
        "host": _listed(reading, stored, whose, balance)
        | (_computer_facts(reading, stored) if whose.is_shown else _UNSAID)
        | {
            "standing": _standing(reading, stored),
            "why_no_work": stored.why_no_work or None,
            "in_hand": in_hand,
            "computing": [listed_task(task) for task in computing],
            **list_supported_findings(reading, reading.support.of_hosts(reading.db, [number]), f"/hosts/{number}"),
            **_tasks(reading, number, has_any=not misread),
        },
    }


def explain_no_work(reading: Reading, number: int) -> Answer:
    """Why a host got no work when it last asked, in one sentence."""
    stored: Host = require_stored(host_store.find_host(reading.db, number), reading, "host", number)
    if stored.why_no_work:
        reason = f"Host {number} got no work when it last asked: {stored.why_no_work}."
    elif task_views.count_host_tasks_by_state(reading.db, number):
        reason = f"Host {number} got work when it last asked for some."
    else:
        reason = f"Host {number} has not asked for work yet."
    return {
        "host": {
            "number": number,
            "why_no_work": stored.why_no_work or None,
            "reason": reason,
            "seen_at": stored.seen_at.isoformat(),
        }
    }


def list_supported_findings(reading: Reading, every: Collection[SupportShare], path: str) -> Answer:
    """One page of the findings that some hosts' results are in, the one that they did most for first."""
    shares = {share.finding: share for share in sorted(every, key=lambda share: -share.replicates)}
    page = paging.paginate_ids(reading, "findings", list(shares))
    views, rows = findings.read_finding_views(reading.db, page.shown), []
    for share in map(shares.__getitem__, page.shown):
        view = views.get(share.finding)
        if view is not None and view.line is not None:
            rows.append(
                {
                    "number": share.finding,
                    "answer": view.answer,
                    "claim": view.finding.claim,
                    "status": view.finding.status,
                    "verdict": view.verdict,
                    "reads": view.reads,
                    "grade": view.line.evidence.grade,
                    "replicates": share.replicates,
                    "of": share.of,
                }
            )
    around = page.around(f"{path}?findings=")
    return {"findings": rows, "finding_count": len(every), **{f"findings_{way}": href for way, href in around.items()}}


def _listed(reading: Reading, host: Host, whose: HostOwner, balance: Balance | None) -> Answer:
    states = task_store.count_recent_task_states(reading.db, host.id, host_limits.TASKS_LOOKED_BACK_ON)
    return {
        "number": host.id,
        "name": host.name if whose.is_ours else f"{'simulated ' if host.is_simulated else ''}host {host.id}",
        "is_simulated": host.is_simulated,
        "volunteer": whose.volunteer,
        "platform": str(host.platform),
        "cores": host.capacity.cores,
        "memory_mb": host.capacity.memory_mb,
        "gpus": [_gpu(gpu) for gpu in host.capacity.gpus] if whose.is_shown else [],
        "known_since": host.created_at.isoformat(),
        "seen_at": host.seen_at.isoformat(),
        **describe_balance(balance, reading.now),
        "lately": {
            "valid": states.get(TaskState.VALID, 0),
            "not_valid": count_failures(states),
            "of": sum(states.values()),
        },
    }


def _gpu(gpu: Gpu) -> Answer:
    return {"kind": _short(gpu.kind), "model": _short(gpu.model), "count": gpu.count, "memory_mb": gpu.memory_mb}


def _computer_facts(reading: Reading, host: Host) -> Answer:
    """What its client says of the computer, apart from all by which one could tell whose it is."""
    facts = host_store.read_host_facts(reading.db, host.id)
    return {
        "disk_mb": host.capacity.disk_mb,
        "processor": _short(facts.get("model")),
        "system": f"{_short(facts.get('system'))} {_short(facts.get('system_version'))}".strip(),
        "boinc": _short(facts.get("boinc")),
        "flops": host.flops,
    }


def _short(word: Any) -> str:
    """A word that a stranger chose: kept short, and without what acts on whoever reads it."""
    return strip_controls(word[:_MOST_WORDS]) if isinstance(word, str) else ""


def _standing(reading: Reading, host: Host) -> Answer:
    standing = host.standing
    return {
        "valid_in_row": standing.valid_in_row,
        "tasks_per_core_and_hour": standing.quota,
        "sent_today": count_sent_today(host, reading.now),
        "turnaround_seconds": standing.turnaround_seconds,
        "speed": host.speed,
        "availability": host.availability,
        "in_words": _in_words(host),
    }


def _in_words(host: Host) -> list[str]:
    standing = host.standing
    words = [_of_its_work(host), *_outvoted(standing)]
    if standing.quota is None:
        words.append("It may have as many tasks a day as any host.")
    else:
        words.append(
            f"It may have {tell_amount(standing.quota, 'task')} a core and hour. A task that fails, is not valid or is "
            "given up halves that, and a valid one doubles it. One that took too long changes nothing."
        )
    if standing.turnaround_seconds is not None:
        words.append(
            f"On average a task is back {format_duration(max(1.0, standing.turnaround_seconds))} after it was sent."
        )
    if host.speed is not None:
        words.append(f"Each of its cores computes {format_number(host.speed)} times as fast as a reference core.")
    if host.availability < 1:
        share = f"{host.availability:.0%}".replace("%", "\u00a0%")
        words.append(f"By what its client says, it computes {share} of the time.")
    return words


def _outvoted(standing: Standing) -> list[str]:
    if is_barred(standing):
        return ["Two other computers agreed twice on what it had computed otherwise, so it gets no more work."]
    if standing.outvoted:
        return ["Two other computers agreed on what it had computed otherwise, so each of its tasks is checked."]
    return []


def _of_its_work(host: Host) -> str:
    standing = host.standing
    if standing.valid_in_row:
        return f"{tell_amount(standing.valid_in_row, 'valid task')} in a row."
    if standing.quota is None and standing.turnaround_seconds is None:
        return "Nothing is known of its work yet."
    return "The last of its tasks that says something about it was not valid, failed or was never returned."


def _tasks(reading: Reading, number: int, *, has_any: bool) -> Answer:
    """The host's newest tasks by state, and those of them that the address asks for, if it asks for any."""
    by_state = task_views.count_host_tasks_by_state(reading.db, number)
    wanted = reading.query.get("state", "")
    state = wanted if wanted in set(TaskState) else ""
    of_host = partial(task_views.list_newest_host_tasks, reading.db, number, state=state)
    before, after = reading.whole("before"), reading.whole("after")
    rows = of_host(limit=LENGTH, before=before, after=after) if has_any else []
    address = f"/hosts/{number}?state={state}"
    return {
        "tasks_by_state": {task_state: by_state[task_state] for task_state in TaskState if task_state in by_state},
        "newest": task_limits.NEWEST_OF_A_HOST,
        "state": state,
        "tasks": [listed_task(task) for task in rows],
        "previous": f"{address}&after={rows[0].id}" if rows and of_host(limit=1, after=rows[0].id) else None,
        "next": f"{address}&before={rows[-1].id}" if rows and of_host(limit=1, before=rows[-1].id) else None,
    }


def describe_clusters(reading: Reading) -> Answer:
    """Every cluster that ever had a key, and how many of its pilots spoke in the last ten minutes."""
    at_work = cluster_store.count_working_pilots(reading.db, reading.now, host_limits.PILOT_AT_WORK_FOR)
    return {
        "clusters": [
            {
                "name": cluster.name,
                "volunteer": cluster.volunteer_id,
                "created_at": cluster.created_at.isoformat(),
                "expires_at": cluster.expires_at.isoformat(),
                "ended_at": cluster.ended_at.isoformat() if cluster.ended_at else None,
                "may_compute": cluster.may_compute(reading.now),
                "pilots": at_work.get(cluster.id, (0, 0))[0],
                "cores": at_work.get(cluster.id, (0, 0))[1],
            }
            for cluster in cluster_store.list_all_clusters(reading.db)
        ]
    }
