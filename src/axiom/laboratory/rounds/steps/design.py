"""A step of rounds: what open findings still need for their next block and grade, and which question comes next."""

import math
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.headlines.finding_sentences import NOT_MEASURED, compose_answer
from axiom.domain.maps import is_tile
from axiom.domain.registrations import read_registration_body
from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.laboratory.planning.rules.eta import Pace, measure_pace, time_until_cells
from axiom.laboratory.proposals.follow_up import propose_followups
from axiom.store.engine.database import Database, Row, from_optional_microseconds
from axiom.store.findings import evidence
from axiom.store.rounds import session_counts as facts
from axiom.store.views.findings import count_block_results
from axiom_weigh.evidence.grade import needs_more_seeds
from axiom_weigh.values import Evidence, Grade


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenFinding:
    number: int
    experiment: str
    answer: str
    line: Evidence | None  # the newest
    pace: Pace
    block_cells: int  # that the next block still takes
    grade_cells: int | None  # the same of the next grade, with a chance of one half; None: more seeds do not help

    @property
    def lacks_other(self) -> bool:
        """Are there seeds enough for the next grade, and something else is missing?"""
        return self.line is not None and self.line.more is not None and self.line.more[0] == 0

    @property
    def lacks_beside_seeds(self) -> str:
        """What its next grade needs, where further seeds bring none of it; else nothing."""
        if self.line is None or not self.lacks_other or needs_more_seeds(self.line.needs):
            return ""
        return "; ".join(self.line.needs)

    @property
    def grade_expected(self) -> str:
        """When its next grade should come, in words."""
        if self.line is None:
            return "unknown, before its first block"
        return (
            "not by more seeds, of which it has enough"
            if self.lacks_other
            else time_until_cells(self.pace, self.grade_cells)
        )

    @property
    def nearness(self) -> tuple[float, int]:
        """Sorts the nearest to its next grade first; a finding that was never weighed waits for its block."""
        cells = self.block_cells if self.line is None else self.grade_cells
        return (math.inf if cells is None else cells), self.number


def open_findings(db: Database, now: datetime) -> list[OpenFinding]:
    newest = evidence.list_newest_evidence(db)
    rows = facts.list_open_findings(db)
    paces = {number: _pace(db, number, now) for number in {row["experiment_id"] for row in rows}}
    findings = [_open_finding(db, row, newest.get(row["number"]), paces[row["experiment_id"]]) for row in rows]
    return sorted(findings, key=lambda finding: finding.nearness)


def _pace(db: Database, experiment_id: int, now: datetime) -> Pace:
    row = facts.read_recent_result_span(db, experiment_id)
    return measure_pace(
        row["cells"], from_optional_microseconds(row["first"]), from_optional_microseconds(row["last"]), now
    )


def _open_finding(db: Database, row: Row, line: Evidence | None, pace: Pace) -> OpenFinding:
    body = read_registration_body(row["body"])
    cells = len(body.design.places)
    back = count_block_results(
        db,
        row["experiment_id"],
        row["registration_id"],
        block=body.block,
        is_map=is_tile(body.design.configs[0]),
        skip=line.blocks * body.block if line else 0,
    )
    half = line.more[0] if line and line.more else None
    return OpenFinding(
        number=row["number"],
        experiment=f"{row['name']}@{row['version']}",
        answer=compose_answer(body.estimands[row["estimand"]], line or NOT_MEASURED),
        line=line,
        pace=pace,
        block_cells=max(0, body.block * cells - back),
        grade_cells=half * cells if half else None,
    )


def design_followups(this_round: OpenRound) -> list[Note]:
    """Say of each open finding what is missing, nearest first, and propose by rule what may be asked next."""
    findings = open_findings(this_round.db, this_round.now)
    notes = [_note(finding) for finding in findings]
    if not notes:
        notes = [Note(kind="design.settled", text="No finding is open, so none needs anything.", about="/findings")]
    return [
        *shorten_notes(notes, "Open findings", "/findings"),
        *propose_followups(
            this_round.db,
            this_round.round.id,
            this_round.now,
            most_core_hours=this_round.policy.followup_core_hours,
            floor=this_round.policy.floor,
        ),
    ]


def _note(finding: OpenFinding) -> Note:
    facts = {
        "finding": finding.number,
        "experiment": finding.experiment,
        "answer": finding.answer,
        "cells": finding.block_cells,
    }
    about = f"/findings/{finding.number}"
    if finding.line is None:
        return Note(
            kind="design.awaits",
            text="Finding {finding} ({experiment}): {answer}. It awaits its first block; cells to come: {cells}.",
            facts={**facts},
            about=about,
        )
    more = finding.line.more or (None, None)
    return Note(
        kind="design.needs",
        text="Finding {finding} ({experiment}): {answer}. It is {grade}; for the next grade {needs}. Further seeds, "
        "with a chance of one half {half}, with nine in ten {most}.",
        facts={
            **facts,
            "grade": finding.line.grade,
            "needs": "; ".join(finding.line.needs) or _nothing(finding.line.grade),
            "half": "unknown" if more[0] is None else more[0],
            "most": "unknown" if more[1] is None else more[1],
        },
        about=about,
    )


def _nothing(grade: Grade) -> str:
    return "there is none above it" if grade is Grade.DEFINITIVE else "nothing is named"
