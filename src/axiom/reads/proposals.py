"""What might be asked next: every proposal with all that it says, and drafts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from axiom.domain.costs import DesignCost
from axiom.domain.preflights import KinRun, StoredDraft
from axiom.domain.proposals import Proposal, ProposalState, StoredProposal, proposal_data
from axiom.laboratory.experiments.rules.drafts import describe_tries_left, diff_texts, public_gates
from axiom.laboratory.experiments.rules.kin import draft_forecast_in_words, why_informed
from axiom.limits import experiments as limits
from axiom.reads.base import paging, query_errors
from axiom.reads.base.docstring import bundle_files, describe_papers, experiment_source
from axiom.reads.base.page import NUMBER, page_at
from axiom.reads.base.paging import paginate_ids
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.base.resolved_prose import quote_each, quote_text
from axiom.rules.planning.cell_limits import sweep_cost
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.experiments import drafts, experiments, kin
from axiom.store.experiments.recall_effects import blast_radius
from axiom.store.registrations import proposals, registrations

_IN_WORDS = {
    "motivation": "why it should be asked",
    "rival": "its rival",
    "if_positive": "what effect + would change",
    "if_absent": "what absent would change",
    "if_negative": "what effect − would change",
}
_DECLARED = ("name", "claim", "kind", "measure", "smallest", "prediction")


@page_at("/proposals", "proposals.html", words="state from")
def proposals_page(reading: Reading) -> Answer:
    """Those that wait for an answer first, then the newest; of one state, if the address says so."""
    misread = list(query_errors.not_a_choice(reading.query, "state", [state.value for state in ProposalState]))
    state = reading.query.get("state", "")
    numbers = [] if misread else proposals.list_proposal_numbers(reading.db, state)
    part = paginate_ids(reading, "from", numbers)
    return {
        "proposals": [_short(reading, stored) for stored in proposals.read_proposals(reading.db, part.shown)],
        "of": len(numbers),
        "state": state,
        "misread": misread,
        **part.around(f"/proposals?state={state}&from=" if state else "/proposals?from="),
    }


def list_waiting_proposals(reading: Reading) -> Answer:
    """The newest of those that wait for an answer, and how many do."""
    numbers = proposals.list_proposal_numbers(reading.db, ProposalState.OPEN.value)
    newest = proposals.read_proposals(reading.db, numbers[: paging.LENGTH])
    return {"proposals": [_short(reading, stored) for stored in newest], "open_proposals": len(numbers)}


@page_at(f"/proposals/{NUMBER}", "proposal.html")
def proposal_page(reading: Reading, number: int) -> Answer:
    """One proposal with all that it says."""
    stored: StoredProposal = require_stored(proposals.find_proposal(reading.db, number), reading, "proposal", number)
    data, stopping = proposal_data(stored.proposal), stored.proposal.stopping
    short = _short(reading, stored)
    texts = {kind: data.pop(name) for name, kind in _IN_WORDS.items()}
    if data["prediction"]:
        texts["why it expects that"] = data["prediction"].pop("because")
    for estimand in data["estimands"]:
        del estimand["prediction"]  # stands above
    return {
        "proposal": {
            **data,
            **short,
            "said": [*quote_each(reading, stored.proposal.author, texts), *short["said"]],
            "upheld_by": list(stored.proposal.upholding),
            "decided_at": stored.decided_at.isoformat() if stored.decided_at else None,
        },
        "ends": stopping.tell_end(len(data["estimands"]) + len(stored.proposal.links)) if stopping else "",
        "draft": _proposed_draft(reading, stored.proposal),
    }


@page_at("/drafts", "drafts.html")
def drafts_page(reading: Reading) -> Answer:
    """The newest drafts, each with how far it has come."""
    return {
        "drafts": [_draft_row(draft) for draft in drafts.list_latest_drafts(reading.db, limits.DRAFTS_SHOWN)],
        "most": limits.DRAFTS_SHOWN,
    }


@page_at(f"/drafts/{NUMBER}", "draft.html")
def draft_page(reading: Reading, number: int) -> Answer:
    """One draft: its source, how it stands at each gate, and what it would change. No measure of it is told."""
    draft = _must_be(reading, number)
    return {"draft": _shown_draft(reading, draft) | _changes(reading, draft)}


def _proposed_draft(reading: Reading, proposal: Proposal) -> Answer | None:
    """The draft that a proposal would publish; what a mended text changes stays as it was proposed."""
    if proposal.draft is None:
        return None
    draft = _must_be(reading, proposal.draft)
    if not proposal.mends:
        changes = _changes(reading, draft)
    else:
        radius = _touched(reading, proposal.mends)
        changes = {"published": proposal.mends, "diff": proposal.changes, "blast_radius": radius}
    return _shown_draft(reading, draft) | changes


def _must_be(reading: Reading, number: int) -> StoredDraft:
    draft: StoredDraft = require_stored(drafts.find_draft(reading.db, number), reading, "draft", number)
    return draft


def _shown_draft(reading: Reading, draft: StoredDraft) -> Answer:
    tried = drafts.list_draft_tries(reading.db, draft)
    declared = stored_manifest(draft.declaration) if draft.declaration else None
    estimands = declared.estimands if declared else ()
    return {
        **_draft_row(draft),
        "refusals": [asdict(refusal) for refusal in draft.refusals],
        "gates": public_gates(draft),
        "told_at": draft.told_at.isoformat() if draft.told_at else None,
        "tried": len(tried),
        "questions": len({text.question for text in tried}),
        **describe_tries_left(tried),
        **_kin_of_draft(reading, draft),
        "version": declared.version if declared else None,
        **(_cost(reading, draft, declared).shown if declared else {"core_hours": None, "most_core_hours": None}),
        "configs": len(declared.configs) if declared else None,
        "estimands": [{name: describe_estimand(estimand)[name] for name in _DECLARED} for estimand in estimands],
        "said": [
            entry
            for estimand in estimands
            for entry in quote_text(
                reading, draft.author, f"why it expects that of {estimand['name']}", estimand["prediction"]["because"]
            )
        ],
        "papers": describe_papers(reading, declared.reference) if declared else [],
        "source": draft.text,
    }


def _cost(reading: Reading, draft: StoredDraft, declared: Manifest) -> DesignCost:
    """What it costs to approve it, as its proposal says, or the one that would be made of it now."""
    of_name = [stored.proposal for stored in proposals.list_draft_proposals(reading.db, draft.name)]
    published = experiments.find_experiment_by_name(reading.db, draft.name)
    costs = [proposal.cost for proposal in of_name if proposal.draft == draft.number]
    return costs[0] if costs else sweep_cost(declared, published.version if published else 0)


def _kin_of_draft(reading: Reading, draft: StoredDraft) -> Answer:
    """A draft's kin, and whether its forecast is blind; before it is tried: whether it would be, were it tried now."""
    near = kin.list_kin_runs(reading.db, draft.digest, draft.author, reading.now, without=draft.number)
    informed = draft.informed
    if draft.ordered_at is None:
        informed = why_informed(
            near,
            kin.find_published_version(reading.db, draft.name, reading.now),
            kin.list_unread_runs(reading.db, reading.now),
            is_readable=kin.is_text_readable(reading.db, draft.digest),
        )
    return {
        "informed": informed,
        "forecast": draft_forecast_in_words(draft, informed),
        "kin": _kin_rows(reading, near, draft.digest, draft.author, draft.number),
    }


def describe_estimand(estimand: Mapping[str, Any]) -> Answer:
    """All that was declared of it but why that is expected, which is somebody's."""
    prediction = estimand["prediction"]
    return {**estimand, "prediction": {name: prediction[name] for name in prediction if name != "because"}}


def kin_of_experiment(reading: Reading, experiment_id: int, name: str) -> Answer:
    """The kin of a published version, without the draft that it was."""
    digest, bundle = (
        kin.find_experiment_code(reading.db, experiment_id),
        experiments.find_newest_bundle(reading.db, experiment_id),
    )
    if digest is None or bundle is None:
        return {"kin": []}
    own = proposals.find_bundle_approval(reading.db, bundle.digest)
    author, number = (own.proposal.author, own.proposal.draft or 0) if own else ("", 0)
    near = kin.list_kin_runs(reading.db, digest, author, reading.now, without=number)
    rows = _kin_rows(reading, near, digest, author, number)
    return {"kin": [row for row in rows if row["draft"] is not None or row["name"].partition("@")[0] != name]}


def kin_in_words(rows: Sequence[Answer]) -> str:
    """All of them in a sentence."""
    return ", ".join(
        f"draft {row['draft']} ({row['name']} by {row['author']}, {row['state']})" if row["draft"] else row["name"]
        for row in rows
    )


def _kin_rows(reading: Reading, near: Sequence[KinRun], digest: str, author: str, without: int) -> list[Answer]:
    """What is near, and then the drafts that were tried among the kin of its kin."""
    listed = {run.draft for run in near}
    family = kin.find_text_family(reading.db, digest, author)
    far = [
        run
        for run in kin.list_tried_drafts(reading.db, family, reading.now)
        if run.draft not in listed and run.draft != without
    ]
    return [
        {
            "draft": run.draft,
            "name": run.name,
            "author": run.author,
            "state": run.state,
            "tried_at": run.at.isoformat() if run.at else None,
            "share": round(run.share, 3),
            "reason": run.reason,
        }
        for run in (*near, *far)
    ]


def _draft_row(draft: StoredDraft) -> Answer:
    return {
        "number": draft.number,
        "name": draft.name,
        "author": draft.author,
        "state": draft.state.value,
        "digest": draft.digest,
        "written_at": draft.created_at.isoformat(),
        "tried_at": draft.tried_at.isoformat() if draft.tried_at else None,
    }


def _changes(reading: Reading, draft: StoredDraft) -> Answer:
    """How it differs from what is published under its name, and how much hangs on that."""
    published = experiments.find_experiment_by_name(reading.db, draft.name)
    bundle = experiments.find_newest_bundle(reading.db, published.id) if published else None
    if published is None or bundle is None or bundle.digest == draft.bundle:
        return {"published": None, "diff": "", "blast_radius": None}
    before = experiment_source(bundle_files(reading, bundle.digest), draft.name)
    name = f"{published.name}@{published.version}"
    return {
        "published": name,
        "diff": diff_texts(before, draft.text),
        "blast_radius": _touched(reading, name),
    }


def _touched(reading: Reading, version: str) -> Answer | None:
    """How much hangs on a version."""
    stored = experiments.resolve_experiment_name(reading.db, version)
    if stored is None:
        return None
    touched = blast_radius(reading.db, stored.id)
    return {
        "status": stored.status,
        "why": stored.why,
        "hosts": touched.hosts,
        "hosts_out": touched.hosts_out,
        "volunteers": touched.volunteers,
        "results": touched.results,
        "registrations": [row.id for row in registrations.read_registrations(reading.db, stored.id)],
        "tasks_waiting": touched.tasks.get("unsent", 0),
        "tasks_out": touched.tasks.get("sent", 0),
        "findings": [row["number"] for row in touched.findings],
    }


def _short(reading: Reading, stored: StoredProposal) -> Answer:
    proposal = stored.proposal
    return {
        "number": stored.number,
        "slug": proposal.slug,
        "state": stored.state.value,
        "template": proposal.template.value,
        "admission": proposal.admission.value,
        "question": proposal.question,
        "experiment": proposal.experiment,
        "version": proposal.version,
        "finding": proposal.finding,
        "draft": proposal.draft,
        "author": proposal.author,
        **proposal.cost.shown,
        "bits": proposal.bits,
        "registration": stored.registration_id,
        "decided_by": stored.decided_by,
        "said": quote_text(reading, stored.decided_by, f"why it is {stored.state.value}", stored.why),
        "made_at": stored.created_at.isoformat(),
    }
