"""A host that invents tiles is checked by another one, whatever was drawn by lot; honest ones are left alone."""

import logging
from dataclasses import replace

import pytest
from draws import secret_for
from map_lab import map_lab

from axiom.domain.declaration import pack
from axiom.domain.work import Agreement, TaskState
from axiom.signed.outputs import cell_line, footer_line, header_line
from axiom.store.hosts import hosts
from axiom.store.maps import tiles
from axiom.store.tasks import workunits

SECRET = secret_for(among=16)


@pytest.fixture
def lab(small_lab):
    """A replicate of level 0 is back, level 1 is ordered; host 2 is Bob's, host 3 Cleo's."""
    made = map_lab(small_lab, replicates=1)
    for name, volunteer in (("bobs", "Bob"), ("cleos", "Cleo")):
        made.host(name, volunteer=volunteer, memory_mb=64_000)
    made.compute(1)
    made.chart(has_volunteers=True)
    return made


def brought(lab, host: int, make=lambda measures: measures):
    """The next task of a host; `make` changes the measures of each of its tiles."""
    order = lab.order(host)
    cells = lab.cells(order)
    lab.report(order, written(lab, order, [make(cell.measures) for cell in cells]))
    lab.validate(SECRET)
    lab.later(minutes=1)
    return workunits.task(lab.db, order.task)


def written(lab, order, measured) -> bytes:
    cells = [
        cell_line(replace(cell, measures=measures)) for cell, measures in zip(lab.cells(order), measured, strict=True)
    ]
    return header_line(lab.header(order)) + b"".join(cells) + footer_line(len(cells))


def made_up(measures: dict) -> dict:
    """A picture that looks like one: half of it inside, wherever the tile lies."""
    return measures | {"inside": pack(bytes([0, 2] * 32)), "border": 900, "share": 0.001}


def the_check(lab, host: int):
    """A host computes until it has computed a check."""
    while True:
        task = brought(lab, host)
        if workunits.workunit(lab.db, task.workunit_id).checks_task_id:
            return task


def agreement(lab, task) -> str:
    return lab.db.one("SELECT agreement FROM task WHERE id = :id", id=task.id)["agreement"]


def test_a_made_up_tile_is_kept_told_of_and_computed_again_elsewhere(lab, caplog):
    with caplog.at_level(logging.INFO, "axiom.validator"):
        task = brought(lab, 2, made_up)
    assert (task.state, agreement(lab, task)) == (TaskState.VALID, Agreement.WAITING)
    assert f"tile.doubtful task={task.id} host=2" in caplog.text
    assert lab.levels("drawn")[1] >= 1
    check = the_check(lab, 3)
    assert agreement(lab, check) == Agreement.DIFFERS
    assert agreement(lab, task) == Agreement.WAITING  # for a third opinion
    third = the_check(lab, 1)
    assert agreement(lab, task) == Agreement.DIFFERS
    assert agreement(lab, check) == agreement(lab, third) == Agreement.AGREES
    assert [host.id for host in hosts.outvoted(lab.db)] == [2]
    assert lab.broken() == {}


def test_an_honest_tile_is_not_checked(lab):
    task = brought(lab, 2)
    assert (task.state, agreement(lab, task)) == (TaskState.VALID, "")


def test_nobody_checks_what_its_own_volunteer_alone_could_compute(lab):
    lab.later(days=3)
    lab.ask(1)
    task = brought(lab, 1, made_up)
    assert (task.state, agreement(lab, task)) == (TaskState.VALID, "")


def test_a_tile_of_level_0_has_no_parent_to_disagree_with(small_lab):
    lab = map_lab(small_lab, replicates=1)
    lab.host("bobs", volunteer="Bob", memory_mb=64_000)
    task = brought(lab, 1, made_up)
    assert (task.state, agreement(lab, task)) == (TaskState.VALID, "")
    assert tiles.one(lab.db, 1, 0, 0).pixels == bytes([0, 2] * 32)
