"""What a program is told of itself and nobody else is: its last words, its questions, and the page that it kept."""

from itertools import islice

from axiom.domain.proposals import StoredProposal
from axiom.domain.registrations import INFORMED
from axiom.limits import language_models as limits
from axiom.reads import findings as finding_views
from axiom.reads.base.request import Answer, Reading
from axiom.store.accounts import notebooks
from axiom.store.registrations import proposals, registrations
from axiom.store.rounds import kept_prose
from axiom.store.views import findings
from axiom.store.views.findings import FindingView

_CHANCES = ("positive", "negative", "absent", "interval")


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
