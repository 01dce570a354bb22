"""A step of rounds: every block that closed is weighed into the evidence of its findings.

What is known already is not read again: a version of which nothing more came back is left alone, and of the others only
new replicates are computed. A finding gets a line for each block, and one without a block when something else changed
what is concluded: a value that came late, seeds that were computed again, or its place among all claims of the
laboratory.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from axiom.domain.rounds import Note, Round
from axiom.laboratory.findings import observe
from axiom.laboratory.findings.compare_duplicates import read_agreements
from axiom.laboratory.findings.observe import ObservedVersion
from axiom.laboratory.findings.rules import suspension
from axiom.laboratory.rounds.rules import weighing_notes
from axiom.store.engine.database import Database
from axiom.store.findings import blocks as block_store
from axiom.store.findings import evidence, observations
from axiom.store.findings.evidence import WeighedFinding
from axiom.store.findings.observations import ObservationSet, PlacedObservation
from axiom.store.registrations import registrations
from axiom_weigh.evidence.false_discoveries import false_shares, weighed_claim
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.grouping import group_pairs
from axiom_weigh.values import METHOD, Agreements, Evidence, Surroundings

_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _FindingRecord:
    """A finding as it was weighed last, and what has changed since of what it was weighed from."""

    version: ObservedVersion
    finding: WeighedFinding
    before: Evidence | None  # its last line
    agreements: tuple[Agreements, ...]
    observed: ObservationSet  # from which that line was weighed
    changed: ObservationSet


@dataclass(frozen=True, kw_only=True)
class _NewLine:
    record: _FindingRecord
    before: Evidence | None  # the line before it
    evidence: Evidence
    new: ObservationSet  # observations that enter with it
    observed: ObservationSet  # these and all before them

    @property
    def number(self) -> int:
        return self.record.finding.number


def evaluate_findings(db: Database, current_round: Round, now: datetime) -> list[Note]:
    """Add to the history of each finding what closed since it was last weighed."""
    looked = block_store.list_changed_versions(db)
    notes: list[Note] = []
    versions = dict.fromkeys([*(change.experiment_id for change in looked), *evidence.list_outdated_experiments(db)])
    lines = [
        line
        for experiment_id in versions
        for line in _weigh_version(observe.observe_version(db, experiment_id, now), notes)
    ]
    for number, added in group_pairs((line.number, line) for line in _compare_claims(db, lines, now, notes)).items():
        for line in added:
            evidence.add_evidence(db, number, line.evidence, line.new.placed, session_id=current_round.id, now=now)
        record, weighed = added[-1].record, [(line.before, line.evidence) for line in added]
        changes = [*suspension.judge_standing(record.finding.status, weighed)]
        name, estimand = record.version.name, record.version.estimand(record.finding)
        notes += weighing_notes.tell_weighing(number, name, estimand, weighed, changes)
        for status, why in changes:
            registrations.set_finding_status(db, number, status, why)
    block_store.mark_versions_weighed(db, looked)
    return notes or [Note(kind="evaluate.nothing", text="No block closed since the last session.")]


def count_unweighed_blocks(db: Database) -> int:
    """How many closed blocks wait to be weighed."""
    waiting = 0
    for change in block_store.list_changed_versions(db):
        version = observe.observe_version(db, change.experiment_id, _EVER)
        waiting += max(
            (len(version.closed(finding)) for finding in evidence.list_weighed_findings(db, change.experiment_id)),
            default=0,
        )
    return waiting


def _weigh_version(version: ObservedVersion, notes: list[Note]) -> Iterator[_NewLine]:
    """The new lines of a version."""
    for finding in evidence.list_weighed_findings(version.db, version.experiment_id):
        if finding.status != "recalled":
            with _suspend_unweighable(version.db, finding, notes):
                record = _read_finding(version, finding)
                yield from _weigh_changes(record, _read_closed_blocks(record))


@contextmanager
def _suspend_unweighable(db: Database, finding: WeighedFinding, notes: list[Note]) -> Iterator[None]:
    """A finding that cannot be weighed is suspended, and keeps no other one waiting."""
    try:
        yield
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # of one finding, not of the store
        if finding.status != "suspended":  # else somebody knows already
            why = f"it cannot be weighed: {error}"
            notes.append(weighing_notes.note_standing(finding.number, "suspended", why))
            registrations.set_finding_status(db, finding.number, "suspended", why)


def _read_finding(version: ObservedVersion, finding: WeighedFinding) -> _FindingRecord:
    db, number = version.db, finding.number
    agreements = read_agreements(db, version.feeding[number], version.until)
    before = evidence.find_latest_evidence(db, number)
    observed, changed = _observed_and_changed(version, finding)
    return _FindingRecord(
        version=version,
        finding=finding,
        before=before,
        agreements=agreements,
        observed=observed,
        changed=observations.gather_observations(db, changed),
    )


def _observed_and_changed(
    version: ObservedVersion, finding: WeighedFinding
) -> tuple[ObservationSet, tuple[PlacedObservation, ...]]:
    """What a finding was weighed from, and what has changed of it: a value came late, or two others did not confirm it.

    At its first line these are the values from before the claim, which are shown.
    """
    db = version.db
    observed = evidence.read_observation_set(db, finding.number)
    version.remember(finding, observed.observations)
    if finding.line == 0:
        older = version.observed(
            finding, block_store.list_older_replicates(db, version.experiment_id, finding.registration_id)
        )
        return observed, tuple(
            PlacedObservation(block=1, observation=early) for early in older if early.value is not None
        )
    lost = {
        observation.replicate: observation
        for observation in observed.observations
        if observation.outcome is None or version.has_lost(observation)
    }
    issued = {number: missing.registration for number, missing in lost.items()}
    observed_again = version.observed(finding, issued)
    arrived = [late for late in observed_again if late.without_words != lost[late.replicate].without_words]
    return observed, tuple(
        PlacedObservation(block=observed.blocks[late.replicate], observation=late) for late in arrived
    )


def _read_closed_blocks(record: _FindingRecord) -> list[ObservationSet]:
    """What each block brings that closed since the finding was weighed."""
    version, finding, entered = record.version, record.finding, []
    for place, block in enumerate(version.closed(finding), start=finding.blocks + 1):
        values = version.observed(finding, dict.fromkeys(block.replicates, block.registration))
        placed = [PlacedObservation(block=place, observation=value) for value in values]
        entered.append(observations.gather_observations(version.db, placed))
    return entered


def _weigh_changes(record: _FindingRecord, blocks: Sequence[ObservationSet]) -> list[_NewLine]:
    """A line for each block that closed; without any, one if a value came late or something else is known or ruled."""
    before, observed, new = record.before, record.observed, record.changed
    has_late = any(observation.outcome is not None for observation in new.observations)
    is_outdated = before is not None and before.method < METHOD
    is_the_same = before is None or before.agreements == record.agreements
    if not blocks and not has_late and not is_outdated and is_the_same:
        return []
    share = before.false_share if before else None
    lines: list[_NewLine] = []
    for place, block in enumerate(blocks, start=record.finding.blocks + 1):
        new = block if lines else new.join(block)
        observed = observed.join(new)
        lines.append(_weigh_line(record, observed, new, blocks=place, before=before, share=share))
        before = lines[-1].evidence
    if blocks or before is None:
        return lines
    line = _weigh_line(record, observed.join(new), new, blocks=record.finding.blocks, before=before, share=share)
    is_new = has_late or is_outdated or (line.evidence.grade, line.evidence.alarms) != (before.grade, before.alarms)
    return [line] if is_new else []


def _weigh_line(
    record: _FindingRecord,
    observed: ObservationSet,
    new: ObservationSet,
    *,
    blocks: int,
    before: Evidence | None,
    share: float | None,
) -> _NewLine:
    weighed = weigh_observations(
        record.version.estimand(record.finding),
        observed.observations,
        blocks=blocks,
        homes=observed.homes,
        surroundings=Surroundings(agreements=record.agreements, false_share=share),
    )
    return _NewLine(record=record, before=before, evidence=weighed, new=new, observed=observed)


def _compare_claims(db: Database, lines: Sequence[_NewLine], now: datetime, notes: list[Note]) -> list[_NewLine]:
    """The lines, each finding's newest with its place among all claims; and lines of those whose place has changed.

    What such a further line says may move others again, so that it is asked until nothing moves.
    """
    written = list(lines)
    newest = {line.number: line for line in lines}
    claims = {claim.number: claim for claim in evidence.list_compared_claims(db)}
    unweighable = set[int]()
    while True:
        shares = false_shares(
            [
                weighed_claim(number, newest[number].evidence) if number in newest else claim
                for number, claim in claims.items()
            ]
        )
        moved = [number for number, share in shares.items() if share != claims[number].false_share]
        asked_again = [number for number in moved if number not in newest and number not in unweighable]
        if not asked_again:
            break
        for number in asked_again:
            version = observe.observe_version(db, claims[number].experiment_id, now)
            findings = evidence.list_weighed_findings(db, version.experiment_id)
            finding = next(finding for finding in findings if finding.number == number)
            with _suspend_unweighable(db, finding, notes):
                newest[number] = _weigh_again(_read_finding(version, finding))
                written.append(newest[number])
        unweighable.update(set(asked_again) - newest.keys())
    return [_weigh_with_share(line, shares[line.number]) if line is newest[line.number] else line for line in written]


def _weigh_again(record: _FindingRecord) -> _NewLine:
    """A further line of a finding whose place among all claims has changed."""
    before, observed = record.before, record.observed.join(record.changed)
    share = before.false_share if before else None
    return _weigh_line(record, observed, record.changed, blocks=record.finding.blocks, before=before, share=share)


def _weigh_with_share(line: _NewLine, share: float | None) -> _NewLine:
    """Weigh a line again with its place among all claims."""
    if line.evidence.false_share == share:
        return line
    blocks = line.evidence.blocks
    return _weigh_line(line.record, line.observed, line.new, blocks=blocks, before=line.before, share=share)
