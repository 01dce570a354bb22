"""Files that no row speaks of go after a day; everything else stays."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from scheduler_calls import MASTER

from axiom.domain.rounds import EntryKind, TranscriptEntry
from axiom.server.upkeep.invariants import PROMISES, list_broken_invariants
from axiom.server.upkeep.janitor import clean, read_leftovers
from axiom.signed.bundles import read_seal, write_seal
from axiom.store.accounts import accounts
from axiom.store.engine import blobs
from axiom.store.rounds import rounds, transcripts
from axiom.store.tasks import progress, uploads
from axiom.store.tasks.progress import ProgressReport
from axiom.store.upkeep import audit, figures
from axiom.store.upkeep.audit import AuditEntry


def test_only_a_file_without_a_row_is_deleted_after_a_day_if_not_needed_by_then(busy_lab):
    order = busy_lab.order(1)
    busy_lab.report(order, b"x" * 100_000)  # large enough for a file of its own
    kept = list(busy_lab.folder.blobs.glob("??/*"))
    stray = busy_lab.folder.blobs / "ab" / ("cd" * 31)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"left behind")
    os.utime(stray, (busy_lab.now.timestamp(),) * 2)
    busy_lab.later(hours=23)
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now).files == 0
    assert "I9" not in busy_lab.broken()
    busy_lab.later(hours=2)
    assert busy_lab.broken()["I9"] == [f"file blobs/ab/{'cd' * 31} has no row"]
    seen = read_leftovers(busy_lab.folder, busy_lab.now)
    assert seen.files == [stray]
    os.utime(stray, (busy_lab.now.timestamp(),) * 2)  # written anew since
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now, seen).files == 0
    busy_lab.later(hours=25)
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now).files == 1
    assert list(busy_lab.folder.blobs.glob("??/*")) == kept != []
    assert "I9" not in busy_lab.broken()
    db, folder = busy_lab.db, busy_lab.folder
    bodies = [b"unneeded %d" % number for number in range(300)]
    digests = [blobs.store_blob(db, folder, body, busy_lab.now) for body in bodies]
    busy_lab.later(days=61)
    found = read_leftovers(folder, busy_lab.now)
    assert found.blobs == sorted(digests)
    with db.transaction():
        blobs.store_output_blobs(db, folder, bodies[:1], busy_lab.now)
        figures.store_figure(db, busy_lab.folder, name="a picture", shown="", svg=digests[1], now=busy_lab.now)
        assert clean(db, folder, busy_lab.now, found).blobs == 298
    assert {row["digest"] for row in db.select("SELECT digest FROM blob")} >= set(digests[:2])
    assert read_leftovers(folder, busy_lab.now).blobs == []


def test_what_was_never_reported_goes_after_a_month_and_so_do_old_sign_ins(busy_lab):
    db, folder = busy_lab.db, busy_lab.folder
    reported = db.row("SELECT output_digest FROM task WHERE id = 1")["output_digest"]
    with db.transaction():
        bodies = [b"brought", b"y" * 100_000, blobs.read_blob(db, folder, reported)]
        small, large, again = blobs.store_output_blobs(db, folder, bodies, busy_lab.now)
        for task, digest in ((2, small), (3, large), (4, again)):
            facts = {"name": str(task), "size": 1, "md5": "", "received_at": busy_lab.now}
            uploads.record_uploads(db, [uploads.StoredUpload(task_id=task, digest=digest, **facts)])
        accounts.sign_in(db, "ab", 1, now=busy_lab.now, expires_at=busy_lab.now + timedelta(days=29))
    busy_lab.later(days=29)
    with db.transaction():
        clean(db, folder, busy_lab.now)
    assert set(uploads.read_uploads(db, [2, 3, 4])) == {2, 3, 4}
    assert db.select("SELECT * FROM sign_in") == []
    busy_lab.later(days=2)
    files = set(folder.blobs.glob("??/*"))
    with db.transaction():
        swept = clean(db, folder, busy_lab.now)
    assert (swept.files, swept.uploads) == (0, 3)
    assert set(folder.blobs.glob("??/*")) == files  # if the rows come back, as after a power cut, so does the file
    assert "I9" not in busy_lab.broken()
    busy_lab.later(days=2)
    with db.transaction():
        assert clean(db, folder, busy_lab.now).files == 1  # that of the large one
    assert uploads.read_uploads(db, [2, 3, 4]) == {}
    digests = {row["digest"] for row in db.select("SELECT digest FROM blob")}
    assert reported in digests
    assert not {small, large} & digests
    assert "I9" not in busy_lab.broken()


def test_what_was_brought_for_or_said_of_a_task_that_is_out_no_more_goes(busy_lab):
    busy_lab.deploy(workunits=2)
    hosts = 1, busy_lab.host("second")
    first, second = (busy_lab.order(host) for host in hosts)
    with busy_lab.db.transaction():
        for host, order in zip(hosts, (first, second), strict=True):
            said = ProgressReport(task_id=order.task, fraction=0.5, cpu_seconds=1.0)
            progress.record_progress(busy_lab.db, host, [said], busy_lab.now)
    busy_lab.report(first, b"done")
    clean(busy_lab.db, busy_lab.folder, busy_lab.now)
    assert busy_lab.db.select("SELECT task_id FROM progress") == [{"task_id": second.task}]
    db, folder = busy_lab.db, busy_lab.folder
    failed, out = 2, second.task
    with db.transaction():
        bodies = [b"of the one", b"of the other"]
        for task, digest in zip((failed, out), blobs.store_output_blobs(db, folder, bodies, busy_lab.now), strict=True):
            facts = {"name": str(task), "size": 1, "md5": "", "received_at": busy_lab.now}
            uploads.record_uploads(db, [uploads.StoredUpload(task_id=task, digest=digest, **facts)])
        db.execute("UPDATE task SET state = 'failed' WHERE id = :id", id=failed)
        assert clean(db, folder, busy_lab.now).uploads == 0
    busy_lab.later(hours=25)
    with db.transaction():
        assert clean(db, folder, busy_lab.now).uploads == 1
    assert set(uploads.read_uploads(db, [failed, out])) == {out}


@pytest.fixture
def handed(exchange, attic):
    (task,) = exchange.call(attic, ask=1.0).tasks.values()
    return task


def files_of(exchange, handed):
    names = {file.findtext("file_name") for file in handed.workunit.findall("file_ref")}
    return {name: exchange.download(f"{MASTER}download/{name}") for name in names}


@pytest.mark.parametrize("other", [b"another output", b"y" * 100_000], ids=["small", "large"])
def test_a_bundle_and_its_seal_are_given_to_others_all_the_same(exchange, handed, other):
    files = files_of(exchange, handed)
    assert len(files) == 2
    for body in files.values():
        exchange.upload(handed, body)
        exchange.upload(handed, other)
    assert files_of(exchange, handed) == files


@pytest.mark.parametrize("is_first", [True, False])
def test_a_picture_stays_and_what_was_brought_is_cleaned_away(exchange, handed, is_first):
    picture, now = b"<svg/>", exchange.lab.now

    def draw(db):
        digest = blobs.store_blob(db, exchange.folder, picture, now)
        figures.store_figure(db, exchange.folder, name="a picture", shown="", svg=digest, now=now)
        return digest

    if is_first:
        exchange.upload(handed, picture)
    digest = exchange.do(draw)
    if not is_first:
        exchange.upload(handed, picture)
    later = now + timedelta(days=31)
    assert exchange.do(lambda db: clean(db, exchange.folder, later)).uploads == 1
    assert exchange.do(lambda db: blobs.read_blob(db, exchange.folder, digest)) == picture


@pytest.fixture
def audited_lab(busy_lab):
    entry = AuditEntry(
        caller="Ada", command="a.b", arguments="{}", dry_run=False, key=None, outcome="done", answer="{}", workunits=1
    )
    for _ in range(3):
        audit.append_audit_entry(busy_lab.db, entry, busy_lab.now)
    begun = rounds.begin_round(busy_lab.db, pi="scientist", reason="a test", now=busy_lab.now)
    request = TranscriptEntry(kind=EntryKind.REQUEST, model="", prompt="", body="{}", tokens=9, micros=0)
    transcripts.append_transcript_entry(busy_lab.db, begun.id, request, busy_lab.now)
    assert busy_lab.broken() == {}
    return busy_lab


DAMAGES = [
    ("I9", "", "UPDATE blob SET body = x'00' WHERE digest = (SELECT output_digest FROM task WHERE id = 1)"),
    ("I9", "no file", "UPDATE blob SET body = NULL WHERE digest = (SELECT output_digest FROM task WHERE id = 1)"),
    ("I11", "serial", "UPDATE bundle SET serial = 2"),
    ("I11", "signature", "UPDATE bundle SET seal = substr(seal, 5)"),
    ("I11", "ran out", "UPDATE bundle SET created_at = expires_at + 1"),
    ("I12", "audit 2", "UPDATE audit SET caller = 'Bob' WHERE id = 2"),
    ("I12", "registration 1", "UPDATE registration SET cohort = 'exploratory'"),
    ("I12", "transcript 1", "UPDATE transcript SET tokens = 0"),
    ("I12", "counter task sent of experiment 1 says 2", "UPDATE counter SET amount = 2 WHERE state = 'sent'"),
]


@pytest.mark.parametrize(("promise", "problem", "damage"), DAMAGES)
def test_a_promise_that_does_not_hold_is_reported_and_no_other(audited_lab, promise, problem, damage):
    db = audited_lab.db
    assert list_broken_invariants(db, audited_lab.folder, audited_lab.keys.trust, audited_lab.now) == {
        name: [] for name in PROMISES
    }
    with db.transaction():
        assert db.execute(damage) == 1
        problems = audited_lab.broken()  # it is a look at one moment even while work goes on
    assert list(problems) == [promise]
    assert problem in problems[promise][0]


FORGED = [
    ("ticket", {}, "bundle"),
    ("bundle", {"size": 9}, "9 "),
    ("bundle", {"digest": "ab" * 32}, "digest"),
    ("bundle", {"version": 2}, "tiny_sum@2"),
    ("bundle", {"serial": 2}, "serial"),
]


def test_a_bundle_that_is_not_what_the_bundle_key_signed_is_reported(busy_lab):
    keys, db = busy_lab.keys, busy_lab.db
    seal = read_seal(db.row("SELECT seal FROM bundle")["seal"], trust=keys.trust, now=busy_lab.now)
    for signer, changes, problem in FORGED:
        forged = write_seal(replace(seal, **changes), getattr(keys, signer))
        db.execute("UPDATE bundle SET seal = :seal", seal=forged)
        (reported,) = busy_lab.broken()["I11"]
        assert problem in reported
