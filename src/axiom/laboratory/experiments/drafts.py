"""Keeps drafts, has one tried and remembers how that ended. What was measured there, its author does not see."""

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from axiom.domain.preflights import GATES, Attempt, DraftState, Refusal, StoredDraft
from axiom.domain.programs import PROGRAM
from axiom.domain.proposals import ProposalState
from axiom.errors import NotFound, Refused, WrongUse
from axiom.laboratory.experiments import preflight, preflight_report
from axiom.laboratory.experiments.rules.drafts import (
    blind_gates,
    find_same_try,
    may_try_draft,
    preflight_seconds,
    question_digest,
    reason_for_persons,
)
from axiom.laboratory.experiments.rules.gates import declared_fault, judge_preflight
from axiom.laboratory.experiments.rules.kin_by_numbers import comparable_numbers
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.laboratory.registrations import kin
from axiom.limits import experiments as limits
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.platform.host import platform_here
from axiom.signed.manifests import Manifest, read_manifest, stored_manifest
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts, experiments
from axiom.store.experiments.kin import is_text_readable
from axiom.store.registrations import proposals


def require_draft(db: Database, number: int) -> StoredDraft:
    """The draft with this number, or an error that says where to look."""
    draft = drafts.find_draft(db, number)
    if draft is None:
        raise NotFound(f"There is no draft {number}. Nothing was done; /drafts lists the newest.")
    return draft


def write_draft(
    db: Database, folder: Folder, name: str, text: str, digest: str, *, author: str, now: datetime
) -> StoredDraft:
    """Keep a text with what reading it says, and look for its kin. The very text that is there is not kept twice."""
    newest = drafts.find_newest_draft(db, name)
    if newest is not None and newest.author != author and experiments.find_experiment_by_name(db, name) is None:
        raise Refused(f"{name} is a draft of {newest.author}. Nothing was written; give yours another name.")
    if same := drafts.find_draft_of_text(db, name, author, digest):
        return same
    refused = check_source(text, name)
    if not refused:
        kin.record_kin(db, folder, text.encode())
    return require_draft(
        db, drafts.add_draft(db, name=name, author=author, text=text, digest=digest, refusals=refused, now=now)
    )


def demand_own_draft(draft: StoredDraft, author: str) -> None:
    """A draft is its author's, whoever may read it."""
    if draft.author != author:
        raise Refused(f"Draft {draft.number} is {draft.author}'s, not {author}'s. Nothing was done.")


def request_draft_preflight(db: Database, folder: Folder, number: int, *, author: str, now: datetime) -> StoredDraft:
    """Have it tried: it waits until a computer of the laboratory has time. From now on what it predicts counts."""
    draft = require_draft(db, number)
    demand_own_draft(draft, author)
    tried = drafts.list_draft_tries(db, draft)
    before = find_same_try(draft, tried)
    decided = may_try_draft(draft, [text for text in tried if text != before])
    if not decided.may:
        raise Refused(f"Draft {number} is not tried, since {decided.reason}. Nothing was done.")
    kin.record_kin(db, folder, draft.text.encode())
    informed = before.informed if before else kin.why_draft_informed(db, draft, now)
    drafts.order_draft_preflight(db, number, informed, now, costs_of=before.number if before else None)
    return require_draft(db, number)


def disclose_draft_failure(db: Database, number: int, author: str, now: datetime) -> StoredDraft:
    """Write down that its author asked why it failed, so that everybody may read it."""
    draft = require_draft(db, number)
    demand_own_draft(draft, author)
    if draft.state is not DraftState.FAILED:
        raise Refused(f"Draft {number} is {draft.state}, so there is no failure to tell of. Nothing was done.")
    drafts.mark_draft_told(db, number, now)
    return draft


def abandon_draft(db: Database, number: int, *, by: str, now: datetime) -> StoredDraft:
    """It is tried and proposed no more. What was tried of it goes on counting."""
    draft = require_draft(db, number)
    if by.startswith(PROGRAM):
        demand_own_draft(draft, by)
    for before in proposals.list_draft_proposals(db, draft.name):
        if before.proposal.draft == number and before.state is ProposalState.OPEN:
            raise Refused(
                f"Draft {number} is proposal {before.number}, which waits for an answer. Nothing was done; withdraw "
                "that first."
            )
    drafts.drop_draft(db, number, now)
    return require_draft(db, number)


def read_published_bundle(db: Database, folder: Folder, name: str) -> bytes | None:
    """The bundle whose place a draft of this name would take; nothing where the name is new."""
    version = experiments.find_experiment_by_name(db, name)
    bundle = experiments.find_newest_bundle(db, version.id) if version else None
    return blobs.read_blob(db, folder, bundle.digest) if bundle else None


def preflight_draft(
    package: Path, draft: StoredDraft, secret: bytes, gate: PauseGate, published: bytes | None = None
) -> tuple[Attempt, str]:
    """Put a draft to all gates, in whatever process asks; the facts, and its manifest where it has one.

    What it would replace is computed beside it.

    `RunEnded`: whoever asks wants it to end. One that takes too long is ended here, which is a fault of the draft.
    """
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        file = Path(folder) / f"{draft.name}.py"
        file.write_text(draft.text, encoding="utf-8")
        made = preflight.pack_in_sandbox(package, file)
    if isinstance(made, Attempt):
        return (_unrun(draft, "G0", made.fault) if made.fault else made), ""
    demands = preflight.preflight_demands(made.manifest, is_invented=published is None)
    too_long = _too_long(made.manifest)
    gate_name, fault = ("G6", too_long) if too_long else declared_fault(demands)
    if fault:
        return _unrun(draft, gate_name, fault), ""
    timed = PauseGate(behind=gate, seconds=limits.DRAFT_SECONDS)
    try:
        attempt = preflight.preflight_bundle(made.archive, secret=secret, gate=timed, is_invented=demands.is_invented)
        if published is not None:
            attempt = preflight.compare_with_published(attempt, made.manifest, published, secret, timed)
    except RunEnded:
        if not timed.is_late:
            raise
        return _failed_attempt(f"its preflight did not end within {limits.DRAFT_SECONDS / 60:.0f} minutes"), ""
    return attempt, made.declaration


def store_judged_draft(
    db: Database, number: int, report: str, declaration: str, secret: bytes, now: datetime
) -> StoredDraft:
    """Judge what was computed by what the file declares, and remember it."""
    attempt = preflight_report.read_preflight_report(report)
    if attempt.refusals and not attempt.bundle:
        if _is_refused_unrun(db, require_draft(db, number)):
            drafts.refuse_draft(db, number, attempt.refusals)
            return require_draft(db, number)
        attempt = replace(attempt, fault=attempt.refusals[0].sentence)
    manifest = read_manifest(declaration.encode()) if declaration else None
    if attempt.bundle and (manifest is None or attempt.seed != preflight.preflight_seed(secret)):
        raise WrongUse(f"This is no report of draft {number} in this laboratory. Nothing was stored.")
    demands = None
    if manifest:
        draft = require_draft(db, number)
        demands = preflight.preflight_demands(
            manifest, is_invented=experiments.find_experiment_by_name(db, draft.name) is None
        )
    judged = judge_preflight(attempt, demands)
    if judged.is_lacking and manifest is not None:
        raise WrongUse(f"The preflight is not complete. {judged.reason} Nothing was stored.")
    is_new = drafts.record_draft_preflight(
        db,
        number,
        passed=judged.passed,
        reason=reason_for_persons(judged),
        gates=blind_gates(judged),
        attempt=report,
        declaration=declaration,
        question=question_digest(manifest.as_data()) if manifest else "",
        bundle=attempt.bundle,
        now=now,
    )
    if not is_new:
        raise Refused(f"Draft {number} waits for no preflight. Nothing was stored.")
    if demands and attempt.bundle:
        kin.record_kin_numbers(db, require_draft(db, number).digest, comparable_numbers(attempt, demands))
    _inform_late(db, require_draft(db, number))
    return require_draft(db, number)


def _inform_late(db: Database, draft: StoredDraft) -> None:
    """A forecast that was sealed as blind is informed where its numbers show its kin, or where it is another one."""
    before = drafts.find_draft(db, draft.costs_of) if draft.costs_of else None
    if before and before.question != draft.question:
        drafts.detach_draft(db, draft.number)
    if draft.informed == "" and draft.ordered_at:
        drafts.mark_draft_informed(db, draft.number, kin.why_draft_informed(db, draft, draft.ordered_at))


def _is_refused_unrun(db: Database, draft: StoredDraft) -> bool:
    """Is it as if it had not been tried? Not if it was, or if its declaration could have computed what it tells."""
    return not draft.attempt and draft.tried_at is None and is_text_readable(db, draft.digest)


def _too_long(manifest: Manifest) -> str:
    controls = [
        seconds for control in manifest.controls for seconds in (*control.placebo_seconds, *control.planted_seconds)
    ]
    wanted = preflight_seconds(manifest.cell_seconds, controls, limits.CONTROL_SEEDS)
    if wanted <= limits.DRAFT_CPU_SECONDS:
        return ""
    return (
        f"by what it declares its preflight takes {wanted:.0f} s of a processor, and a draft is given "
        f"{limits.DRAFT_CPU_SECONDS:.0f}: declare a smaller sweep, or smaller controls; a wider design can be "
        "proposed later"
    )


def _unrun(draft: StoredDraft, gate: str, fault: str) -> Attempt:
    """A refusal of what a file declares, before anything of it ran."""
    lines = draft.text.splitlines()
    line = next((number for number, text in enumerate(lines, 1) if text.startswith("experiment")), 1)
    return replace(_failed_attempt(""), refusals=(Refusal(gate=gate, line=line, sentence=fault),))


def _failed_attempt(fault: str) -> Attempt:
    return Attempt(bundle="", gates=GATES, platform=str(platform_here()), seed=0, fault=fault)


def read_draft_manifest(draft: StoredDraft) -> Manifest:
    if not draft.declaration:
        raise Refused(f"Draft {draft.number} was not asked yet what it declares. Nothing was done; have it tried.")
    return stored_manifest(draft.declaration)
