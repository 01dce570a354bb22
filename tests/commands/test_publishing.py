"""What is published is registered for whom the laboratory is made, as its settings say."""

import pytest

from axiom.commands.context import Laboratory
from axiom.commands.experiments import PublishExperiment
from axiom.commands.sealing import SealBundles
from axiom.domain.registrations import read_body
from axiom.lab.experiments import seal as seals
from axiom.lab.experiments.publish import wanted_seal
from axiom.settings import Settings
from axiom.signed.bundles import write_seal
from axiom.signed.keys import make_keys
from axiom.store.engine.folder import keep
from axiom.store.registrations import registrations


def registered(lab) -> int:
    (found,) = registrations.registrations(lab.db, 1)
    return read_body(found.body).block


@pytest.fixture
def laboratory(small_lab, package):
    """What its commands know of it when it has this address."""

    def make(url: str) -> Laboratory:
        small_lab.keys = make_keys(small_lab.folder.keys, small_lab.now)
        return Laboratory(folder=small_lab.folder, keys=small_lab.keys, settings=Settings(url=url), package=package)

    return make


@pytest.mark.parametrize(("url", "block"), [("", 8), ("https://lab.example/", 32)])
def test_with_an_address_blocks_are_for_volunteers_before_there_is_one(small_lab, prepared, laboratory, url, block):
    command = PublishExperiment(experiment="tiny_sum")
    with small_lab.db.transaction():
        command.apply(small_lab.db, laboratory(url), prepared(), small_lab.now)
    assert registered(small_lab) == block


@pytest.mark.parametrize(("url", "block"), [("", 8), ("https://lab.example/", 32)])
def test_so_they_are_where_the_seal_was_made_elsewhere(small_lab, prepared, laboratory, url, block):
    known = laboratory(url)
    made, trust, now = prepared(), small_lab.keys.trust, small_lab.now
    seal = wanted_seal(small_lab.db, made, trust=trust, good_for=known.bundle_good_for, now=now)
    keep(seals.archive_path(small_lab.folder, made.digest), made.archive)
    with small_lab.db.transaction():
        SealBundles(seal=write_seal(seal, *small_lab.keys.sealers)).apply(small_lab.db, known, None, now)
    assert registered(small_lab) == block


def test_the_predictions_of_a_file_of_ones_own_are_ones_own(small_lab, package, laboratory):
    text = (package / "catalogue" / "tiny_sum.py").read_text(encoding="utf-8").replace('"tiny_sum"', '"mine"')
    known, command = laboratory(""), PublishExperiment(experiment="mine", text=text)
    made = command.prepare(known)
    with small_lab.db.transaction():
        command.apply(small_lab.db, known, made, small_lab.now)
    assert {row["forecaster"] for row in small_lab.db.select("SELECT forecaster FROM prediction")} == {"operator"}
