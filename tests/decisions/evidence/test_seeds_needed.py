"""How many more replicates the next grade takes is foreseen from what is there, and made nothing where it is."""

import numpy as np
import pytest

from axiom.decisions.evidence.method import question
from axiom.decisions.evidence.seeds_needed import more
from axiom.domain.findings import Grade, Kind, Verdict


def asked(kind: Kind = Kind.CONTRAST, **said):
    return question({"kind": kind.value, "null": 0.0, "smallest": 0.2, "bounds": None, **said})


VALUES = (np.random.default_rng(1).normal(size=16) + 1.0).tolist()


def test_what_is_settled_needs_no_more_and_an_absence_the_seeds_of_the_next_grade():
    assert more(asked(), VALUES, Verdict.POSITIVE, Grade.DEFINITIVE) is None
    assert more(asked(), VALUES, Verdict.MIXED, Grade.AWAITING) is None
    for reached, seeds in ((Grade.AWAITING, 0), (Grade.MODERATE, 4), (Grade.STRONG, 34)):
        assert more(asked(), VALUES, Verdict.ABSENT, reached) == (seeds, seeds)


def test_a_higher_grade_takes_more_and_ninety_per_cent_takes_more_than_half():
    strong, definitive = (more(asked(), VALUES, Verdict.POSITIVE, grade) for grade in (Grade.MODERATE, Grade.STRONG))
    assert 0 <= strong[0] <= definitive[0]
    assert definitive[0] >= 50 - 16
    for half, most in (strong, definitive):
        assert most is None or half <= most


@pytest.mark.parametrize(
    "question", [asked(Kind.LEVEL, null=0.5), asked(Kind.PROPORTION, null=0.5), asked(about="mean", bounds=[-9, 9])]
)
def test_every_process_foresees(question):
    values = [1.0] * 12 + [0.0] * 4
    half, most = more(question, values, Verdict.UNDECIDED, Grade.AWAITING)
    assert half is not None
    assert most is None or most >= half


def test_where_nothing_is_decided_the_nearer_end_is_foreseen():
    """Values that lie tightly about the null will sooner be an absence than an effect."""
    tight = (np.random.default_rng(2).normal(size=16) * 0.05).tolist()
    half, _ = more(asked(smallest=1.0), tight, Verdict.UNDECIDED, Grade.AWAITING)
    assert half <= 16
    assert more(asked(), [], Verdict.UNDECIDED, Grade.AWAITING) == (None, None)
