"""Texts that wait to be published: how each stands at its gates, and what it would change."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from axiom.domain.costs import DesignCost
from axiom.domain.preflights import StoredDraft
from axiom.domain.proposals import Proposal
from axiom.laboratory.experiments.rules.drafts import describe_tries_left, diff_texts, public_gates
from axiom.laboratory.experiments.rules.kin import draft_forecast_in_words, why_informed
from axiom.limits import experiments as limits
from axiom.reads.base.docstring import bundle_files, describe_papers, experiment_source
from axiom.reads.base.page_addresses import NUMBER, page_at
from axiom.reads.base.request import Answer, Reading, require_stored
from axiom.reads.base.resolved_prose import quote_text
from axiom.reads.kin import list_kin_rows
from axiom.rules.planning.design_cost import sweep_cost
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.experiments import drafts, experiments, kin
from axiom.store.experiments.recall_effects import blast_radius
from axiom.store.registrations import proposals, registrations

_DECLARED = ("name", "claim", "kind", "measure", "smallest", "prediction")


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


def describe_proposed_draft(reading: Reading, proposal: Proposal) -> Answer | None:
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
        "kin": list_kin_rows(reading, near, draft.digest, draft.author, draft.number),
    }


def describe_estimand(estimand: Mapping[str, Any]) -> Answer:
    """All that was declared of it but why that is expected, which is somebody's."""
    prediction = estimand["prediction"]
    return {**estimand, "prediction": {name: prediction[name] for name in prediction if name != "because"}}


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
    name = published.whole_name
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
