"""What might be asked next: every proposal with all that it says, and ideas, which are questions in a sentence.

An idea that is not shown to everybody is on no public page.
"""

import difflib
from collections.abc import Sequence
from dataclasses import asdict

from axiom.domain.preflights import KeptDraft
from axiom.domain.proposals import IdeaState, KeptIdea, KeptProposal, proposal_data
from axiom.errors import NotFound
from axiom.limits import experiments as limits
from axiom.signed import bundles
from axiom.signed.manifests import stored_manifest
from axiom.store.accounts import accounts
from axiom.store.engine import blobs
from axiom.store.experiments import drafts, experiments
from axiom.store.experiments.recall_effects import blast_radius
from axiom.store.registrations import ideas, proposals
from axiom.web.base import query_errors
from axiom.web.base.paging import stretch
from axiom.web.base.request import Answer, Reading, must

_STATES = tuple(state.value for state in IdeaState if state is not IdeaState.WITHDRAWN)


def listed(reading: Reading) -> Answer:
    """Every proposal, those that wait for an answer first, then the newest."""
    found = sorted(proposals.everything(reading.db), key=lambda one: (one.state.value != "open", -one.number))
    return {"proposals": [_short(one) for one in found]}


def one(reading: Reading, number: int) -> Answer:
    """One proposal with all that it says."""
    found: KeptProposal = must(proposals.one(reading.db, number), reading, "proposal", number)
    said = proposal_data(found.proposal)
    stopping, draft = found.proposal.stopping, found.proposal.draft
    return {
        "proposal": {**said, **_short(found), "why": found.why, "decided_at": _moment(found)},
        "ends": stopping.sentence if stopping else "",
        "draft": None if draft is None else one_draft(reading, draft)["draft"],
    }


def listed_drafts(reading: Reading) -> Answer:
    """The newest drafts, each with how far it has come."""
    return {"drafts": [_draft_row(found) for found in drafts.latest(reading.db, limits.DRAFTS_SHOWN)]}


def one_draft(reading: Reading, number: int) -> Answer:
    """One draft: its source, how it stands at each gate, and what it would change. No measure of it is told."""
    found: KeptDraft = must(drafts.draft(reading.db, number), reading, "draft", number)
    tried, questions = drafts.tries(reading.db, found.name, found.number)
    declared = stored_manifest(found.declaration) if found.declaration else None
    return {
        "draft": {
            **_draft_row(found),
            "refusals": [asdict(refusal) for refusal in found.refusals],
            "gates": list(found.gates),
            "tried": tried,
            "questions": questions,
            "tries_left": max(0, limits.DRAFT_TRIES - tried),
            "version": declared.version if declared else None,
            "core_seconds": declared.seconds if declared else None,
            "configs": len(declared.configs) if declared else None,
            "estimands": [
                {name: estimand[name] for name in ("name", "claim", "kind", "measure", "smallest", "prediction")}
                for estimand in (declared.estimands if declared else ())
            ],
            "source": found.text,
            **_changes(reading, found),
        }
    }


def _draft_row(found: KeptDraft) -> Answer:
    return {
        "number": found.number,
        "name": found.name,
        "author": found.author,
        "state": found.state.value,
        "digest": found.digest,
        "written_at": found.created_at.isoformat(),
        "tried_at": found.tried_at.isoformat() if found.tried_at else None,
    }


def _changes(reading: Reading, found: KeptDraft) -> Answer:
    """How it differs from what is published under its name, and how much hangs on that."""
    published = experiments.by_name(reading.db, found.name)
    bundle = experiments.bundle_now(reading.db, published.id) if published else None
    if published is None or bundle is None or bundle.digest == found.bundle:
        return {"published": None, "diff": "", "blast_radius": None}
    archive = blobs.get(reading.db, reading.folder, bundle.digest)
    before = bundles.contents(archive)[bundles.experiment_path(found.name)].decode(errors="replace")
    lines = difflib.unified_diff(before.splitlines(), found.text.splitlines(), "published", "draft", lineterm="", n=2)
    touched = blast_radius(reading.db, published.id)
    return {
        "published": f"{published.name}@{published.version}",
        "diff": "\n".join(lines),
        "blast_radius": {
            "hosts": touched.hosts,
            "hosts_out": touched.hosts_out,
            "results": touched.results,
            "findings": [row["number"] for row in touched.findings],
        },
    }


def _short(one: KeptProposal) -> Answer:
    said = one.proposal
    return {
        "number": one.number,
        "slug": said.slug,
        "state": one.state.value,
        "template": said.template.value,
        "admission": said.admission.value,
        "question": said.question,
        "experiment": said.experiment,
        "version": said.version,
        "finding": said.finding,
        "draft": said.draft,
        "author": said.author,
        "core_hours": float(f"{said.core_seconds / 3_600.0:.3g}"),
        "bits": said.bits,
        "registration": one.registration_id,
        "decided_by": one.decided_by,
        "made_at": one.created_at.isoformat(),
    }


def _moment(one: KeptProposal) -> str | None:
    return one.decided_at.isoformat() if one.decided_at else None


def listed_ideas(reading: Reading) -> Answer:
    """The ideas that everybody may read: open ones first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.choice(reading.query, "state", _STATES))
    state = reading.query.get("state", "")
    numbers = [] if misread else ideas.numbers(reading.db, state, public=True)
    part = stretch(reading, "from", numbers)
    address = f"/ideas?state={state}&from=" if state else "/ideas?from="
    return {
        "ideas": _idea_rows(reading, ideas.of_numbers(reading.db, part.there)),
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(address),
    }


def idea(reading: Reading, number: int) -> Answer:
    """One idea that everybody may read."""
    found = ideas.one(reading.db, number)
    if found is None or not found.is_public:
        raise NotFound(
            f"There is no idea {number} to be read here. Its author may have taken it back, or the operator has not "
            "shown it yet."
        )
    return {"idea": _shown_idea(reading, found)}


def every_idea(reading: Reading) -> Answer:
    """Every idea, also those that nobody else may read: for the operator."""
    numbers = ideas.numbers(reading.db, public=False)
    return {"ideas": _idea_rows(reading, ideas.of_numbers(reading.db, numbers))}


def any_idea(reading: Reading, number: int) -> Answer:
    """One idea, whoever may read it: for the operator."""
    found = ideas.one(reading.db, number)
    if found is None:
        raise NotFound(f"There is no idea {number}; `axiom idea list` shows all.")
    return {"idea": _shown_idea(reading, found)}


def ideas_of(reading: Reading, volunteer_id: int) -> list[Answer]:
    """What a volunteer wrote, the newest first: for themselves."""
    return _idea_rows(reading, ideas.of_volunteer(reading.db, volunteer_id))


def _idea_rows(reading: Reading, found: Sequence[KeptIdea]) -> list[Answer]:
    return [_shown_idea(reading, each) for each in found]


def _shown_idea(reading: Reading, found: KeptIdea) -> Answer:
    said, asked = found.answer, found.idea
    author = accounts.by_id(reading.db, asked.volunteer_id) if asked.volunteer_id is not None else None
    return {
        "number": found.number,
        "question": asked.question,
        "why": asked.why,
        "by": author[0].name if author else asked.by,
        "volunteer": asked.volunteer_id,
        "finding": asked.finding,
        "state": found.state.value,
        "is_public": found.is_public,
        "written_at": found.created_at.isoformat(),
        "answer": said.why if said else "",
        "answered_by": said.by if said else None,
        "answered_at": found.answered_at.isoformat() if found.answered_at else None,
        "asked_by_proposal": said.proposal if said else None,
        "asked_by_experiment": said.experiment if said else None,
        "answering_finding": said.finding if said else None,
    }
