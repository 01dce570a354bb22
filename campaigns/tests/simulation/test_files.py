"""The disks of the journal and of files fail as they are told to, and a laboratory keeps its promises all the same."""

import errno
import os
from dataclasses import replace

import pytest
from simulation.disk import DiskFault, Fate, Killed
from simulation.files import Disk, Files
from simulation.troubles import CALM
from simulation.world import Scenario
from world.simulation import Simulation

from axiom.store.engine.folder import Folder

# As many in two days as in thirty otherwise.
FAILING = replace(
    CALM,
    cut_uploads=0.3,
    torn_writes=300.0,
    full_journals=150.0,
    broken_journals=150.0,
    full_folders=300.0,
    broken_folders=300.0,
)


@pytest.fixture
def files(tmp_path):
    """What an empty laboratory's files meet."""
    folder = Folder(path=tmp_path)
    for place in (folder.journal, folder.blobs, folder.uploads):
        place.mkdir()
    return Files(folder=folder, fate=Fate())


def write(path, body=b"0123456789") -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        os.write(descriptor, body)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@pytest.mark.parametrize(("fault", "number"), [(DiskFault.FULL, errno.ENOSPC), (DiskFault.BROKEN, errno.EIO)])
def test_a_write_that_fails_leaves_half_of_it_and_the_next_one_goes_well(files, fault, number):
    path = files.folder.blobs / "one"
    files.arm(Disk.FOLDERS, fault, 1)
    with files.frail():
        with pytest.raises(OSError, match="the disk is") as raised:
            write(path)
        assert (raised.value.errno, path.read_bytes()) == (number, b"01234")
        write(path)
    assert path.read_bytes() == b"0123456789"
    assert files.fate.happened == {f"{fault} at write of the folders": 1}


def test_a_disk_fails_alone_and_at_the_call_that_was_meant(files, tmp_path):
    files.arm(Disk.JOURNAL, DiskFault.BROKEN, 3)
    with files.frail():
        write(files.folder.blobs / "one")
        write(tmp_path / "elsewhere")
        write(files.folder.journal / "first")
        with pytest.raises(OSError, match="the disk is broken"):
            write(files.folder.journal / "second")


def test_nothing_of_a_dead_process_reaches_its_disks_any_more(files):
    path = files.folder.uploads / "part"
    files.arm(Disk.FOLDERS, DiskFault.KILL, 2)
    with files.frail():
        with pytest.raises(Killed):
            write(path)
        assert files.fate.is_dead
        with pytest.raises(Killed):
            write(path, b"later")
    assert path.read_bytes() == b"0123456789"
    write(path, b"well again")


def test_every_promise_holds_while_the_disks_of_journal_and_files_fail(tmp_path):
    course = Scenario(seed=3, hosts=8, days=2, workunits=80, bulky=30, troubles=FAILING, full_check_every=1_000)
    outcome = Simulation(course, tmp_path / "lab").play()
    assert outcome.broken == []
    assert outcome.results >= 60
    kinds = {(what.split()[0], what.rsplit(" ", 1)[-1]) for what in outcome.met}
    assert kinds == {(fault.value, disk.value) for fault in DiskFault for disk in Disk}
    assert Simulation(course, tmp_path / "again").play().digest == outcome.digest


class Careless(Simulation):
    """A laboratory that deletes an output which it has acknowledged."""

    def _tidy(self):
        super()._tidy()
        for path in sorted(self.lab.folder.blobs.glob("??/*"))[:1]:
            path.unlink()


def test_a_lost_file_is_found_out(tmp_path):
    course = Scenario(seed=8, hosts=8, days=2, workunits=20, bulky=30, full_check_every=500)
    problems = Careless(course, tmp_path / "lab").play().broken
    assert any(problem.startswith("I9") for problem in problems), problems
