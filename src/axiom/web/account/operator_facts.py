"""What the operator's pages show: who has the role, what waits for an answer, and what an answer would do."""

import re
from collections.abc import Mapping
from typing import Any

from axiom.domain.headlines import numbers
from axiom.domain.preflights import GATES
from axiom.domain.programs import PROGRAM
from axiom.domain.releases import Stage
from axiom.errors import NotFound
from axiom.limits import failures as failure_limits
from axiom.reads import ideas, proposals
from axiom.reads.base import paging
from axiom.reads.base.request import Answer, Reading
from axiom.reads.experiments import experiments, releases
from axiom.reads.failures import failures
from axiom.store.accounts import adoption, programs
from axiom.store.accounts import operators as stored
from axiom.store.experiments import drafts, preflights
from axiom.store.registrations import proposals as stored_proposals
from axiom.store.registrations import registrations
from axiom.store.upkeep import jobs

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00")  # as answers have it


def describe_operators(reading: Reading) -> Answer:
    """Everyone who ever had the role."""
    return {
        "operators": [
            {
                "name": role.name,
                "volunteer": role.volunteer_id,
                "since": role.created_at.isoformat(),
                "ended_at": role.ended_at.isoformat() if role.ended_at else None,
            }
            for role in stored.list_site_operators(reading.db)
        ]
    }


def list_waiting_matters(reading: Reading) -> Answer:
    """What waits for somebody: proposals, ideas, releases, suspended findings; and what went wrong."""
    gone_wrong, let = failures.failures_page(reading), releases.list_releases(reading)
    suspended = registrations.list_suspended_findings(reading.db)
    return {
        "move": adoption.read_adoption_progress(reading.db),
        "absent": adoption.list_absent_volunteers(reading.db, paging.LENGTH),
        **proposals.list_waiting_proposals(reading),
        **ideas.list_unshown_ideas(reading),
        "releases": [row for row in let if row["waits_for_approval"]],
        "paused": [row for row in let if row["stage"] == Stage.PAUSED],
        "suspended": [
            {"number": row["number"], "experiment": f"{row['name']}@{row['version']}", "why": row["why"]}
            for row in suspended[: paging.LENGTH]
        ],
        "suspended_findings": len(suspended),
        "failures": gone_wrong["failures"][: failure_limits.FAILURE_GROUPS_TOLD],
        "failure_groups": gone_wrong["of"],
        "failed_preflights": [
            {"experiment": f"{preflight.name}@{preflight.version}", "reason": preflight.reason}
            for preflight in preflights.list_newest_preflights(reading.db, GATES)
            if preflight.passed is False
        ],
        "failing_jobs": [row for row in jobs.list_jobs(reading.db) if row["last_error"]],
    }


def list_open_releases(reading: Reading) -> Answer:
    """Every open version and how far it is let out."""
    return {"releases": releases.list_releases(reading)}


def describe_approval(reading: Reading, number: int) -> Answer:
    """A proposal with what somebody must know who answers it."""
    answer = proposals.proposal_page(reading, number)
    kept = stored_proposals.find_proposal(reading.db, number)
    if kept is None:
        raise LookupError(f"proposal {number} is gone")
    proposal, name = kept.proposal, f"{kept.proposal.experiment}@{kept.proposal.version}"
    try:
        version = experiments.experiment_page(reading, name)["experiment"]
    except NotFound:
        version = {"preflight": None, "release": None}
    draft = None if proposal.draft is None else drafts.find_draft(reading.db, proposal.draft)
    return answer | {
        "asker": _asker(reading, proposal.author),
        "tried": draft.reason if draft else "",
        "preflight": version["preflight"],
        "release": version["release"],
    }


def _asker(reading: Reading, author: str) -> Answer:
    """Who asks, and of a program what is known of it."""
    program = programs.find_program(reading.db, author.removeprefix(PROGRAM)) if author.startswith(PROGRAM) else None
    return {"name": author, "model": program.model if program else "", "may": str(program.right) if program else ""}


def flatten_answer(answer: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """An answer as a list of words and what they say, what lies inside of it, too."""
    pairs: list[tuple[str, str]] = []
    for name, value in answer.items():
        label = f"{before}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            pairs += flatten_answer(value, f"{label}, ")
        elif isinstance(value, list | tuple):
            pairs.append((label, ", ".join(_plain(part) for part in value) or "none"))
        else:
            pairs.append((label, _plain(value)))
    return pairs


def _plain(value: Any) -> str:
    if isinstance(value, str) and _MOMENT.fullmatch(value):
        return numbers.format_moment(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return " ".join(f"{name.replace('_', ' ')} {_plain(part)}" for name, part in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    return "none" if value is None or value == "" else str(value)
