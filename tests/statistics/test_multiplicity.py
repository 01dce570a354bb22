"""e-BH against `ville`, against its own definition, and how many wrong findings it lets stand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ville.evalues import ebh

from axiom.statistics.multiplicity import e_bh

LOGS = st.lists(st.floats(-5.0, 12.0), max_size=30)


@settings(max_examples=40)
@given(log_es=LOGS, q=st.sampled_from([0.01, 0.05, 0.5]))
def test_the_set_is_that_of_an_independent_implementation(log_es, q):
    theirs = np.flatnonzero(ebh(np.exp(log_es), q)) if log_es else []
    assert e_bh(log_es, q) == frozenset(int(place) for place in theirs)


@pytest.mark.parametrize(
    ("log_es", "standing"),
    [
        ([math.log(20.0)], {0}),
        ([math.log(19.9)], set()),
        ([math.log(39.0), math.log(39.0)], {0, 1}),  # neither reaches 40 alone; both reach 20 as the second
        ([math.log(60.0), math.nan, -math.inf], {0}),
        ([math.log(59.0), math.nan, math.inf], {0, 2}),
    ],
)
def test_the_set_is_what_a_hand_finds(log_es, standing):
    assert e_bh([one + 1e-12 for one in log_es], 0.05) == standing


@settings(max_examples=40)
@given(log_es=LOGS, more=st.floats(0.0, 5.0))
def test_stronger_evidence_and_fewer_questions_never_take_a_finding_away(log_es, more):
    before = e_bh(log_es, 0.05)
    for place in before:
        raised = [one + more * (at == place) for at, one in enumerate(log_es)]
        assert before <= e_bh(raised, 0.05)
    if before:
        assert max(before) < len(log_es)
        assert len(before) <= len(e_bh([log_es[place] for place in sorted(before)], 0.05))


@pytest.mark.parametrize("q", [0.0, 1.1, math.nan])
def test_a_share_that_cannot_be_asked_for_is_refused(q):
    with pytest.raises(ValueError, match="share"):
        e_bh([1.0], q)


def test_few_of_the_findings_that_stand_are_wrong():
    rng, wrong, found = np.random.default_rng(5), [], []
    real = np.arange(200) < 20
    for _ in range(60):
        # one look of a likelihood ratio: an e-value whose null law is exact
        values = rng.normal(np.where(real, 4.0, 0.0))
        standing = np.zeros(200, dtype=bool)
        standing[list(e_bh((4.0 * values - 8.0).tolist(), 0.2))] = True
        wrong.append((standing & ~real).sum() / max(1, standing.sum()))
        found.append((standing & real).sum() / 20)
    assert 0.0 < np.mean(wrong) <= 0.2
    assert np.mean(found) > 0.5
