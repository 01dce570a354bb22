"""The next tiles of maps become workunits of one replicate each, of maps that may be computed."""

from pathlib import Path

import disc_map
import pytest
import stored_work
from map_lab import POLICY, MapLab, map_lab, prepared_map
from started_writer import started_writer
from tiny_experiment import prepare_text

from axiom.domain.maps import tile_at
from axiom.domain.work import TaskState
from axiom.errors import Refused
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.planning.jobs import visits_job
from axiom.laboratory.planning.tile_orders import find_charted_version, list_charted_versions, order_tiles_to_chart
from axiom.limits import maps as limits
from axiom.store.experiments import experiments, releases
from axiom.store.tasks import workunits


@pytest.fixture
def lab(small_lab):
    """Eight replicates of level 0 are back."""
    made = map_lab(small_lab, replicates=8)
    made.compute()
    return made


def test_a_workunit_holds_tiles_of_one_arm_level_and_replicate_for_about_a_turn(lab):
    ordered = lab.chart(cores=100)
    made = [workunits.find_workunit(lab.db, number) for order in ordered for number in order.workunits]
    assert made
    for workunit in made:
        places = {(tile_at(place)[0].level, tile_at(place)[1]) for place in workunit.configs}
        assert len(places) == len(workunit.replicates) == 1
        assert len(workunit.configs) <= POLICY.task_seconds  # a tile is declared to last a second
        assert list(workunit.configs) == sorted(workunit.configs)
    assert {(order.name, order.level) for order in ordered} == {("disc_map", 1)}
    tiles_ordered = sum(order.tiles for order in ordered)
    assert tiles_ordered == sum(len(workunit.configs) for workunit in made) == lab.levels("ordered")[1]
    lab.compute()
    rows = lab.db.select("SELECT DISTINCT replicate, seed FROM result")
    assert len(rows) == 8  # a deeper tile has the seed of its replicate
    assert {task.state for task in stored_work.tasks(lab.db)} == {TaskState.VALID}


def test_no_more_is_ordered_than_should_wait_and_for_volunteers_a_task_is_longer(lab):
    wanted = POLICY.per_core * POLICY.task_seconds
    assert sum(order.tiles for order in lab.chart(cores=1, is_idle=False)) == limits.SHARE_OF_WORK * wanted
    assert lab.chart(cores=1, is_idle=False) == []
    lab.compute(1)
    assert sum(order.tiles for order in lab.chart(cores=1)) >= 1
    lab.deploy(workunits=4, max_failures=1)
    lab.compute()
    (first, *_) = [number for order in lab.chart(cores=1, has_volunteers=True) for number in order.workunits]
    assert len(workunits.find_workunit(lab.db, first).configs) == 4  # all quarters: 20 minutes would be more


def test_for_a_person_who_waits_a_version_is_charted_to_its_level_and_no_deeper(lab):
    lab.db.execute("DELETE FROM release")
    version, most = find_charted_version(lab.db, experiments.find_experiment(lab.db, 1)), 5
    ordered = order_tiles_to_chart(lab.db, version, POLICY, lab.now, most=most)
    assert sum(len(order.workunits) for order in ordered) >= most
    assert sum(order.seconds for order in ordered) == sum(order.tiles for order in ordered) == lab.levels("ordered")[1]
    while ordered:
        lab.compute()
        ordered = order_tiles_to_chart(lab.db, version, POLICY, lab.now, most=most)
    assert set(lab.levels("drawn")) == {0, 1, 2}
    assert set(lab.levels("open")) == {3}


def test_nothing_is_ordered_before_level_0_is_back_or_of_a_retired_version(small_lab):
    lab = map_lab(small_lab, replicates=2)
    assert lab.chart() == []
    lab.compute()
    retire_version(lab.db, 1, "retired", lab.now)
    assert lab.chart() == []


def changed_map(folder, old: str, new: str, version: int = 1):
    text = Path(disc_map.__file__).read_text()
    assert old in text
    return prepare_text("disc_map", text.replace(old, new).replace("version=1", f"version={version}"), folder)


def test_nothing_of_a_map_is_ordered_as_a_pilot_and_its_reading_may_become_clearer(lab, tmp_path):
    for approvals in ("", "code"):
        assert [version.name for version in list_charted_versions(lab.db, lab.now, approvals)] == ["disc_map"]
        lab.db.execute("DELETE FROM release")
        assert list_charted_versions(lab.db, lab.now, approvals) == []
        releases.release_to_everybody(lab.db, 1, prepared_map().digest, "a test vouches for it", lab.now)
        assert [version.name for version in list_charted_versions(lab.db, lab.now, approvals)] == ["disc_map"]
    for old, new in (
        ('title="A disc"', 'title="A round disc"'),
        ("how far up", "height"),
        ("    charted=2,", '    charted=2,\n    arms=("the large one", "the small one"),'),
    ):
        assert lab.publish(changed_map(tmp_path, old, new)).change == "new bundle"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pixels=8", "pixels=16"),
        ('name="how far up", low=-1.0', 'name="how far up", low=-2.0'),
        ("deepest=3", "deepest=4"),
        ('name="inside", shades=2', 'name="inside", shades=3'),
    ],
)
def test_a_map_that_shows_another_plane_needs_another_version_with_its_own_tiles(lab, tmp_path, old, new):
    with pytest.raises(Refused):
        lab.publish(changed_map(tmp_path, old, new))
    states = "SELECT experiment_id, level, state, count(*) FROM tile GROUP BY 1, 2, 3"
    before = lab.db.select(states)
    lab.publish(changed_map(tmp_path, old, new, version=2))
    assert lab.db.select(states) == before
    lab.deploy(2)
    assert workunits.find_workunit(lab.db, 9).configs == (0, 1)


def test_long_tiles_of_level_0_are_ordered_arm_by_arm_and_each_arm_goes_on_by_itself(small_lab, tmp_path):
    small_lab.publish(changed_map(tmp_path, "lambda _: 1.0", "lambda _: 900.0"))
    small_lab.host(memory_mb=64_000)
    lab = MapLab(lab=small_lab)
    made = lab.deploy(workunits=2)
    parts = [(part.replicates, part.configs) for part in (workunits.find_workunit(lab.db, number) for number in made)]
    assert parts == [((0,), (0,)), ((1,), (0,)), ((0,), (1,)), ((1,), (1,))]
    lab.compute(1)
    (order,) = lab.chart()
    assert {
        tile_at(place)[1] for each in order.workunits for place in workunits.find_workunit(lab.db, each).configs
    } == {0}
    lab.compute()
    assert (lab.levels("drawn")[0], lab.broken()) == (4, {})


def test_where_people_looked_the_open_quarters_are_worth_more(lab):
    sums = "SELECT level, arm, count(*) * {} + sum(worth) AS worth FROM tile WHERE state = 'open' GROUP BY 1, 2"
    before = lab.db.select(sums.format(limits.LOOKED_AT))
    assert {row["level"] for row in before} == {1}
    with started_writer(lab) as writer:
        visits_job(writer, lambda: [(1, 0), (1, 1)]).work()  # the tiles of level 0
        after = writer.run(lambda db: db.select(sums.format(0)))
    assert after == before
