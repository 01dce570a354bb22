"""How far a task is, as whoever waits for it is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.runner.progress import ProgressTeller, expected_seconds
from axiom.signed.bundles import contents
from axiom.signed.manifests import read_manifest


def test_shares_follow_what_the_cells_cost():
    told = []
    progress = ProgressTeller(lambda *what: told.append(what), (1.0, 3.0, 4.0))
    progress.move(0.5)
    progress.finish()
    progress.move(0.5)
    progress.keep(0.5)
    progress.finish()
    progress.finish()
    assert told == [(0.0625, 0), (0.125, 1), (0.3125, 1), (0.3125, 2), (0.5, 3), (1.0, 4)]


@given(st.lists(st.tuples(st.sampled_from(["move", "keep", "next"]), st.floats(0, 1)), max_size=30))
def test_a_share_never_falls_and_ends_at_one(events):
    told, cells = [], 0
    progress = ProgressTeller(lambda *what: told.append(what), (2.0, 0.1, 5.0, 1.0))
    for kind, fraction in events:
        if kind == "next":
            cells += 1
            if cells <= 4:
                progress.finish()
        elif cells < 4:
            getattr(progress, kind)(fraction)
    for _ in range(cells, 4):
        progress.finish()
    assert told == sorted(told)
    assert told[-1][0] == pytest.approx(1.0)


def test_a_task_that_goes_on_begins_where_it_stood():
    told = []
    progress = ProgressTeller(lambda *what: told.append(what), (1.0, 1.0), cells=1)
    progress.move(0.5)
    progress.move(0.1)  # of what is computed again
    progress.keep(0.6)
    assert told == [(0.75, 0), (0.75, 0), (0.8, 1)]


@pytest.fixture
def manifest(lab):
    return read_manifest(contents(lab.archive)["manifest.json"])


def test_what_cells_cost_stands_in_their_bundle(lab, manifest):
    ok, refuse = ({"act": act, "amount": 0.0} for act in ("ok", "refuse"))
    ticket = lab.ticket(ok, refuse, cell_seconds=(60.0, 90.0))
    assert expected_seconds(manifest, tuple(ticket.cells)) == (1.0,) * 4


def test_where_one_cell_is_not_in_the_bundle_s_sweep_limits_are_the_measure(lab, manifest):
    ticket = lab.ticket({"act": "ok", "amount": 0.0}, {"act": "ok", "amount": 2.0}, cell_seconds=(60.0, 90.0))
    assert expected_seconds(manifest, tuple(ticket.cells)) == (60.0, 90.0) * 2
