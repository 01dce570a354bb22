"""Programs that fill the disk where nobody looks, or a little more at every start."""

import shutil

import pytest

from axiom.domain.work import Exit, Outcome
from axiom.limits import runner as limits
from axiom.runner.files.bundle_folders import folder_size_mb, open_bundle_folder

_ROOM = 'os.chdir(os.environ["JAX_COMPILATION_CACHE_DIR"])\n'
_WITHOUT_END = """
import itertools
for number in itertools.count():
    Path(str(number)).write_bytes(b"x" * 2**20)
    time.sleep(0.01)
"""
FILLING = {
    "a folder that may not be listed": 'os.mkdir("d", 0o300)\nos.chdir("d")',
    "what lies deeper than a path can lead": 'for _ in range(2100):\n    os.mkdir("d")\n    os.chdir("d")',
    "what looks like the folder of a neighbour": (
        f'{_ROOM}os.mkdir(".scratch-neighbour")\nPath(".scratch-neighbour.held").touch()\nos.chdir(".scratch-neighbour")'
    ),
    "a deep folder that its bundle keeps": f'{_ROOM}for _ in range(40):\n    os.mkdir("d")\n    os.chdir("d")',
}


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """A disk that is full soon; with the real bounds the programs do the same for longer."""
    monkeypatch.setattr(limits, "DISK_MB", 50.0)
    monkeypatch.setattr(limits, "BUNDLE_MB", 80.0)
    monkeypatch.setattr(limits, "LOOK_EVERY_SECONDS", 0.1)
    monkeypatch.setattr(limits, "SCRATCH_MB_OF_BUNDLE", 40.0)


@pytest.mark.parametrize("name", FILLING)
def test_whoever_fills_the_disk_where_it_is_hard_to_look_is_seen_and_cleared_away(name, host):
    before = host.marks()
    ended = host.attack(FILLING[name] + _WITHOUT_END)
    assert ended.answer.exit is Exit.CHILD_LOST, ended.story
    assert "The computing process is lost: it wrote" in ended.answer.message
    after = host.marks()
    assert {path: after[path] for path in before} == before
    assert list(host.home.cache.glob(".scratch-*")) == []
    (place,) = (path for path in host.home.cache.iterdir() if len(path.name) == 64 and path.name != "0" * 64)
    open_bundle_folder(host.home.cache, place.name)
    assert folder_size_mb(place) <= 80


def test_a_bundle_that_leaves_more_at_every_start_begins_anew(host):
    body = f'{_ROOM}Path(os.path.basename(os.environ["TMPDIR"])).write_bytes(b"x" * 30 * 10**6)'
    sizes = []
    for _ in range(5):
        assert host.attack(body).answer.exit is Exit.DONE
        sizes.append(round(folder_size_mb(host.home.cache)))
        shutil.rmtree(host.slot / "task")  # the next one begins at its first cell, too
    assert sizes == [30, 60, 30, 60, 30]


@pytest.mark.parametrize("flags", ["os.O_RDWR", "os.O_RDONLY", "os.O_CREAT | os.O_WRONLY"])
def test_what_keeps_a_folder_from_being_swept_is_out_of_reach(flags, host):
    ended = host.attack(f'os.open(os.environ["TMPDIR"] + ".held", {flags})')
    assert ended.cell.outcome is Outcome.FAILED
    assert ended.cell.error.kind == "PermissionError"
