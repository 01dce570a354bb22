"""Keeps drafts, has one tried and remembers how that ended. What was measured there, its author does not see."""

import tempfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from axiom.domain.preflights import GATES, Attempt, DraftState, KeptDraft, Refusal
from axiom.domain.programs import PROGRAM
from axiom.domain.proposals import ProposalState
from axiom.errors import NotFound, Refused, WrongUse
from axiom.laboratory.experiments import preflight, preflight_report
from axiom.laboratory.experiments.rules.drafts import (
    blind_gates,
    may_try,
    preflight_seconds,
    question_of,
    reason_for_persons,
    same_but_for_costs,
)
from axiom.laboratory.experiments.rules.gates import declared_fault
from axiom.laboratory.experiments.rules.kin_by_numbers import numbers_of
from axiom.laboratory.experiments.rules.preflight import judge
from axiom.laboratory.experiments.rules.source_rules import refusals
from axiom.laboratory.registrations import kin
from axiom.limits import experiments as limits
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.platform.host import platform_here
from axiom.signed.manifests import Manifest, read_manifest, stored_manifest
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts, experiments
from axiom.store.experiments.kin import is_readable
from axiom.store.registrations import proposals


def kept(db: Database, number: int) -> KeptDraft:
    """The draft with this number, or an error that says where to look."""
    draft = drafts.draft(db, number)
    if draft is None:
        raise NotFound(f"There is no draft {number}. Nothing was done; /drafts lists the newest.")
    return draft


def write(db: Database, folder: Folder, name: str, text: str, digest: str, *, author: str, now: datetime) -> KeptDraft:
    """Keep a text with what reading it says, and look for its kin. The very text that is there is not kept twice."""
    newest = drafts.newest(db, name)
    if newest is not None and newest.author != author and experiments.by_name(db, name) is None:
        raise Refused(f"{name} is a draft of {newest.author}. Nothing was written; give yours another name.")
    if same := drafts.of_text(db, name, author, digest):
        return same
    refused = refusals(text, name)
    if not refused:
        kin.learn(db, folder, text.encode())
    return kept(db, drafts.add(db, name=name, author=author, text=text, digest=digest, refusals=refused, now=now))


def demand_own(draft: KeptDraft, author: str) -> None:
    """A draft is its author's, whoever may read it."""
    if draft.author != author:
        raise Refused(f"Draft {draft.number} is {draft.author}'s, not {author}'s. Nothing was done.")


def order(db: Database, folder: Folder, number: int, *, author: str, now: datetime) -> KeptDraft:
    """Have it tried: it waits until a computer of the laboratory has time. From now on what it predicts counts."""
    draft = kept(db, number)
    demand_own(draft, author)
    tried = drafts.tries(db, draft)
    before = same_but_for_costs(draft, tried)
    decided = may_try(draft, [text for text in tried if text != before])
    if not decided.may:
        raise Refused(f"Draft {number} is not tried, since {decided.reason}. Nothing was done.")
    kin.learn(db, folder, draft.text.encode())
    informed = before.informed if before else kin.seen_of_draft(db, draft, now)
    drafts.order(db, number, informed, now, costs_of=before.number if before else None)
    return kept(db, number)


def tell(db: Database, number: int, author: str, now: datetime) -> KeptDraft:
    """Write down that its author asked why it failed, so that everybody may read it."""
    draft = kept(db, number)
    demand_own(draft, author)
    if draft.state is not DraftState.FAILED:
        raise Refused(f"Draft {number} is {draft.state}, so there is no failure to tell of. Nothing was done.")
    drafts.tell(db, number, now)
    return draft


def drop(db: Database, number: int, *, by: str, now: datetime) -> KeptDraft:
    """It is tried and proposed no more. What was tried of it goes on counting."""
    draft = kept(db, number)
    if by.startswith(PROGRAM):
        demand_own(draft, by)
    for before in proposals.of_drafts(db, draft.name):
        if before.proposal.draft == number and before.state is ProposalState.OPEN:
            raise Refused(
                f"Draft {number} is proposal {before.number}, which waits for an answer. Nothing was done; withdraw "
                "that first."
            )
    drafts.drop(db, number, now)
    return kept(db, number)


def published_bundle(db: Database, folder: Folder, name: str) -> bytes | None:
    """The bundle whose place a draft of this name would take; nothing where the name is new."""
    version = experiments.by_name(db, name)
    bundle = experiments.bundle_now(db, version.id) if version else None
    return blobs.get(db, folder, bundle.digest) if bundle else None


def try_out(
    package: Path, draft: KeptDraft, secret: bytes, gate: PauseGate, published: bytes | None = None
) -> tuple[Attempt, str]:
    """Put a draft to all gates, in whatever process asks; the facts, and its manifest where it has one.

    What it would replace is computed beside it.

    `RunEnded`: whoever asks wants it to end. One that takes too long is ended here, which is a fault of the draft.
    """
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        file = Path(folder) / f"{draft.name}.py"
        file.write_text(draft.text, encoding="utf-8")
        made = preflight.prepare_boxed(package, file)
    if isinstance(made, Attempt):
        return (_unrun(draft, "G0", made.fault) if made.fault else made), ""
    demands = preflight.demands_of(made.manifest, is_invented=published is None)
    too_long = _too_long(made.manifest)
    gate_name, fault = ("G6", too_long) if too_long else declared_fault(demands)
    if fault:
        return _unrun(draft, gate_name, fault), ""
    timed = PauseGate(behind=gate, seconds=limits.DRAFT_SECONDS)
    try:
        attempt = preflight.try_out(made.archive, secret=secret, gate=timed, is_invented=demands.is_invented)
        if published is not None:
            attempt = preflight.beside_published(attempt, made.manifest, published, secret, timed)
    except RunEnded:
        if not timed.is_late:
            raise
        return _failed_attempt(f"its preflight did not end within {limits.DRAFT_SECONDS / 60:.0f} minutes"), ""
    return attempt, made.declaration


def record(db: Database, number: int, report: str, declaration: str, secret: bytes, now: datetime) -> KeptDraft:
    """Judge what was computed by what the file declares, and remember it."""
    attempt = preflight_report.read(report)
    if attempt.refusals and not attempt.bundle:
        if _is_refused_unrun(db, kept(db, number)):
            drafts.refuse(db, number, attempt.refusals)
            return kept(db, number)
        attempt = replace(attempt, fault=attempt.refusals[0].sentence)
    manifest = read_manifest(declaration.encode()) if declaration else None
    if attempt.bundle and (manifest is None or attempt.seed != preflight.seed_for(secret)):
        raise WrongUse(f"This is no report of draft {number} in this laboratory. Nothing was stored.")
    demands = None
    if manifest:
        draft = kept(db, number)
        demands = preflight.demands_of(manifest, is_invented=experiments.by_name(db, draft.name) is None)
    judged = judge(attempt, demands)
    if judged.is_lacking and manifest is not None:
        raise WrongUse(f"The preflight is not complete. {judged.reason} Nothing was stored.")
    is_new = drafts.record(
        db,
        number,
        passed=judged.passed,
        reason=reason_for_persons(judged),
        gates=blind_gates(judged),
        attempt=report,
        declaration=declaration,
        question=question_of(manifest.as_data()) if manifest else "",
        bundle=attempt.bundle,
        now=now,
    )
    if not is_new:
        raise Refused(f"Draft {number} waits for no preflight. Nothing was stored.")
    if demands and attempt.bundle:
        kin.note_numbers(db, kept(db, number).digest, numbers_of(attempt, demands))
    _inform_late(db, kept(db, number))
    return kept(db, number)


def _inform_late(db: Database, draft: KeptDraft) -> None:
    """A forecast that was sealed as blind is informed where its numbers show its kin, or where it is another one."""
    before = drafts.draft(db, draft.costs_of) if draft.costs_of else None
    if before and before.question != draft.question:
        drafts.part(db, draft.number)
    if draft.informed == "" and draft.ordered_at:
        drafts.inform(db, draft.number, kin.seen_of_draft(db, draft, draft.ordered_at))


def _is_refused_unrun(db: Database, draft: KeptDraft) -> bool:
    """Is it as if it had not been tried? Not if it was, or if its declaration could have computed what it tells."""
    return not draft.attempt and draft.tried_at is None and is_readable(db, draft.digest)


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


def _unrun(draft: KeptDraft, gate: str, fault: str) -> Attempt:
    """A refusal of what a file declares, before anything of it ran."""
    lines = draft.text.splitlines()
    line = next((number for number, text in enumerate(lines, 1) if text.startswith("experiment")), 1)
    return replace(_failed_attempt(""), refusals=(Refusal(gate=gate, line=line, sentence=fault),))


def _failed_attempt(fault: str) -> Attempt:
    return Attempt(bundle="", gates=GATES, platform=str(platform_here()), seed=0, fault=fault)


def declaration_of(draft: KeptDraft) -> Manifest:
    if not draft.declaration:
        raise Refused(f"Draft {draft.number} was not asked yet what it declares. Nothing was done; have it tried.")
    return stored_manifest(draft.declaration)
