"""Days of a laboratory in seconds: the same seed is the same course, and every promise holds after every event."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from patience import PATIENCE
from simulation.fleet import BUILDS, WHOLE, builds, fleet
from simulation.troubles import ALL, CALM
from simulation.world import Scenario
from world.simulation import Simulation

# Kills and broken disks are as many in these few days as in thirty otherwise.
ROUGH = Scenario(
    seed=20_260_302,
    hosts=12,
    days=4,
    workunits=300,
    troubles=replace(ALL, kills=150.0, broken_disks=40.0, full_disks=40.0, cancels=30.0, outages=20.0),
)
CAMPAIGNS = Path(__file__).parents[2]
ONCE_MORE = """
import sys
from pathlib import Path
from world.simulation import Simulation
from simulation.troubles import ALL
from simulation.world import Scenario
scenario = Scenario(seed=5, hosts=6, days=2, workunits=60, troubles=ALL)
print(Simulation(scenario, Path(sys.argv[1])).play().digest)
"""


def test_every_promise_holds_whatever_happens(tmp_path):
    outcome = Simulation(ROUGH, tmp_path / "lab").play()
    assert outcome.broken == []
    assert outcome.kills >= 10
    assert outcome.results >= 150
    assert {"killed", "down", "started", "outage", "cancelled", "session", "uploaded"} <= set(outcome.counts)
    assert {what.split()[0] for what in outcome.met} == {"kill", "full", "broken"}


def test_one_seed_is_one_course_in_every_process_and_another_seed_another(tmp_path):
    digests = []
    for number in ("1", "2"):  # the order of sets of words is another one in each
        paths = os.pathsep.join(str(CAMPAIGNS / folder) for folder in (".", "parts", "tests"))
        environment = os.environ | {"PYTHONHASHSEED": number, "PYTHONPATH": paths}
        words = [sys.executable, "-c", ONCE_MORE, tmp_path / number / "lab"]
        (tmp_path / number).mkdir()
        digests.append(subprocess.check_output(words, env=environment, timeout=PATIENCE, text=True).strip())
    assert digests[0] == digests[1]
    assert len(digests[0]) == 64
    short = Scenario(seed=1, hosts=3, days=0.5, workunits=10)
    courses = [short, replace(short, seed=2)]
    first, other = (Simulation(course, tmp_path / f"{course.seed}.lab").play().digest for course in courses)
    assert first != other


# A laboratory that loses what it has acknowledged, gives credit which nobody has earned, sends what was withdrawn.
WRONGS = {
    "I1": "UPDATE task SET state = 'sent' WHERE id = (SELECT min(id) FROM task WHERE state = 'valid')",
    "I3": "UPDATE balance SET total = total + 1 WHERE holder = 'volunteer'",
    "I2": "UPDATE task SET sent_at = :later WHERE id = (SELECT min(id) FROM task WHERE state = 'valid')",
}


@pytest.mark.parametrize("promise", WRONGS)
def test_a_laboratory_that_breaks_its_word_is_found_out(tmp_path, promise):
    class Wrong(Simulation):
        def _tidy(self):
            super()._tidy()
            later = {"later": int(self.lab.clock.now.timestamp() * 1_000_000)} if promise == "I2" else {}
            db = self.lab.up.writer._kept
            with db.transaction():
                db.execute(WRONGS[promise], **later)

    course = Scenario(seed=3, hosts=6, days=1, workunits=40, full_check_every=10**9)
    problems = Wrong(course, tmp_path / "lab").play().broken
    assert any(problem.startswith(promise) for problem in problems), problems


def test_computers_that_fail_every_task_do_not_have_a_sound_version_stopped(tmp_path):
    course = Scenario(seed=2, hosts=12, days=3, workunits=210, troubles=replace(CALM, crashing=0.3))
    assert sum(nature.crashes for nature in fleet(12, course.seed, course.troubles, days=3)) >= 2
    outcome = Simulation(course, tmp_path / "lab").play()
    assert outcome.broken == []
    assert outcome.counts["ordered"] == 3
    assert outcome.results >= 150


def test_a_fleet_of_83_is_the_old_one_and_another_has_as_many_computers_as_its_size():
    assert sum(build.amount for build in BUILDS) == WHOLE
    assert sum(build.cores for build in builds(WHOLE)) == sum(build.cores * build.amount for build in BUILDS)
    assert sorted(build.name for build in builds(WHOLE)) == sorted(b.name for b in BUILDS for _ in range(b.amount))
    assert max(build.cores for build in builds(WHOLE)) == 240
    assert sum(build.gpus for build in builds(WHOLE)) == 6
    for amount in (1, 2, 12, 1_000):
        natures = fleet(amount, 1, CALM, days=30)
        assert [nature.number for nature in natures] == list(range(amount))
        assert not any(nature.lies or nature.crashes or nature.floods for nature in natures)
