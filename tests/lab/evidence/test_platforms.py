"""A seed that a GPU computed is evidence of its host, and of a platform of its own, wherever one looks."""

import pytest
from planted_effects import block

from axiom.lab.evidence.recompute import recomputed
from axiom.store.engine.database import connect_reader
from axiom.store.evidence import evidence
from axiom.store.views.tables import pages
from axiom.web.base.request import Reading
from axiom.web.export import archive, recompute

CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia"


@pytest.fixture
def half(shifting):
    """One host has computed sixteen seeds; those of even tasks on its GPU, as its books say."""
    for _ in range(2):
        block(shifting)
    shifting.db.execute("UPDATE task SET gpu = 'NVIDIA' WHERE id % 2 = 0")
    shifting.hold()
    return shifting


def test_a_host_with_a_gpu_is_one_host_with_two_platforms(half):
    newest = evidence.newest(half.db)[1]
    assert (newest.seeds, newest.hosts, newest.volunteers, newest.platforms) == (16, 1, 1, 2)
    seen = evidence.observed(half.db, 1)
    assert {observed.gpus for observed in seen} == {(), ((1, "NVIDIA"),)}
    assert {observed.hosts for observed in seen} == {(1,)}
    assert recomputed(half.db) == []
    (page,) = pages(half.db, 1)
    assert set(zip(page.tasks, page.platforms, strict=True)) == {
        (task, CARD if task % 2 == 0 else CORE) for task in page.tasks
    }


def test_an_export_weighs_itself_to_the_same_platforms(half, tmp_path):
    reading = Reading(
        db=connect_reader(half.lab.folder.database), folder=half.lab.folder, now=half.lab.now, name="Ours", live=dict
    )
    files = archive.files(reading, 1)
    assert b",1:NVIDIA," in files["observations.csv"]
    for name, body in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    assert recompute.main([str(tmp_path)], "") == 0
    (tmp_path / "observations.csv").write_bytes(files["observations.csv"].replace(b":NVIDIA", b""))
    assert recompute.main([str(tmp_path)], "") == 1
