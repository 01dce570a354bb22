"""A step of sessions: every block that closed is weighed into the evidence of its findings.

What is known already is not read again: a version of which nothing more came back is left alone, and of the others only
new replicates are computed. A finding gets a line for each block, and one without a block when something else changed
what is concluded: a value that came late, seeds that were computed again, or its place among all claims of the
laboratory.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from axiom.domain.headlines.answers import compose_answer
from axiom.domain.rounds import Note, Round
from axiom.laboratory.findings import observe
from axiom.laboratory.findings.observe import ObservedVersion
from axiom.laboratory.findings.reproduce import compare_new_duplicates, read_agreements
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.findings import blocks as block_store
from axiom.store.findings import evidence, observations
from axiom.store.findings.evidence import ComparedClaim, WeighedFinding
from axiom.store.findings.observations import ObservationSet, PlacedObservation
from axiom.store.registrations import registrations
from axiom_weigh.evidence.false_discoveries import WeighedClaim, false_shares
from axiom_weigh.evidence.rounding import around, clear_of
from axiom_weigh.evidence.weigh_claim import weigh
from axiom_weigh.values import METHOD, Alarm, Evidence, Force, Surroundings

_EVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class _NewLine:
    version: ObservedVersion
    finding: WeighedFinding
    before: Evidence | None  # the line before it
    evidence: Evidence
    new: tuple[PlacedObservation, ...]  # observations that enter with it
    observed: ObservationSet  # these and all before them


def evaluate_findings(db: Database, session: Round, now: datetime) -> list[Note]:
    """Add to the history of each finding what closed since it was last weighed."""
    compare_new_duplicates(db)
    looked = block_store.list_changed_versions(db)
    notes: list[Note] = []
    versions = dict.fromkeys([*(change.experiment_id for change in looked), *evidence.list_outdated_experiments(db)])
    lines = [
        line for experiment_id in versions for line in _lines_of(observe.observe_version(db, experiment_id, now), notes)
    ]
    by_finding: dict[int, list[_NewLine]] = {}
    stood: dict[int, list[Note]] = {}
    for line in _compare_claims(db, lines, now):
        evidence.add_evidence(db, line.finding.number, line.evidence, line.new, session_id=session.id, now=now)
        by_finding.setdefault(line.finding.number, []).append(line)
        stood.setdefault(line.finding.number, []).extend(_settle_status(line))
    for number, added in by_finding.items():  # what several blocks came to is told once
        notes += [_note(added[-1], len(added)), *stood[number]]
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


def _lines_of(version: ObservedVersion, notes: list[Note]) -> Iterator[_NewLine]:
    """The new lines of a version. A finding that cannot be weighed is suspended, and keeps no other one waiting."""
    for finding in evidence.list_weighed_findings(version.db, version.experiment_id):
        if finding.status != "recalled":
            try:
                yield from _lines(version, finding)
            except (ArithmeticError, LookupError, TypeError, ValueError) as error:  # of one finding, not of the store
                if finding.status == "open":  # else somebody knows already
                    notes.append(_suspend(version.db, finding.number, f"it cannot be weighed: {error}"))


def _lines(version: ObservedVersion, finding: WeighedFinding) -> list[_NewLine]:
    """A line for each block that closed; without any, one if a value came late or something else is known or ruled."""
    db, before = version.db, evidence.find_latest_evidence(version.db, finding.number)
    surroundings = _surroundings(version, finding, before)
    observed, new = _observed_and_changed(version, finding)
    closed = version.closed(finding)
    has_late = any(placed.observation.outcome is not None for placed in new)
    is_outdated = before is not None and before.method < METHOD
    is_the_same = before is None or before.agreements == surroundings.agreements
    if not closed and not has_late and not is_outdated and is_the_same:
        return []
    lines: list[_NewLine] = []
    for place, block in enumerate(closed, start=finding.blocks + 1):
        values = version.observed(finding, dict.fromkeys(block.replicates, block.registration))
        fresh = (*new, *(PlacedObservation(block=place, observation=value) for value in values))
        observed, new = _merge(db, observed, fresh), ()
        lines.append(_line(version, finding, observed, fresh, blocks=place, before=before, surroundings=surroundings))
        before = lines[-1].evidence
    if closed or before is None:
        return lines
    merged = _merge(db, observed, new)
    line = _line(version, finding, merged, new, blocks=finding.blocks, before=before, surroundings=surroundings)
    is_new = has_late or is_outdated or (line.evidence.grade, line.evidence.alarms) != (before.grade, before.alarms)
    return [line] if is_new else []


def _surroundings(version: ObservedVersion, finding: WeighedFinding, before: Evidence | None) -> Surroundings:
    agreements = read_agreements(version.db, version.feeding[finding.number], version.until)
    return Surroundings(agreements=agreements, false_share=before.false_share if before else None)


def _line(
    version: ObservedVersion,
    finding: WeighedFinding,
    observed: ObservationSet,
    new: tuple[PlacedObservation, ...],
    *,
    blocks: int,
    before: Evidence | None,
    surroundings: Surroundings,
) -> _NewLine:
    weighed = weigh(
        version.estimand(finding), observed.observations, blocks=blocks, homes=observed.homes, surroundings=surroundings
    )
    return _NewLine(version=version, finding=finding, before=before, evidence=weighed, new=new, observed=observed)


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
    arrived = [late for late in version.observed(finding, issued) if late != lost[late.replicate]]
    return observed, tuple(
        PlacedObservation(block=observed.blocks[late.replicate], observation=late) for late in arrived
    )


def _merge(db: Database, earlier: ObservationSet, new: Sequence[PlacedObservation]) -> ObservationSet:
    """A value that came late takes the place of the one that was missing."""
    by_replicate = {observation.replicate: observation for observation in earlier.observations}
    by_replicate.update({placed.observation.replicate: placed.observation for placed in new})
    homes = observations.find_host_homes(db, {host for placed in new for host in placed.observation.hosts})
    return ObservationSet(
        observations=tuple(by_replicate.values()),
        blocks={**earlier.blocks, **{placed.observation.replicate: placed.block for placed in new}},
        homes={**earlier.homes, **homes},
    )


def _compare_claims(db: Database, lines: Sequence[_NewLine], now: datetime) -> list[_NewLine]:
    """The lines, each finding's newest with its place among all claims; and lines of those whose place has changed.

    What such a further line says may move others again, so that it is asked until nothing moves.
    """
    written = list(lines)
    newest = {line.finding.number: line for line in lines}
    claims = {claim.number: claim for claim in evidence.list_compared_claims(db)}
    while True:
        shares = false_shares([_claim_of(claim, newest.get(number)) for number, claim in claims.items()])
        moved = [share for share in shares if share not in newest and shares[share] != claims[share].false_share]
        if not moved:
            break
        further = [
            _further_line(observe.observe_version(db, claims[number].experiment_id, now), number) for number in moved
        ]
        newest.update({line.finding.number: line for line in further})
        written += further
    return [
        _weigh_with_share(line, shares[line.finding.number]) if line is newest[line.finding.number] else line
        for line in written
    ]


def _claim_of(claim: ComparedClaim, line: _NewLine | None) -> ComparedClaim | WeighedClaim:
    if line is None:
        return claim
    weighed = line.evidence
    return WeighedClaim(
        number=claim.number, e_value=weighed.e_value, e_absent=weighed.e_absent, verdict=weighed.verdict
    )


def _weigh_with_share(line: _NewLine, share: float | None) -> _NewLine:
    """Weigh a line again with its place among all claims."""
    weighed = line.evidence
    if weighed.false_share == share:
        return line
    surroundings = Surroundings(agreements=weighed.agreements, false_share=share)
    again = _line(
        line.version,
        line.finding,
        line.observed,
        line.new,
        blocks=weighed.blocks,
        before=line.before,
        surroundings=surroundings,
    )
    return replace(line, evidence=again.evidence)


def _further_line(version: ObservedVersion, number: int) -> _NewLine:
    """A further line of a finding whose place among all claims has changed."""
    db = version.db
    finding = next(
        finding for finding in evidence.list_weighed_findings(db, version.experiment_id) if finding.number == number
    )
    before = evidence.find_latest_evidence(db, number)
    observed, new = _observed_and_changed(version, finding)
    merged, surroundings = _merge(db, observed, new), _surroundings(version, finding, before)
    return _line(version, finding, merged, new, blocks=finding.blocks, before=before, surroundings=surroundings)


def _settle_status(line: _NewLine) -> list[Note]:
    """An alarm suspends the finding when it is raised, and opens it again when it has ceased.

    Raised once, it suspends once: whoever opens the finding meanwhile has looked.
    """
    db, number = line.version.db, line.finding.number
    status, _ = registrations.list_finding_statuses(db, line.version.experiment_id)[number]
    notes = _doubt_notes(line)
    alarms = _suspending_alarms(line.evidence)
    before = {alarm.kind for alarm in _suspending_alarms(line.before)}
    why = "; ".join(alarm.text for alarm in alarms if alarm.kind not in before)
    if why and status == "open":
        return [*notes, _suspend(db, number, why)]
    if before and not alarms and status == "suspended":
        registrations.set_finding_status(db, number, "open", "")
        why = "what suspended it is no longer so"
        return [*notes, _standing_note(number, "finding.opened", "Finding {finding} is open again: {why}.", why)]
    return notes


def _doubt_notes(line: _NewLine) -> list[Note]:
    """Hosts that are named from this line on: whoever looks after the laboratory may want to look at them."""
    hosts = {host for alarm in line.before.alarms for host in alarm.hosts} if line.before else set()
    raised = [alarm for alarm in line.evidence.alarms if alarm.force is not Force.SUSPENDS]
    why = "; ".join(alarm.text for alarm in raised if not hosts.issuperset(alarm.hosts))
    text = "Finding {finding} names hosts: {why}."
    return [_standing_note(line.finding.number, "finding.doubted", text, why)] if why else []


def _suspending_alarms(line: Evidence | None) -> list[Alarm]:
    return [alarm for alarm in line.alarms if alarm.force is Force.SUSPENDS] if line else []


def _suspend(db: Database, number: int, why: str) -> Note:
    registrations.set_finding_status(db, number, "suspended", why)
    return _standing_note(number, "finding.suspended", "Finding {finding} is suspended: {why}.", why)


def _standing_note(number: int, kind: str, text: str, why: str) -> Note:
    return Note(kind=kind, text=text, facts={"finding": number, "why": why}, about=f"/findings/{number}")


def _note(line: _NewLine, blocks: int) -> Note:
    weighed, number = line.evidence, line.finding.number
    is_block = line.before is None or weighed.blocks > line.before.blocks
    is_again = line.before is not None and line.before.method < METHOD
    text = (
        "After {seeds} seed(s) {verdict}, {grade}: {estimate} [{low}, {high}]."
        if is_block and blocks == 1
        else "Through {blocks} block(s), after {seeds} seed(s) {verdict}, {grade}: {estimate} [{low}, {high}]."
        if is_block
        else "It was weighed again by newer rules: {verdict}, {grade} (before: {before})."
        if is_again
        else "No block closed, and something else is known: {verdict}, {grade}, {place}."
    )
    experiment = experiments.find_experiment(line.version.db, line.version.experiment_id)
    return Note(
        kind="evidence.weighed" if is_block else "evidence.changed",
        text="Finding {finding} ({experiment}): {answer}. " + text,
        facts={
            "finding": number,
            "experiment": experiment.name if experiment else "",
            "answer": compose_answer(line.version.estimand(line.finding), weighed),
            "seeds": weighed.seeds,
            "verdict": weighed.verdict,
            "grade": weighed.grade,
            "blocks": blocks,
            **(
                _interval(line)
                if is_block
                else {"before": f"{line.before.verdict}, {line.before.grade}" if line.before else ""}
                if is_again
                else {"place": _place(weighed)}
            ),
        },
        about=f"/findings/{number}",
    )


def _interval(line: _NewLine) -> dict[str, float | str]:
    estimand = line.version.estimand(line.finding)
    bars = around(float(estimand["null"]), float(estimand["smallest"]))
    return {name: _short(getattr(line.evidence, name), bars) for name in ("estimate", "low", "high")}


def _place(weighed: Evidence) -> str:
    if weighed.false_share is None:
        return "not among the findings of the whole laboratory"
    return f"among the findings of the whole laboratory at a false share of {weighed.false_share:.0%}"


def _short(number: float | None, bars: Sequence[float]) -> float | str:
    return "unbounded" if number is None else float(clear_of(number, *bars))
