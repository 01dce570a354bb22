"""A fleet that only plays a part: labelled, fed with the drill alone, and counted by nobody."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import stored_work
from simulation import fleet_drill
from simulation.computer import Computer
from simulation.dice import Dice
from simulation.fleet import Build, Nature
from simulation.laboratory import BURDEN, Simulated
from simulation.live import LiveFleet, join, natures
from simulation.replies import hear

from axiom.domain.work import TaskState
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.experiments.commands.experiments import PublishExperiment
from axiom.laboratory.planning import plan
from axiom.laboratory.promises import find_broken_promises
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.settings import Settings
from axiom.signed.keys import make_secrets
from axiom.store.accounts import credit_sites
from axiom.store.connections import Connections
from axiom.store.credit import ledger
from axiom.store.engine import counters
from axiom.store.hosts import hosts as host_store
from axiom.store.views.credit import find_credit_rank, list_recent_balances

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@pytest.fixture
def lab(tmp_path):
    """A laboratory with an experiment of its own, which real hosts may have, and work of both kinds for a fleet."""
    lab = Simulated.make(tmp_path / "lab", 1, NOW, Settings(workers=0))
    lab.secrets = make_secrets(lab.folder.keys)
    lab.start()
    lab.submit(PublishExperiment(experiment=DRILL, text=Path(fleet_drill.__file__).read_text()))
    live = fleet(lab)
    lab.submit(DeployExperiment(experiment=BURDEN, workunits=20, replicates_each=1))
    for _ in range(40):
        lacking = live.lacking(
            lab.up.writer.run(lambda db: counters.read_counter(db, "task", drill(db), TaskState.UNSENT))
        )
        if lacking:
            lab.submit(DeployExperiment(experiment=DRILL, workunits=lacking, replicates_each=1))
        lab.clock.now += timedelta(seconds=30)
        live.turn()
        lab.work()
    yield lab
    lab.end()


def fleet(lab):
    def ask(body):
        return bytes(lab.up.scheduler.answer_request(body).result())

    computers = natures(12)
    names = {nature.volunteer for nature in computers}
    keys = lab.up.writer.run(lambda db: join(db, lab.secrets.accounts, sorted(names), lab.clock.now))
    return LiveFleet(computers, keys, ask=ask, arrive=lab.up.transfers.arrive, now=lab.clock)


def drill(db):
    return next(row["id"] for row in db.select("SELECT id FROM experiment WHERE name = :name", name=DRILL))


def test_simulated_computers_get_the_drill_alone_count_for_nobody_and_stay_known(lab):
    with Connections(folder=lab.folder).reader() as db:
        hosts = host_store.list_all_hosts(db)
        assert len(hosts) == 12
        assert all(host.is_simulated for host in hosts)
        sent = [task for task in stored_work.tasks(db) if task.host_id is not None]
        assert {task.experiment_id for task in sent} == {drill(db)}
        assert sum(task.state is TaskState.VALID for task in sent) > 50
        assert plan.count_fleet_cores(db, lab.clock.now) == 0
        assert plan.count_waiting_tasks(db) == 20
        assert DRILL not in {candidate.name for candidate in plan.list_candidates(db, lab.clock.now)}
        assert not host_store.has_other_hosts_since(db, 0, NOW - timedelta(days=1))
        assert ledger.find_balances(db, ledger.HOST, [host.id for host in hosts]) != {}, "they have their credit"
        assert ledger.list_top_balances(db, ledger.HOST, 10) == ledger.list_top_balances(db, ledger.VOLUNTEER, 10) == []
        assert list_recent_balances(db, "volunteer", NOW) == list_recent_balances(db, "host", NOW) == []
        assert find_credit_rank(db, "host", 0) == 1
        assert credit_sites.list_exported_volunteers(db, 0, 100) == []
        assert credit_sites.count_credit_holders(db, "host", lab.clock.now).everybody == 0
        assert db.select("SELECT id FROM workunit WHERE checks_task_id IS NOT NULL") == []
        assert db.select("SELECT id FROM evidence") == []
        assert not any(find_broken_promises(db, lab.folder, lab.keys.trust, lab.clock.now).values())
    again = fleet(lab)
    lab.clock.now += timedelta(seconds=60)
    again.turn()
    with Connections(folder=lab.folder).reader() as db:
        assert len(host_store.list_all_hosts(db)) == 12
    build = Build(name="real", cores=32, memory_mb=64_000, amount=1)
    nature = Nature(number=1, build=build, volunteer="Ann", speed=1.0)
    real = Computer(nature=nature, key=lab.join("Ann"), salt="real", dice=Dice(1, "real"))
    for tasks in (16, 4):  # a new one's, and the rest
        heard = hear(bytes(lab.up.scheduler.answer_request(real.says(0.0)).result()))
        assert [order.ticket["experiment"] for order in heard.orders] == [BURDEN] * tasks
        real.obeys(heard, 0.0)
        lab.clock.now += timedelta(seconds=30)
        lab.up.writer.run(lambda db: db.execute("UPDATE host SET valid_in_row = 1"))
    then = hear(bytes(lab.up.scheduler.answer_request(real.says(0.0)).result()))
    assert then.orders == ()
    assert any("drill" in message for message in then.messages)
