"""Files that no row speaks of go after a day; everything else stays."""

import os

from axiom.server.janitor import clean


def test_only_a_file_without_a_row_is_deleted_and_only_after_a_day(busy_lab):
    order = busy_lab.order(1)
    busy_lab.report(order, b"x" * 100_000)  # large enough for a file of its own
    kept = list(busy_lab.folder.blobs.glob("??/*"))
    stray = busy_lab.folder.blobs / "ab" / ("cd" * 31)
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"left behind")
    os.utime(stray, (busy_lab.now.timestamp(),) * 2)
    busy_lab.later(hours=23)
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now) == 0
    busy_lab.later(hours=2)
    assert busy_lab.broken()["I9"]
    assert clean(busy_lab.db, busy_lab.folder, busy_lab.now) == 1
    assert list(busy_lab.folder.blobs.glob("??/*")) == kept != []
    assert "I9" not in busy_lab.broken()
