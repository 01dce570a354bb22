"""What a session tells first: what changed and why it matters, what is new, what waits, and how all findings stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.headlines.finding_sentences import compose_answer, compose_question, tell_size
from axiom.domain.links import LinkKind, Noun, mark_unapproved, references_in
from axiom.domain.preflights import GATES, Attempt
from axiom.domain.proposals import IdeaState, ProposalState
from axiom.domain.registrations import read_registration_body
from axiom.domain.rounds import Note
from axiom.errors import WrongUse
from axiom.laboratory.experiments import preflight_report
from axiom.laboratory.findings.rules.links import find_bearing
from axiom.laboratory.findings.rules.literature_comparison import compose_comparison
from axiom.laboratory.findings.rules.ranked_news import FindingNews, RankedFinding
from axiom.laboratory.findings.rules.ready_to_publish import is_ready_to_publish
from axiom.laboratory.findings.rules.seeds_seen_before import compute_foreknowledge
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.laboratory.planning.hanging_questions import read_hanging_questions
from axiom.laboratory.rounds.steps.rank import find_asked_estimand, read_ranking
from axiom.limits import rounds as limits
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments, preflights
from axiom.store.experiments.experiments import StoredExperiment
from axiom.store.findings import evidence, links, old_claims, references
from axiom.store.registrations import ideas, proposals, registrations
from axiom.store.rounds import rounds, session_counts, untold_events
from axiom.store.views.findings import list_forecasts
from axiom_weigh.evidence.rounding import clear_of, e_told, end_told
from axiom_weigh.evidence.size_that_matters import list_bars
from axiom_weigh.values import Evidence, Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionSummary:
    """The notes with which a session begins its log, and its headline, which is its news."""

    headline: Note
    notes: tuple[Note, ...]
    weighed: int  # findings


def summarize_session(this_round: OpenRound) -> SessionSummary:
    """Gather all that happened since the session before."""
    db, after = this_round.db, rounds.find_last_round_before_session(this_round.db, this_round.round)
    ranked = read_ranking(db, after, this_round.round.id)
    changed = [finding for finding in ranked if finding.news.changes]
    failed, newest = untold_events.list_failure_notes(db, after), evidence.list_newest_evidence(db)
    fresh = [
        version
        for version in experiments.list_experiment_versions(db)
        if this_round.whole_window.holds(version.created_at)
    ]
    headline = _headline(db, changed, failed, fresh, is_first=after == 0)
    notes = [
        headline,
        *_changed_notes(db, changed),
        *_ready_notes(db, ranked),
        _unchanged_note(this_round, ranked, changed, len(newest)),
        *(_trouble(note) for note in failed),
        *_fresh(db, fresh),
        *_waiting_notes(db),
        *_scripts(this_round, fresh),
        *_levels(db, newest),
        *_significant(db, newest),
    ]
    return SessionSummary(headline=headline, notes=tuple(notes), weighed=len(ranked))


def _headline(
    db: Database,
    changed: Sequence[RankedFinding],
    failed: Sequence[Note],
    fresh: Sequence[StoredExperiment],
    *,
    is_first: bool,
) -> Note:
    """The answer, if there is a new one; else what went wrong; else what there is."""
    kind = "told.headline"
    if changed:
        number = changed[0].news.number
        facts = {"answer": _answer(db, number, changed[0].news.now), "more": len(changed) - 1}
        more = " Another {more} finding(s) changed, too." if len(changed) > 1 else ""
        text = "{answer}." + more
        return Note(kind=kind, text=text, facts=facts, about=f"/findings/{number}", rows={"more": "/findings"})
    if failed:
        text = "Failures and watches that were met: {failed}. No finding has changed."
        return Note(kind=kind, text=text, facts={"failed": len(failed)}, about="/failures")
    claims = len(evidence.list_claims(db))
    if is_first:
        text = "The laboratory has begun with {experiments} experiment(s) and {asked} single test(s)."
        facts = {"experiments": len(fresh), "asked": claims}
        return Note(kind=kind, text=text, facts=facts, about="/findings", rows={"experiments": "/experiments"})
    text = "No finding has changed; {asked} single test(s) are asked."
    return Note(kind=kind, text=text, facts={"asked": claims}, about="/findings")


def _changed_notes(db: Database, changed: Sequence[RankedFinding]) -> list[Note]:
    if not changed:
        return []
    hangs, notes = read_hanging_questions(db), []
    for finding in changed[: limits.FINDINGS_TOLD]:
        number = finding.news.number
        notes += [
            _finding(db, finding, hangs.get(number, 0)),
            *tell_literature(db, finding.news),
            *_earlier_versions(db, number),
            *_old_claims(db, number),
        ]
    if len(changed) > limits.FINDINGS_TOLD:
        text = "Further findings that changed: {more}."
        notes.append(
            Note(kind="changed.more", text=text, facts={"more": len(changed) - limits.FINDINGS_TOLD}, about="/findings")
        )
    return notes


def _finding(db: Database, finding: RankedFinding, hangs: int) -> Note:
    estimand, experiment = find_asked_estimand(db, finding.news.number)
    line, before = finding.news.now, finding.news.before
    text = "{answer}; {between}. Finding {finding} ({experiment}) is {grade}, after {seeds} seed(s) on {hosts} host(s)"
    text += f". {'{word}: ' if finding.stars else ''}{{reason}}." if before else "; it was never weighed before."
    if hangs:
        text += " It is needed for {hangs} open question(s)."
    return Note(
        kind="changed.finding",
        text=text,
        facts={
            "word": f"{finding.stars} {finding.word}".strip(),
            "answer": _answer(db, finding.news.number, line),
            "finding": finding.news.number,
            "experiment": experiment,
            "between": tell_size(estimand, line)[1] or "not decided any more",
            "grade": line.grade,
            "seeds": line.seeds,
            "hosts": line.hosts,
            "before": f"{before.verdict}, {before.grade}" if before else "never weighed",
            "reason": finding.reason,
            "hangs": hangs,
        },
        about=f"/findings/{finding.news.number}",
    )


def _ready_notes(db: Database, ranked: Sequence[RankedFinding]) -> list[Note]:
    """What became ready to publish since the session before."""
    states = links.find_finding_states(db, [finding.news.number for finding in ranked])
    return [
        Note(
            kind="ready.finding",
            text="Finding {finding} is ready to publish: {answer}. It is {grade}, and nothing is held against it.",
            facts={"finding": news.number, "answer": _answer(db, news.number, news.now), "grade": news.now.grade},
            about=f"/findings/{news.number}",
        )
        for news in (finding.news for finding in ranked)
        if is_ready_to_publish(news.now, states[news.number].status)
        and not is_ready_to_publish(news.before, states[news.number].status)
    ]


def tell_literature(db: Database, news: FindingNews) -> list[Note]:
    estimand, _ = find_asked_estimand(db, news.number)
    if (published := estimand.get("published")) is None:
        return []
    reference = mark_unapproved(published["reference"], references.list_approved_references(db))
    return [
        Note(
            kind="changed.literature",
            text="Of the number of finding {finding} {comparison}.",
            facts={"finding": news.number, "comparison": compose_comparison(estimand, news.now, reference)},
            about=f"/findings/{news.number}",
        )
    ]


def _earlier_versions(db: Database, number: int) -> list[Note]:
    """What the same estimand came to in other versions of the experiment."""
    origin = registrations.find_finding_registration(db, number)
    own = experiments.find_experiment(db, origin[0].experiment_id) if origin else None
    if origin is None or own is None:
        return []
    others = [
        experiment
        for experiment in experiments.list_experiment_versions(db)
        if experiment.name == own.name and experiment.id != own.id
    ]
    return [
        _comparison_note(db, other, finding.number, line)
        for other in others
        for finding in evidence.list_weighed_findings(db, other.id)
        if finding.estimand == origin[1] and (line := evidence.find_latest_evidence(db, finding.number)) is not None
    ]


def _comparison_note(db: Database, other: StoredExperiment, number: int, line: Evidence) -> Note:
    estimand, _ = find_asked_estimand(db, number)
    estimate, low, high = _interval(line, estimand)
    return Note(
        kind="changed.version",
        text="Beside it, {experiment} (finding {finding}) says {verdict}, {grade}, {estimate} [{low}, {high}].",
        facts={
            "experiment": other.whole_name,
            "finding": number,
            "verdict": line.verdict,
            "grade": line.grade,
            "estimate": estimate,
            "low": low,
            "high": high,
        },
        about=f"/findings/{number}",
    )


def _old_claims(db: Database, number: int) -> list[Note]:
    claims = {old_claim.id: old_claim.said for old_claim in old_claims.list_old_claims(db)}
    states = links.list_finding_states(db)
    return [
        Note(
            kind="changed.claim",
            text="The old laboratory claimed: {claim} ({figure}). Finding {finding} {bearing} it.",
            facts={
                "claim": claims[link.target.id].claim,
                "figure": claims[link.target.id].figure or "no figure",
                "finding": number,
                "bearing": came_to.value,
            },
            about=f"/findings/{number}",
            rows={"figure": "/findings/graph"},
        )
        for link in links.list_links(db)
        if link.kind is LinkKind.TESTS
        and (link.source.noun, link.source.id, link.target.noun) == (Noun.FINDING, number, Noun.OLD_CLAIM)
        and (came_to := find_bearing(link, states)) is not None
    ]


def _unchanged_note(
    this_round: OpenRound, ranked: Sequence[RankedFinding], changed: Sequence[RankedFinding], amount: int
) -> Note:
    return Note(
        kind="told.unchanged",
        text="Unchanged: {unchanged} finding(s), of which {again} were weighed again. Rounds since the session before: "
        "{rounds}.",
        facts={
            "unchanged": amount - len(changed),
            "again": len(ranked) - len(changed),
            "rounds": rounds.count_session_rounds(this_round.db, this_round.round),
        },
        about="/findings",
        rows={"rounds": f"/sessions/{this_round.round.name}"},
    )


def _trouble(note: Note) -> Note:
    return Note(kind=f"trouble.{note.kind}", text=note.text, facts=note.facts, about=note.about, rows=note.rows)


def _fresh(db: Database, fresh: Sequence[StoredExperiment]) -> list[Note]:
    """Each new experiment in full; of many, the question of each."""
    if len(fresh) > limits.EXPERIMENTS_TOLD:
        return shorten_notes(
            [_question(experiment) for experiment in fresh], "New experiments", "/experiments", limits.RANKED_TOLD
        )
    return [
        note for experiment in fresh for note in (_question(experiment, "NEW EXPERIMENT "), *_details(db, experiment))
    ]


def _question(experiment: StoredExperiment, heading: str = "") -> Note:
    manifest = stored_manifest(experiment.manifest)
    return Note(
        kind="fresh.experiment",
        text=heading + "{experiment}: {question}",
        facts={"experiment": experiment.whole_name, "question": manifest.question},
        about=_page(experiment),
    )


def _details(db: Database, experiment: StoredExperiment) -> list[Note]:
    manifest, about, notes = stored_manifest(experiment.manifest), _page(experiment), []
    parts, approved = references_in(manifest.reference), references.list_approved_references(db)
    after = Note(
        kind="fresh.literature",
        text="After: {reference}.",
        facts={"reference": "; ".join(mark_unapproved(part, approved) for part in parts)},
        about=about,
    )
    for registration in registrations.read_registrations(db, experiment.id)[:1]:
        body = read_registration_body(registration.body)
        hours = body.stopping.replicates * sum(body.design.seconds) / 3_600.0
        made: dict[str, str] = {}
        for forecast in list_forecasts(db, registration.id):  # the registered one comes before what others said later
            foresight = compute_foreknowledge(
                forecast.forecaster, forecast.prediction.because, informed=forecast.informed
            )
            made.setdefault(forecast.estimand, foresight.reason)
        notes += [
            *([after] if parts else []),
            Note(
                kind="fresh.design",
                text="Design: {configs} config(s) of {factors}; it {stopping}.",
                facts={
                    "configs": len(body.design.configs),
                    "factors": ", ".join(manifest.factors),
                    "stopping": body.stopping.tell_end(len(body.estimands)),
                },
                about=about,
            ),
            *(_prediction(body.estimands[name], reason, about) for name, reason in made.items()),
            Note(
                kind="fresh.cost",
                text="Cost: {hours} core-hours at most, {memory} MB of memory.",
                facts={"hours": float(f"{hours:.3g}"), "memory": manifest.memory_mb},
                about=about,
            ),
        ]
    return [*notes, _tried_here(db, experiment)]


def _prediction(estimand: Mapping[str, Any], made: str, about: str) -> Note:
    prediction = estimand["prediction"]
    low, high = prediction["interval"]
    return Note(
        kind="fresh.prediction",
        text="Prediction {made}. {asked} Between {low} and {high}; above {positive}, none {absent}, below {negative}.",
        facts={
            "made": made,
            "asked": compose_question(estimand),
            "low": low,
            "high": high,
            "positive": prediction["positive"],
            "absent": prediction["absent"],
            "negative": prediction["negative"],
        },
        about=about,
    )


def _tried_here(db: Database, experiment: StoredExperiment) -> Note:
    newest = experiments.find_newest_bundle(db, experiment.id)
    tried = preflights.find_preflight(db, newest.digest, GATES) if newest else None
    if tried is None:
        return Note(kind="fresh.untried", text="Local result: it waits for its preflight.", about=_page(experiment))
    facts: dict[str, object] = {"platform": tried.platform, "reason": tried.reason}
    text = "Local result on {platform}: {reason}"
    if report := _report(tried.report):
        text += "; {cells} cell(s) in {seconds} s"
        facts |= {
            "cells": len(report.first) + len(report.again) + len(report.others),
            "seconds": round(report.seconds, 1),
        }
    return Note(kind="fresh.tried", text=f"{text}.", facts=facts, about=_page(experiment))


def _report(text: str) -> Attempt | None:
    """The report of a preflight; None of one that was written when reports held something else."""
    try:
        return preflight_report.read_preflight_report(text)
    except WrongUse:
        return None


def _waiting_notes(db: Database) -> list[Note]:
    open_proposals = [
        Note(
            kind="waits.proposal",
            text="Proposal {proposal}, by {author}: {question}",
            facts={
                "proposal": proposal.number,
                "author": proposal.proposal.author,
                "question": proposal.proposal.question,
            },
            about=f"/proposals/{proposal.number}",
        )
        for proposal in proposals.list_proposals_in_state(db, ProposalState.OPEN)
    ]
    shown = ideas.list_idea_standings(db, IdeaState.OPEN, public=True)
    public = ideas.read_ideas(db, [idea.number for idea in shown])
    hidden = len(ideas.list_idea_standings(db, IdeaState.OPEN, public=False)) - len(public)
    thought = [
        Note(
            kind="waits.idea",
            text="Idea {idea}: {question}",
            facts={"idea": open_idea.number, "question": open_idea.idea.question},
            about=f"/ideas/{open_idea.number}",
        )
        for open_idea in public
    ]
    unread = Note(
        kind="waits.hidden",
        text="Ideas that only their authors and the operator may read yet: {ideas}.",
        facts={"ideas": hidden},
        about="/ideas",
    )
    return [
        *shorten_notes(open_proposals, "Proposals", "/proposals", limits.RANKED_TOLD),
        *shorten_notes(thought, "Ideas", "/ideas", limits.RANKED_TOLD),
        *([unread] if hidden else []),
    ]


def _scripts(this_round: OpenRound, fresh: Sequence[StoredExperiment]) -> list[Note]:
    """Which scripts are new, which were mended, and which are broken today."""
    mended = [
        f"{row['name']}@{row['version']}"
        for row in session_counts.list_repaired_bundles(this_round.db, this_round.whole_window)
    ]
    broken = [
        f"{preflight.name}@{preflight.version}"
        for preflight in preflights.list_newest_preflights(this_round.db, GATES)
        if preflight.passed is False
    ]
    stopped = [
        str(note.facts["experiment"])
        for note in untold_events.list_failure_notes(
            this_round.db, rounds.find_last_round_before_session(this_round.db, this_round.round)
        )
        if note.kind == "experiment.stopped"
    ]
    scripts = {
        "new": [version.whole_name for version in fresh],
        "mended": mended,
        "broken": [*broken, *stopped],
    }
    return [
        _names_note(f"script.{became}", f"Scripts that are {became}", _pages(names), "/experiments")
        for became, names in scripts.items()
        if names
    ]


def _pages(names: Sequence[str]) -> dict[str, str]:
    return {name: f"/experiments/{name}" for name in names}


def _levels(db: Database, newest: Mapping[int, Evidence]) -> list[Note]:
    """Which findings are ready to publish, and the members of each level of evidence, the highest first."""
    states = links.list_finding_states(db)
    levels = {
        grade.value: [number for number, line in newest.items() if line.grade is grade] for grade in reversed(Grade)
    }
    ready = [number for number, line in newest.items() if is_ready_to_publish(line, states[number].status)]
    return [
        _names_note("level.members", level, {str(number): f"/findings/{number}" for number in members}, "/findings")
        for level, members in {"Ready to publish": ready, **levels}.items()
        if members
    ]


def _significant(db: Database, newest: Mapping[int, Evidence]) -> list[Note]:
    """The findings by how far their evidence carries, then by how hard chance would come by it."""
    decided = [(number, line) for number, line in newest.items() if line.verdict.is_decided]
    grades = list(Grade)
    decided.sort(key=lambda pair: (-grades.index(pair[1].grade), -max(pair[1].e_value, pair[1].e_absent), pair[0]))
    if not decided:
        return [Note(kind="significant.nothing", text="No finding is decided yet.", about="/findings")]
    notes = []
    for place, (number, line) in enumerate(decided, start=1):
        estimand, experiment = find_asked_estimand(db, number) if place <= limits.RANKED_TOLD else ({}, "")
        if not estimand:
            break
        estimate, low, high = _interval(line, estimand)
        notes.append(
            Note(
                kind="significant.finding",
                text="Place {place}, finding {finding} ({experiment}): {answer}. {grade}, {estimate} "
                "[{low}, {high}], evidence {e}.",
                facts={
                    "place": place,
                    "finding": number,
                    "experiment": experiment,
                    "answer": _answer(db, number, line),
                    "grade": line.grade,
                    "estimate": estimate,
                    "low": low,
                    "high": high,
                    "e": e_told(max(line.e_value, line.e_absent)),
                },
                about=f"/findings/{number}",
            )
        )
    return notes


def _names_note(kind: str, label: str, pages: Mapping[str, str], about: str) -> Note:
    """One line with many names, each of which leads to its own page."""
    shown = list(pages)[: limits.NAMED_OF_A_KIND]
    # The text of a note holds no digit.
    keys = {f"name_{chr(ord('a') + place)}": name for place, name in enumerate(shown)}
    text = ", ".join(f"{{{key}}}" for key in keys)
    facts: dict[str, object] = dict(keys)
    if len(pages) > len(shown):
        text += " and {more} more"
        facts["more"] = len(pages) - len(shown)
    rows = {key: pages[name] for key, name in keys.items()}
    return Note(kind=kind, text=f"{label}: {text}.", facts=facts, about=about, rows=rows)


def _answer(db: Database, number: int, line: Evidence) -> str:
    return compose_answer(find_asked_estimand(db, number)[0], line)


def _interval(line: Evidence, estimand: Mapping[str, Any]) -> tuple[object, object, object]:
    """Estimate, low and high, rounded as a person reads them."""
    bars = list_bars(float(estimand["null"]), float(estimand["smallest"]))
    estimate = "unknown" if line.estimate is None else clear_of(line.estimate, *bars)
    return estimate, end_told(line.low, bars), end_told(line.high, bars)


def _page(experiment: StoredExperiment) -> str:
    return f"/experiments/{experiment.whole_name}"
