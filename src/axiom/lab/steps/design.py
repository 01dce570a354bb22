"""A step of sessions: what the open findings still need, and which question comes next."""

from axiom.domain.findings import Grade
from axiom.domain.sessions import Note
from axiom.lab.step import Round, shortened
from axiom.lab.steps.choose import investigator
from axiom.lab.steps.design_standing import Standing, open_findings


def design(held: Round) -> list[Note]:
    """Say of each open finding what is missing, nearest first, and ask the investigator what comes next."""
    standing = open_findings(held.db, held.now)
    notes = [_note(one) for one in standing]
    if not notes:
        notes = [Note(kind="design.settled", text="No finding is open, so none needs anything.", about="/findings")]
    return [
        *shortened(notes, "Open findings", "/findings"),
        *investigator(held.session.pi).design(held.db, held.session, held.policy, held.now),
    ]


def _note(one: Standing) -> Note:
    facts = {"finding": one.number, "experiment": one.experiment, "claim": one.claim, "cells": one.block_cells}
    about = f"/findings/{one.number}"
    if one.said is None:
        return Note(
            kind="design.awaits",
            text="Finding {finding} ({experiment}): {claim}. It awaits its first block; cells to come: {cells}.",
            facts={**facts},
            about=about,
        )
    more = one.said.more or (None, None)
    return Note(
        kind="design.needs",
        text="Finding {finding} ({experiment}): {claim}. It is {grade}; for the next grade {needs}. Further seeds, "
        "with a chance of one half {half}, with nine in ten {most}.",
        facts={
            **facts,
            "grade": one.said.grade,
            "needs": "; ".join(one.said.needs) or _nothing(one.said.grade),
            "half": "unknown" if more[0] is None else more[0],
            "most": "unknown" if more[1] is None else more[1],
        },
        about=about,
    )


def _nothing(grade: Grade) -> str:
    return "there is none above it" if grade is Grade.DEFINITIVE else "nothing is named"
