"""Takes a draft as a proposal; once that is approved, its code is published and what it asks registered."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from axiom.domain.costs import DesignCost
from axiom.domain.estimands import Direction, read_prediction
from axiom.domain.preflights import StoredDraft
from axiom.domain.proposals import Admission, Proposal, ProposalState, StoredProposal, Template
from axiom.errors import NotFound, Refused, UnknownName
from axiom.laboratory.experiments import preflight, preflight_report
from axiom.laboratory.experiments.drafts import (
    demand_own_draft,
    read_draft_manifest,
    read_published_bundle,
    require_draft,
)
from axiom.laboratory.experiments.publish import (
    WAITS,
    PackedBundle,
    PublishedBundle,
    demand_publishable,
    publish_bundle,
)
from axiom.laboratory.experiments.rules.drafts import diff_texts, may_propose_draft
from axiom.laboratory.proposals.new_question import demand_new_question, demand_rival_apart
from axiom.laboratory.proposals.rules.base_rates import prediction_entropy
from axiom.laboratory.registrations.rules.acceptable_claims import demand_askable
from axiom.limits import proposals as limits
from axiom.rules.planning.design_cost import OF_A_SWEEP, sweep_cost
from axiom.signed import bundles
from axiom.signed.keys import Keys
from axiom.signed.manifests import Manifest
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts, experiments
from axiom.store.registrations import proposals, registrations


@dataclass(frozen=True, kw_only=True, slots=True)
class InventedQuestion:
    """What somebody says of their draft beside what stands in the file."""

    draft: int
    estimand: str  # the one that the rival contests
    motivation: str
    rival: str
    rival_interval: tuple[float, float] | None  # in which the number lies if the rival is right; a repair needs none
    outcomes: tuple[str, str, str]  # what an effect above the null, none, and one below would change
    follows: int | None  # a finding
    author: str


def propose_draft(db: Database, folder: Folder, question: InventedQuestion, now: datetime) -> StoredProposal:
    """Write it down. Nothing is published or ordered before somebody approves it."""
    draft = require_draft(db, question.draft)
    demand_own_draft(draft, question.author)
    decided = may_propose_draft(draft, drafts.find_newest_passed_draft(db, draft.name, draft.author))
    if not decided.may:
        raise Refused(f"Draft {draft.number} is not proposed, since {decided.reason}. Nothing was done.")
    for before in proposals.list_draft_proposals(db, draft.name):
        if before.state is ProposalState.OPEN or before.proposal.draft == draft.number:
            raise Refused(
                f"{draft.name} is proposal {before.number} already, which is {before.state}. Nothing was proposed."
            )
    if question.follows is not None and registrations.find_finding_registration(db, question.follows) is None:
        raise NotFound(f"There is no finding {question.follows}. Nothing was proposed; `axiom finding list` shows all.")
    manifest = read_draft_manifest(draft)
    demand_askable(manifest.estimands, manifest.configs)
    _demand_compared(db, draft, manifest)
    demand_publishable(db, manifest, draft.declaration, draft.bundle, reopens=True)
    published = experiments.find_experiment_by_name(db, draft.name)
    proposal = _proposal(draft, manifest, question, sweep_cost(manifest, published.version if published else 0))
    if published is None:  # a mended text asks what its findings ask
        estimand = next(claim for claim in manifest.estimands if claim["name"] == question.estimand)
        demand_new_question(db, f"{draft.name}@{manifest.version}", estimand, manifest.configs)
    number = proposals.add_proposal(db, _with_changes(db, folder, draft, proposal), None, None, now)
    stored_proposal = proposals.find_proposal(db, number)
    if stored_proposal is None:
        raise LookupError(f"proposal {number} was written down and is not there")
    return stored_proposal


def _with_changes(db: Database, folder: Folder, draft: StoredDraft, proposal: Proposal) -> Proposal:
    """The proposal of a mended text says which version it mends, and the lines that it changes."""
    version = experiments.find_experiment_by_name(db, draft.name)
    archive = read_published_bundle(db, folder, draft.name)
    if version is None or archive is None:
        return proposal
    before = bundles.read_bundle_files(archive)[bundles.experiment_path(draft.name)].decode(errors="replace")
    changes = diff_texts(before, draft.text)
    if len(changes) > limits.CHANGED_CHARACTERS:
        changes = f"{changes[: limits.CHANGED_CHARACTERS]}\n…"
    mended = replace(proposal, mends=version.whole_name, changes=changes)
    if version.version < proposal.version:
        return mended
    return replace(mended, bits=0.0)  # it asks nothing new


def find_proposed_draft(db: Database, proposal: StoredProposal) -> StoredDraft:
    """The draft that a proposal would publish."""
    if proposal.proposal.draft is None:
        raise LookupError(f"proposal {proposal.number} has no draft")
    return require_draft(db, proposal.proposal.draft)


def demand_same_bundle(draft: StoredDraft, prepared: PackedBundle) -> None:
    """What is published is what passed the gates, to the byte: with another kit it would be another bundle."""
    if prepared.digest != draft.bundle:
        raise Refused(
            f"Draft {draft.number} passed its gates with another version of Axiom's kit. Nothing was published; its "
            "author can have it tried again (draft.preflight), and it can be approved then."
        )


def _demand_compared(db: Database, draft: StoredDraft, manifest: Manifest) -> None:
    """A mended text was computed beside the very bundle whose place it takes."""
    version = experiments.find_experiment_by_name(db, draft.name, manifest.version)
    bundle = experiments.find_newest_bundle(db, version.id) if version else None
    if bundle and draft.ordered_at and draft.ordered_at < bundle.created_at:
        raise Refused(
            f"Bundle {bundle.serial} of {draft.name}@{manifest.version} was published since draft {draft.number} was "
            "tried beside the one before it. Nothing was done; its author can have it tried again (draft.preflight)."
        )


def publish_code(
    db: Database,
    folder: Folder,
    proposal: StoredProposal,
    prepared: PackedBundle,
    *,
    keys: Keys,
    good_for: timedelta,
    by: str,
    why: str,
    now: datetime,
    has_address: bool,
) -> PublishedBundle:
    """Approve it: its code is published, as its author's and approved, and what it asks is registered."""
    draft = find_proposed_draft(db, proposal)
    demand_same_bundle(draft, prepared)
    _demand_compared(db, draft, prepared.manifest)
    demand_publishable(db, prepared.manifest, prepared.declaration, prepared.digest, reopens=True)
    proposals.decide_proposal(db, proposal.number, ProposalState.APPROVED, why=why, by=by, now=now)
    made = publish_bundle(db, folder, prepared, keys=keys, good_for=good_for, now=now, has_address=has_address)
    if made.experiment_id is not None and made.change != WAITS:
        attempt = preflight_report.read_preflight_report(draft.attempt)
        preflight.store_judged_preflight(db, attempt, preflight.preflight_secret(keys.ticket), now)
    return made


def _proposal(draft: StoredDraft, manifest: Manifest, question: InventedQuestion, cost: DesignCost) -> Proposal:
    estimands = {estimand["name"]: estimand for estimand in manifest.estimands}
    if question.estimand not in estimands:
        raise UnknownName("estimand", question.estimand, estimands)
    claim = estimands[question.estimand]
    prediction = read_prediction(claim["prediction"])
    if question.rival_interval is not None:
        demand_rival_apart(prediction, question.rival_interval)
    positive, absent, negative = question.outcomes
    return Proposal(
        slug=f"{Template.INVENTED}-{draft.name.replace('_', '-')}-{manifest.version}-{draft.number}",
        template=Template.INVENTED,
        admission=Admission.CODE,
        experiment=draft.name,
        version=manifest.version,
        finding=question.follows,
        draft=draft.number,
        links=() if question.follows is None else (question.follows,),
        kind=f"{Template.INVENTED} {question.author}",
        question=manifest.question,
        motivation=question.motivation,
        claim=claim["claim"],
        rival=question.rival,
        rival_interval=question.rival_interval,
        basis=draft.digest,
        configs=manifest.configs,
        estimands=manifest.estimands,
        stopping=OF_A_SWEEP,
        core_seconds=cost.likely,
        most_core_seconds=cost.most,
        prediction=prediction,
        expects=Direction(claim["expects"]),
        effect=prediction.quantiles[1] - float(claim["null"]),
        if_positive=positive,
        if_absent=absent,
        if_negative=negative,
        bits=round(
            sum(prediction_entropy(read_prediction(estimand["prediction"])) for estimand in manifest.estimands), 3
        ),
        author=question.author,
    )
