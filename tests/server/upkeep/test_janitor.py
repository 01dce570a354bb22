"""Files that no row speaks of go after a day; everything else stays."""

import os
from datetime import timedelta

from axiom.server.upkeep.janitor import clean, look
from axiom.store.accounts import accounts
from axiom.store.engine import blobs
from axiom.store.tasks import progress, uploads
from axiom.store.tasks.progress import SaidProgress
from axiom.store.upkeep import figures


def test_only_a_file_without_a_row_is_deleted_and_only_after_a_day(busy_lab):
    order = busy_lab.order(1)
    busy_lab.report(order, b"x" * 100_000)  # large enough for a file of its own
    kept = list(busy_lab.folder.blobs.glob("??/*"))
    stray = busy_lab.folder.blobs / "ab" / ("cd" * 31)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"left behind")
    os.utime(stray, (busy_lab.now.timestamp(),) * 2)
    busy_lab.later(hours=23)
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now).files == 0
    busy_lab.later(hours=2)
    assert busy_lab.broken()["I9"]
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now).files == 1
    assert list(busy_lab.folder.blobs.glob("??/*")) == kept != []
    assert "I9" not in busy_lab.broken()


def test_what_was_brought_and_never_reported_goes_after_a_month_and_so_do_old_sign_ins(busy_lab):
    db, folder = busy_lab.db, busy_lab.folder
    reported = db.one("SELECT output_digest FROM task WHERE id = 1")["output_digest"]
    with db.transaction():
        bodies = [b"brought", b"y" * 100_000, blobs.get(db, folder, reported)]
        small, large, again = blobs.bring(db, folder, bodies, busy_lab.now)
        for task, digest in ((2, small), (3, large), (4, again)):
            facts = {"name": str(task), "size": 1, "md5": "", "received_at": busy_lab.now}
            uploads.record(db, [uploads.StoredUpload(task_id=task, digest=digest, **facts)])
        accounts.sign_in(db, "ab", 1, now=busy_lab.now, expires_at=busy_lab.now + timedelta(days=29))
    busy_lab.later(days=29)
    with db.transaction():
        clean(db, folder, busy_lab.now)
    assert set(uploads.of(db, [2, 3, 4])) == {2, 3, 4}
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
    assert uploads.of(db, [2, 3, 4]) == {}
    digests = {row["digest"] for row in db.select("SELECT digest FROM blob")}
    assert reported in digests
    assert not {small, large} & digests
    assert "I9" not in busy_lab.broken()


def test_what_was_brought_for_a_task_that_failed_goes_after_a_day(busy_lab):
    db, folder = busy_lab.db, busy_lab.folder
    failed, out = 2, 3
    with db.transaction():
        bodies = [b"of the one", b"of the other"]
        for task, digest in zip((failed, out), blobs.bring(db, folder, bodies, busy_lab.now), strict=True):
            facts = {"name": str(task), "size": 1, "md5": "", "received_at": busy_lab.now}
            uploads.record(db, [uploads.StoredUpload(task_id=task, digest=digest, **facts)])
        db.execute("UPDATE task SET state = 'failed' WHERE id = :id", id=failed)
        assert clean(db, folder, busy_lab.now).uploads == 0
    busy_lab.later(hours=25)
    with db.transaction():
        assert clean(db, folder, busy_lab.now).uploads == 1
    assert set(uploads.of(db, [failed, out])) == {out}


def test_what_was_said_of_a_task_that_is_out_no_more_goes(busy_lab):
    busy_lab.deploy(workunits=2)
    hosts = 1, busy_lab.host("second")
    first, second = (busy_lab.order(host) for host in hosts)
    with busy_lab.db.transaction():
        for host, order in zip(hosts, (first, second), strict=True):
            said = SaidProgress(task_id=order.task, fraction=0.5, cpu_seconds=1.0)
            progress.note(busy_lab.db, host, [said], busy_lab.now)
    busy_lab.report(first, b"done")
    clean(busy_lab.db, busy_lab.folder, busy_lab.now)
    assert busy_lab.db.select("SELECT task_id FROM progress") == [{"task_id": second.task}]


def test_what_was_found_beside_the_writer_and_is_needed_by_then_stays(busy_lab):
    db, folder = busy_lab.db, busy_lab.folder
    bodies = [b"unneeded %d" % number for number in range(600)]  # of all beginnings that a digest can have
    digests = [blobs.put(db, folder, body, busy_lab.now) for body in bodies]
    busy_lab.later(days=61)
    found = look(folder, busy_lab.now)
    assert found == sorted(digests)
    with db.transaction():
        blobs.bring(db, folder, bodies[:1], busy_lab.now)
        figures.keep(db, name="a picture", shown="", svg=digests[1], png=digests[2], now=busy_lab.now)
        assert clean(db, folder, busy_lab.now, found).blobs == 597
    assert {row["digest"] for row in db.select("SELECT digest FROM blob")} >= set(digests[:3])
    assert look(folder, busy_lab.now) == []
