"""The older bundle that volunteers get until a repair has passed its preflight stays sealed, too."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.errors import Refused
from axiom.lab.experiments import seal as seals
from axiom.lab.experiments.publish import is_sealed
from axiom.signed import key_rotation
from axiom.signed.bundles import contents, read_seal, seal_body, write_seal
from axiom.signed.keys import load_keys, make_keys
from axiom.signed.trust import Role
from axiom.store.engine.folder import keep
from axiom.store.experiments import experiments

GOOD_FOR = timedelta(days=90)


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum was tried two months ago, and its repair of last month was not."""
    small_lab.keys = make_keys(small_lab.folder.keys, small_lab.now)
    small_lab.publish(prepared())
    small_lab.later(days=29)
    small_lab.publish(prepared(top="# repaired"), is_tried=False)
    small_lab.later(days=31, minutes=1)
    return small_lab


@pytest.fixture
def older(lab, prepared):
    """The bundle that volunteers get, as it stands now."""
    return lambda: experiments.bundle(lab.db, prepared().digest)


def wanted(lab) -> list:
    return list(
        seals.wanted(lab.db, lab.folder, [], trust=lab.keys.trust, good_for=GOOD_FOR, now=lab.now, problem=pytest.fail)
    )


def take(lab, text: str):
    with lab.db.transaction():
        return seals.take(lab.db, lab.folder, text, lab.keys.trust, lab.now)


def test_publishing_once_more_renews_it(lab, older, prepared):
    before = older()
    assert lab.publish(prepared(top="# repaired"), is_tried=False).change == "unchanged"
    assert older().expires_at == lab.now + GOOD_FOR
    seal = read_seal(older().seal, trust=lab.keys.trust, now=lab.now)
    assert (seal.digest, seal.serial, before.serial) == (before.digest, 1, 1)
    once = older()
    lab.publish(prepared(top="# repaired"), is_tried=False)
    assert older() == once
    assert lab.broken() == {}


def test_after_other_bundle_keys_both_are_sealed_by_them(lab, older):
    key_rotation.make_next(lab.folder.keys, Role.BUNDLE)
    key_rotation.change_here(lab.folder.keys, lab.now)
    lab.keys = load_keys(lab.folder.keys, lab.now)
    assert not is_sealed(older(), lab.keys.trust, lab.now)
    with lab.db.transaction():
        renewed = seals.renew(lab.db, lab.folder, lab.keys, GOOD_FOR, lab.now)
    assert [one.name for one in renewed] == ["tiny_sum"]
    assert is_sealed(older(), lab.keys.trust, lab.now)
    assert is_sealed(experiments.bundle_now(lab.db, 1), lab.keys.trust, lab.now)


def test_where_the_keys_are_elsewhere_it_is_asked_for_brought_and_stays_the_older_one(lab, older, prepared, tmp_path):
    file = tmp_path / "axiom" / "catalogue" / "tiny_sum.py"
    for name, body in contents(prepared(top="# repaired").archive).items():
        keep(tmp_path / name, body)
    how = {"trust": lab.keys.trust, "good_for": GOOD_FOR, "now": lab.now}
    assert len(list(seals.waiting(lab.db, lab.folder, tmp_path / "axiom", [file], **how))) == 1
    before, (asked,) = older(), wanted(lab)
    assert (asked.seal.digest, asked.seal.serial) == (before.digest, 1)
    keep(seals.archive_path(lab.folder, asked.seal.digest), asked.archive)
    with pytest.raises(Refused):  # it would get another number
        take(lab, write_seal(replace(asked.seal, serial=3), *lab.keys.sealers))
    assert older() == before
    text = write_seal(asked.seal, *lab.keys.sealers)
    assert [take(lab, text).change for _ in range(2)] == ["renewed", "unchanged"]
    assert older().expires_at == asked.seal.expires
    assert experiments.bundle_now(lab.db, 1).serial == 2
    assert wanted(lab) == []
    assert seal_body(asked.seal) == asked.body
