"""The promises that need more than the database: files, signatures and chains. Each can fail."""

import os
from dataclasses import replace

import pytest

from axiom.domain.sessions import EntryKind, TranscriptEntry
from axiom.server.upkeep.invariants import PROMISES, broken
from axiom.signed.bundles import read_seal, write_seal
from axiom.store.sessions import sessions, transcripts
from axiom.store.upkeep import audit
from axiom.store.upkeep.audit import Audited


@pytest.fixture
def audited_lab(busy_lab):
    entry = Audited(
        caller="Ada", command="a.b", arguments="{}", dry_run=False, key=None, outcome="done", answer="{}", workunits=1
    )
    for _ in range(3):
        audit.append(busy_lab.db, entry, busy_lab.now)
    session = sessions.begin(busy_lab.db, pi="scientist", reason="a test", now=busy_lab.now)
    request = TranscriptEntry(kind=EntryKind.REQUEST, model="", prompt="", body="{}", tokens=9, micros=0)
    transcripts.append(busy_lab.db, session.id, request, busy_lab.now)
    assert busy_lab.broken() == {}
    return busy_lab


def test_every_promise_is_asked(busy_lab):
    assert broken(busy_lab.db, busy_lab.folder, busy_lab.keys.trust, busy_lab.now) == {name: [] for name in PROMISES}


@pytest.mark.parametrize(
    ("promise", "problem", "damage"),
    [
        (
            "I9",
            "bytes that were stored",
            "UPDATE blob SET body = x'00' WHERE digest = (SELECT output_digest FROM task WHERE id = 1)",
        ),
        (
            "I9",
            "has a row but no file",
            "UPDATE blob SET body = NULL WHERE digest = (SELECT output_digest FROM task WHERE id = 1)",
        ),
        ("I11", "under another digest or serial than signed", "UPDATE bundle SET serial = 2"),
        ("I11", "signature by the bundle key", "UPDATE bundle SET seal = substr(seal, 5)"),
        ("I11", "ran out", "UPDATE bundle SET created_at = expires_at + 1"),
        ("I12", "audit 2 was altered", "UPDATE audit SET caller = 'Bob' WHERE id = 2"),
        ("I12", "registration 1 was altered", "UPDATE registration SET cohort = 'exploratory'"),
        ("I12", "transcript 1 was altered", "UPDATE transcript SET tokens = 0"),
        ("I12", "counter task sent of experiment 1 says 2", "UPDATE counter SET amount = 2 WHERE state = 'sent'"),
    ],
)
def test_a_promise_that_does_not_hold_is_reported_and_no_other(audited_lab, promise, problem, damage):
    assert audited_lab.db.execute(damage) == 1
    found = audited_lab.broken()
    assert list(found) == [promise]
    assert problem in found[promise][0]


def test_a_file_that_nobody_wrote_down_is_reported_after_a_day(busy_lab):
    stray = busy_lab.folder.blobs / "ab" / ("cd" * 31)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"left behind")
    for hours, problems in [(23, {}), (25, {"I9": [f"file blobs/ab/{'cd' * 31} has no row"]})]:
        os.utime(stray, (busy_lab.now.timestamp() - 3600 * hours,) * 2)
        assert busy_lab.broken() == problems


@pytest.mark.parametrize(
    ("signer", "changes", "problem"),
    [
        ("ticket", {}, "may not sign as bundle"),
        ("bundle", {"size": 9}, "9 were sealed"),
        ("bundle", {"digest": "ab" * 32}, "its digest is not the sealed one"),
        ("bundle", {"version": 2}, "its seal of tiny_sum@2"),
        ("bundle", {"serial": 2}, "under another digest or serial"),
    ],
)
def test_a_bundle_that_is_not_what_the_bundle_key_signed_is_reported(busy_lab, signer, changes, problem):
    keys = busy_lab.keys
    seal = read_seal(busy_lab.db.one("SELECT seal FROM bundle")["seal"], trust=keys.trust, now=busy_lab.now)
    forged = write_seal(replace(seal, **changes), getattr(keys, signer))
    busy_lab.db.execute("UPDATE bundle SET seal = :seal", seal=forged)
    (found,) = busy_lab.broken()["I11"]
    assert problem in found


def test_the_look_is_one_moment_even_while_work_goes_on(busy_lab):
    with busy_lab.db.transaction():
        assert busy_lab.broken() == {}
