"""A version's blocks are as large as was decided when it was registered, from its first order to its last promise."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from planted_effects import SAID, further, order_of, values

from axiom.domain.registrations import Stopping, read_body
from axiom.lab.evidence.recompute import recomputed
from axiom.lab.experiments import seal as seals
from axiom.lab.experiments.publish import wanted_seal
from axiom.lab.planning import plan as planning
from axiom.lab.registrations.register import amend, register_cohort
from axiom.signed.bundles import MANIFEST, contents, pack, write_seal
from axiom.signed.canonical_json import canonical
from axiom.store.accounts import accounts
from axiom.store.engine.folder import keep
from axiom.store.evidence import evidence
from axiom.store.registrations import registrations

_COSTS = [100.0, 140.0]  # of a cell: five replicates fill 20 minutes


@pytest.fixture
def costly(prepared):
    """tiny_sum, whose file says that a replicate takes four minutes."""
    made = prepared(has_shift=True)
    declared = json.loads(made.declaration) | {"cell_seconds": _COSTS}
    files = contents(made.archive) | {MANIFEST: canonical(declared)}
    manifest = replace(made.manifest, cell_seconds=tuple(_COSTS))
    return replace(made, manifest=manifest, declaration=canonical(declared).decode(), archive=pack(files))


def registered(lab, place: int = 0):
    return read_body(registrations.registrations(lab.db, 1)[place].body)


@pytest.fixture
def rounds(rounds_of, small_lab, costly):
    """A project with an address; its sessions order nothing by themselves."""
    small_lab.publish(costly, has_address=True)
    assert small_lab.host() == 1
    return rounds_of(small_lab, per_core=0)


def test_with_the_first_volunteer_new_versions_have_larger_blocks_and_older_ones_keep_theirs(
    small_lab, costly, rounds_of
):
    small_lab.host()  # its own
    accounts.set_simulated(small_lab.db, small_lab.volunteer("Played"))  # who only plays a part
    small_lab.publish(costly)
    assert registered(small_lab).block == 8
    before = registrations.registrations(small_lab.db, 1)
    small_lab.volunteer("Bob")
    further(rounds_of(small_lab))
    with small_lab.db.transaction():
        register_cohort(small_lab.db, 1, stopping=Stopping(), why="more of it", now=small_lab.now)
        amend(small_lab.db, 1, {"smallest": 0.9}, prediction=SAID, forecaster="Ada", why="so", now=small_lab.now)
    assert [registered(small_lab, place).block for place in range(4)] == [8] * 4
    declared = json.loads(costly.declaration) | {"version": 2}
    files = contents(costly.archive) | {MANIFEST: canonical(declared)}
    manifest = replace(costly.manifest, version=2)
    small_lab.publish(replace(costly, manifest=manifest, declaration=canonical(declared).decode(), archive=pack(files)))
    assert registrations.registrations(small_lab.db, 1)[:1] == before
    assert read_body(registrations.registrations(small_lab.db, 2)[0].body).block == 20


def test_what_is_sealed_elsewhere_is_registered_alike(small_lab, costly):
    folder, keys, now = small_lab.folder, small_lab.keys, small_lab.now
    seal = wanted_seal(small_lab.db, costly, trust=keys.trust, good_for=timedelta(days=90), now=now)
    keep(seals.archive_path(folder, seal.digest), costly.archive)
    with small_lab.db.transaction():
        seals.take(small_lab.db, folder, write_seal(seal, *keys.sealers), keys.trust, now, has_address=True)
    assert registered(small_lab).block == 20


def computed(rounds, amount: int) -> None:
    rounds.lab.deploy(workunits=amount)
    rounds.compute(amount, by=values(rounds, 1.0))


def test_whole_blocks_are_ordered_one_after_the_other(rounds):
    computed(rounds, 3)  # the pilot
    planned = planning.plan(planning.candidates(rounds.db, rounds.lab.now), cores=32, per_core=15, task_seconds=1.0)
    assert [one.workunits * one.replicates_each for one in planned.allotments] == [17, 20]


def test_blocks_of_several_designs_enter_by_their_size_too(rounds):
    wide = further(rounds)
    computed(rounds, 12)
    order_of(rounds, wide, 20)
    rounds.compute(20, by=values(rounds, 1.0))
    rounds.hold()
    computed(rounds, 8)
    rounds.hold()
    placed = [(one.block, one.observation.registration) for one in evidence.kept(rounds.db, 1).placed]
    assert placed == [(1, wide)] * 20 + [(2, 1)] * 20
    assert recomputed(rounds.db) == []
