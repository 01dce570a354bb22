"""The laboratory in brief: what a program that works here reads first, and what became of its own questions.

A notebook is shown to its author alone.
"""

from collections import Counter
from datetime import timedelta
from itertools import islice

from axiom.domain.programs import AdmittedProgram
from axiom.domain.proposals import ProposalState, StoredProposal
from axiom.domain.registrations import INFORMED
from axiom.domain.rounds import Round
from axiom.limits import language_models as limits
from axiom.limits import programs as program_limits
from axiom.reads import findings as finding_views
from axiom.reads import proposals as proposal_views
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.finding_lists import read_finding_rows
from axiom.reads.link_graph import Graph
from axiom.reads.rounds import session_log
from axiom.reads.rounds.session_difference import difference_page
from axiom.store.accounts import notebooks, programs
from axiom.store.registrations import proposals, registrations
from axiom.store.rounds import kept_prose, rounds
from axiom.store.upkeep import spent_allowances
from axiom.store.views import findings
from axiom.store.views import sessions as session_views
from axiom.store.views.findings import FindingView

_CHARTER = 8_000  # bytes
_DAY = timedelta(days=1)
_CHANCES = ("positive", "negative", "absent", "interval")


@page_at("/brief", "brief.html", words="since")
def brief_page(reading: Reading) -> Answer:
    """All of it; `since` names the session from which on changes are told."""
    newest = next((closed.session for closed in session_views.list_closed_sessions(reading.db, 1)), None)
    return {
        "brief": {
            "name": reading.name,
            "stands": _stands(reading),
            "changed": _changes(reading, newest),
            "next": _next(reading, newest),
            "proposals": _waiting(reading),
            "programs": [
                _limits(reading, row) for row in programs.list_model_programs(reading.db) if row.is_let_in(reading.now)
            ],
            "asks_people_for": reading.approvals,
            "charter": read_charter(reading),
        }
    }


def read_charter(reading: Reading) -> str:
    """What the operator wants to know, as the file in the data folder says it; a long one is cut."""
    try:
        with reading.folder.charter.open("rb") as opened:
            return opened.read(_CHARTER).decode(errors="replace")
    except OSError:
        return ""


def _stands(reading: Reading) -> Answer:
    briefs = findings.list_finding_briefs(reading.db)
    weighed = [brief for brief in briefs if brief.weighed_at]
    newest = sorted(weighed, key=lambda brief: str(brief.weighed_at), reverse=True)[: program_limits.ROWS_OF_A_BRIEFING]
    rows = read_finding_rows(reading, Graph(reading), [brief.number for brief in newest])
    return {
        "findings": len(briefs),
        "grades": dict(sorted(Counter(brief.grade.value for brief in weighed).items())),
        "never_weighed": len(briefs) - len(weighed),
        "newest": [rows[brief.number] for brief in newest],
    }


def _changes(reading: Reading, newest: Round | None) -> Answer | None:
    """Up to now where somebody says since when: rounds that no log tells of yet are among what is new."""
    named = reading.query.get("since", "")
    until = rounds.find_last_round(reading.db) if named else newest
    since = named or (session_views.find_session_neighbours(reading.db, newest)[0] if newest else "")
    if until is None or not since:
        return None
    changes: Answer = difference_page(reading, until.name, since)["difference"]
    return {
        "from": changes["from"],
        "to": changes["to"],
        "findings": changes["findings"][: program_limits.ROWS_OF_A_BRIEFING],
        "more_findings": max(0, len(changes["findings"]) - program_limits.ROWS_OF_A_BRIEFING),
        "experiments": changes["experiments"][: program_limits.ROWS_OF_A_BRIEFING],
        "more_experiments": max(0, len(changes["experiments"]) - program_limits.ROWS_OF_A_BRIEFING),
    }


def _next(reading: Reading, newest: Round | None) -> list[str]:
    """What the log of the newest session says comes next."""
    notes = rounds.list_round_notes(reading.db, newest.id) if newest else []
    return [session_log.note_sentence(note) for _, note in notes if note.kind == "log.next"][
        : program_limits.ROWS_OF_A_BRIEFING
    ]


def _waiting(reading: Reading) -> Answer:
    rows = [row for row in proposal_views.proposals_page(reading)["proposals"] if row["state"] == ProposalState.OPEN]
    return {"waiting": len(rows), "newest": rows[: program_limits.ROWS_OF_A_BRIEFING]}


def _limits(reading: Reading, program: AdmittedProgram) -> Answer:
    """How much a program may do in a day, and how much of it is left."""
    caller, since = program.caller, reading.now - _DAY
    left = {
        name: max(0, most - spent_allowances.count_commands_given(reading.db, caller.name, name, since, dry_run=False))
        for name, most in caller.limits.commands_per_day.items()
    }
    waiting = sum(
        row.proposal.author == caller.name for row in proposals.list_proposals_in_state(reading.db, ProposalState.OPEN)
    )
    core_hours = spent_allowances.sum_caller_spending(reading.db, caller.name, since)["core_seconds"] / 3_600.0
    return {
        "name": program.name,
        "left_today": {
            "most_core_hours": round(max(0.0, caller.limits.core_hours_per_day - core_hours), 3),
            "open_proposals": max(0, int(caller.limits.open_proposals) - waiting),
            **left,
        },
    }


def describe_own_work(reading: Reading, author: str) -> Answer:
    """The newest first. What others said of it, such as why it was refused, is named with who said it."""
    own = (stored for stored in proposals.list_all_proposals(reading.db)[::-1] if stored.proposal.author == author)
    page, words = notebooks.find_notebook_page(reading.db, author), kept_prose.find_last_prose(reading.db, author)
    return {
        "last_words": words and {"text": words.text, "at": words.at.isoformat()},
        "questions": [_question(reading, stored) for stored in islice(own, limits.OWN_QUESTIONS)],
        "notebook": page and {"text": page.text, "wake_when": page.wakes_on, "at": page.at.isoformat()},
    }


def _question(reading: Reading, stored: StoredProposal) -> Answer:
    registration = stored.registration_id and registrations.find_registration(reading.db, stored.registration_id)
    numbers = registrations.list_claim_numbers(reading.db, registration).values() if registration else ()
    views = findings.read_finding_views(reading.db, numbers)
    return {
        "proposal": stored.number,
        "experiment": f"{stored.proposal.experiment}@{stored.proposal.version}",
        "claim": stored.proposal.claim,
        "state": stored.state,
        "why": stored.why,
        "decided_by": stored.decided_by,
        "findings": [_outcome(reading, views[number], stored.proposal.author) for number in sorted(views)],
    }


def _outcome(reading: Reading, view: FindingView, author: str) -> Answer:
    """What its author expected beside what came; before it is weighed, how many cells of its first block are back."""
    made = findings.list_forecasts(reading.db, view.finding.registration_id, view.finding.estimand)
    own = (forecast.prediction for forecast in made if forecast.forecaster.removesuffix(INFORMED) == author)
    expected = next(own, None)
    chances = expected and {name: getattr(expected, name) for name in _CHANCES}
    row = {"finding": view.finding.number, "status": view.finding.status, "expected": chances}
    if view.line is None:
        awaits = finding_views.describe_awaited_cells(reading, view)
        return row | {"cells_back": awaits["back"], "cells_of_first_block": awaits["cells"]}
    came = view.line.evidence
    estimate, *interval = (end and float(f"{end:.4g}") for end in (came.estimate, came.low, came.high))
    weighed = {"verdict": came.verdict, "grade": came.grade, "seeds": came.seeds}
    return row | weighed | {"estimate": estimate, "interval": interval}
