"""What a host keeps: whom it trusts, bundles and their code, and files that are whole or not there."""

import errno
import shutil
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from axiom.domain.work import Exit
from axiom.runner.files import home
from axiom.runner.files.unpacked_bundle import read_tree, write_tree
from axiom.signed import atomic_files, bundles
from axiom.signed.atomic_files import write_atomically
from axiom.signed.bundles import pack_files, write_seal
from axiom.signed.tickets import Order, write_ticket
from axiom.signed.trust import write_trust


def refused(answer, status, words, lab):
    assert answer.exit is status
    assert words in answer.message
    assert answer.output is None
    assert lab.nothing_was_imported
    assert lab.computed == []
    return True


def test_a_bundle_that_is_not_the_sealed_one_or_a_seal_of_something_else_is_refused(obey, lab):
    path = lab.home.path / "bundles" / f"{lab.digest}.zip"
    path.unlink()
    assert refused(obey(), Exit.BAD_BUNDLE, "is missing", lab)
    raw = lab.archive
    for body, words in (
        (raw[:-1], "were sealed"),
        (b"", "were sealed"),
        (raw + b"\0", "were sealed"),
        (raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:], "digest is not the sealed one"),
    ):
        path.write_bytes(body)
        assert refused(obey(), Exit.BAD_BUNDLE, words, lab)
    for changes, words in (
        ({"serial": 2}, "serial 2"),
        ({"version": 2}, "probe_cells@2"),
        ({"experiment": "other"}, "other@1"),
        ({"digest": "ab" * 32}, "digest abab"),
    ):
        lab.place(raw, write_seal(lab.seal(**changes), lab.keys.bundle))
        assert refused(obey(), Exit.BAD_BUNDLE, words, lab)
    lab.place(raw, write_seal(lab.seal(), lab.keys.bundle))
    answer = obey()
    assert answer.exit == Exit.DONE
    assert answer.message == ""
    assert len(lab.computed) == 2


def test_a_seal_that_is_missing_foreign_damaged_or_expired_is_refused(obey, lab, strangers, now):
    assert refused(obey(at=now + timedelta(days=90)), Exit.BAD_TICKET, "ran out", lab)
    lab.place(lab.archive, write_seal(lab.seal(expires=now), lab.keys.bundle))
    assert refused(obey(), Exit.BAD_BUNDLE, "The seal of probe_cells@1 ran out", lab)
    lab.place(lab.archive, write_seal(lab.seal(), strangers.bundle))
    assert refused(obey(), Exit.BAD_BUNDLE, "not the laboratory's", lab)
    lab.place(lab.archive, write_seal(lab.seal(), lab.keys.ticket))
    assert refused(obey(), Exit.BAD_BUNDLE, "not the laboratory's", lab)
    lab.place(lab.archive, "é")
    assert refused(obey(), Exit.BAD_BUNDLE, "seal cannot be read", lab)
    (lab.home.path / "bundles" / f"{lab.digest}.seal").unlink()
    assert refused(obey(), Exit.BAD_BUNDLE, "is missing", lab)


def test_a_sealed_bundle_with_a_file_outside_its_folder_writes_nothing(obey, lab):
    escaping = lab.with_bundle(pack_files(lab.files | {"../../escaped.py": b""}))
    assert refused(obey(escaping.order()), Exit.BAD_BUNDLE, "unexpected file '../../escaped.py'", lab)
    assert not list(lab.home.path.parent.rglob("escaped.py"))


def test_a_bundle_older_than_one_seen_is_refused(obey, lab):
    newer = replace(lab, archive=pack_files(bundles.read_bundle_files(lab.archive) | {"axiom/kit/extra.py": b""}))
    newer.place(newer.archive, write_seal(newer.seal(serial=4), lab.keys.bundle))
    assert obey(newer.order(serial=4)).exit is Exit.DONE
    (newer.room / "imported").unlink()
    (newer.room / "computed").unlink()
    assert refused(obey(), Exit.BAD_BUNDLE, "has serial 3, and this host has seen 4", lab)


def test_an_unpacked_file_that_was_changed_is_written_again(obey, lab):
    obey()
    tree = lab.home.path / "unpacked" / lab.digest
    before = (tree / "axiom" / "catalogue" / "probe_cells.py").stat().st_mtime_ns
    obey(slot="untouched")
    assert (tree / "axiom" / "catalogue" / "probe_cells.py").stat().st_mtime_ns == before

    (tree / "axiom" / "catalogue" / "probe_cells.py").write_text("raise SystemExit('evil')")
    (tree / "numpy.py").write_text("raise SystemExit('evil')")
    (tree / "axiom" / "kit" / "linked.py").symlink_to("/etc/passwd")
    answer = obey(slot="changed")
    assert (answer.exit, answer.message) == (Exit.DONE, "")
    assert not (tree / "numpy.py").exists()
    assert not (tree / "axiom" / "kit" / "linked.py").is_symlink()


def spoil(tree: Path) -> None:
    (tree / "axiom" / "catalogue" / "probe_cells.py").write_text("raise SystemExit('evil')")
    (tree / "numpy.py").write_text("raise SystemExit('evil')")


@pytest.mark.parametrize("change", [spoil, shutil.rmtree])
def test_what_was_changed_between_cells_is_written_again_after_a_late_child(lab, obey_anew, change):
    changed: list[float] = []

    def report(_task, fraction, _size):
        if fraction > 0 and not changed:
            changed.append(fraction)
            change(lab.home.path / "unpacked" / lab.digest)

    order = lab.order({"act": "spin"}, {"act": "ok"}, cell_seconds=(0.2, 20.0))
    answer = obey_anew(lab, order, report=report)
    assert changed
    assert (answer.exit, answer.message) == (Exit.DONE, "")


def test_code_that_found_no_room_leaves_nothing_behind(obey, lab, monkeypatch):
    def full(folder, files):
        write_tree(folder, dict(list(files.items())[:9]))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(home, "write_tree", full)
    assert refused(obey(), Exit.NO_ROOM, "There is no room left", lab)
    assert list((lab.home.path / "unpacked").iterdir()) == []
    monkeypatch.undo()
    assert obey().exit is Exit.DONE


def test_a_host_without_trust_or_with_a_damaged_memory_computes_nothing(obey, lab):
    trust = (lab.home.path / "trust.json").read_bytes()
    (lab.home.path / "trust.json").unlink()
    assert refused(obey(), Exit.BAD_TICKET, "trusts nobody yet", lab)
    (lab.home.path / "trust.json").write_bytes(trust)
    (lab.home.path / "seen.json").write_bytes(b'{"lab":')
    assert refused(obey(), Exit.BAD_TICKET, "seen.json is damaged", lab)


def test_the_first_laboratory_is_the_only_one(obey, lab, strangers, now):
    assert lab.home.trust(now).lab == lab.keys.trust.lab
    (lab.home.path / "trust.json").write_bytes(write_trust(strangers.trust, [strangers.root]))
    ticket = lab.ticket(lab=strangers.trust.lab)
    foreign = Order.of(ticket, write_ticket(ticket, strangers.ticket))
    assert refused(obey(foreign), Exit.BAD_TICKET, "this host works for", lab)


def test_a_newer_trust_file_replaces_and_an_older_is_refused(obey, lab, now):
    first = (lab.home.path / "trust.json").read_bytes()
    newer = replace(lab.keys.trust, version=2)
    (lab.home.path / "trust.json").write_bytes(write_trust(newer, [lab.keys.root], first))
    assert lab.home.trust(now).version == 2
    (lab.home.path / "trust.json").write_bytes(first)
    assert refused(obey(), Exit.BAD_TICKET, "version 1, and version 2 was seen", lab)


def test_a_file_is_on_the_disk_before_it_takes_the_place_and_no_draft_stays(tmp_path, monkeypatch):
    write_atomically(tmp_path / "file", b"before")
    seen = []
    monkeypatch.setattr(atomic_files.os, "fsync", lambda _handle: seen.append((tmp_path / "file").read_bytes()))
    write_atomically(tmp_path / "file", b"head\n", b"body")
    assert seen == [b"before", b"head\nbody"]  # the file, and then the folder
    assert (tmp_path / "file").read_bytes() == b"head\nbody"

    def fail(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        write_atomically(tmp_path / "file", b"after")
    assert (tmp_path / "file").read_bytes() == b"head\nbody"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_several_may_place_the_same_file_at_once(tmp_path):
    bodies = [bytes([number]) * 100_000 for number in range(4)]
    threads = [threading.Thread(target=write_atomically, args=(tmp_path / "file", body)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "file").read_bytes() in bodies
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


FILES = {"axiom/__init__.py": b"", "axiom/kit/one.py": b"x = 1\n"}


def test_what_was_written_is_held_and_a_link_and_a_further_file_are_seen(tmp_path):
    write_tree(tmp_path, FILES)
    assert read_tree(tmp_path) == FILES
    (tmp_path / "axiom" / "kit" / "one.py").unlink()
    (tmp_path / "axiom" / "kit" / "one.py").symlink_to(tmp_path / "axiom" / "__init__.py")
    (tmp_path / "more").write_bytes(b"y")
    assert read_tree(tmp_path) == {**FILES, "axiom/kit/one.py": None, "more": b"y"}
