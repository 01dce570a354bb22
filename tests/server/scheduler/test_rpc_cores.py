"""Tasks that compute on several cores of a client's computer, and those that an operator keeps for large ones."""

from datetime import timedelta

import pytest
from scheduler_calls import LINUX, Client, Exchange
from tiny_experiment import prepare_text, tiny_source

from axiom.domain.fleet import Standing
from axiom.domain.releases import ANY_COMPUTER, TaskRule
from axiom.limits import tasks as limits
from axiom.server.scheduler.reply_elements import REFERENCE_FLOPS
from axiom.store.experiments import task_rules
from axiom.store.hosts import hosts

ON_FOUR = "memory_mb=100, cores=4)"
OWN = (
    "<app_versions><app_version><app_name>axiom</app_name><version_num>7</version_num>"
    f"<platform>{LINUX}</platform></app_version></app_versions>"
)


@pytest.fixture(scope="session")
def prepared_for_cores(tmp_path_factory):
    """Four cells of a quarter of an hour each."""
    text = tiny_source(sizes=(1, 2, 3, 4)).replace("memory_mb=100)", ON_FOUR).replace("config: 1.0", "config: 900.0")
    return prepare_text("tiny_sum", text, tmp_path_factory.mktemp("cores"))


@pytest.fixture
def exchange(small_lab, prepared_for_cores, secrets):
    """Nine workunits of one replicate, each of which is worth an hour of one core."""
    small_lab.publish(prepared_for_cores)
    small_lab.host()
    opened = Exchange(small_lab, secrets)
    opened.deploy(9)
    yield opened
    opened.close()


def proven(exchange: Exchange, name: str = "Ann", **said) -> Client:
    client = Client(exchange.join(name).key, cpid=f"{len(name)}" * 32, **said)
    inside = OWN if client.platform == "anonymous" else ""
    exchange.call(client, inside=inside)
    exchange.do(lambda db: hosts.set_standing(db, client.host, Standing(valid_in_row=9), speed=1.0))
    return client


def ask(exchange: Exchange, client: Client, cores: float = 0, seconds: float = 0.0, inside: str = "", **said):
    return exchange.call(client, cpu_req_instances=cores, ask=seconds, inside=inside, **said)


def test_a_client_hears_how_many_cores_a_task_takes_and_each_counts_for_all_of_them(exchange):
    heard = ask(exchange, proven(exchange), cores=8)
    (first, _) = heard.tasks.values()
    (version,) = heard.root.findall("app_version")
    runner = exchange.runners[LINUX].version
    assert first.platform == (LINUX, runner, "mt4")
    assert (version.findtext("plan_class"), float(version.findtext("avg_ncpus"))) == ("mt4", 4.0)
    assert float(version.findtext("flops")) == 4 * REFERENCE_FLOPS
    estimate, bound = (float(first.workunit.findtext(tag)) for tag in ("rsc_fpops_est", "rsc_fpops_bound"))
    assert estimate / float(version.findtext("flops")) == 900.0
    assert bound / float(version.findtext("flops")) >= 5 * 900.0 * 4, "also where its volunteer lends one core"
    assert float(first.workunit.findtext("rsc_memory_bound")) == 4 * 100 * 2**20
    assert float(first.workunit.findtext("rsc_disk_bound")) == 4 * 100 * 2**20
    assert exchange.ticket(first).memory_mb == 100
    assert exchange.broken() == {}


@pytest.mark.parametrize(("seconds", "tasks"), [(1.0, 1), (3_600.0, 1), (3_601.0, 2), (4 * 3_600.0, 4)])
def test_seconds_are_those_of_all_cores_together(exchange, seconds, tasks):
    assert len(ask(exchange, proven(exchange), seconds=seconds).tasks) == tasks


def test_a_client_with_too_few_cores_or_too_little_memory_for_all_is_told_so(exchange):
    small = proven(exchange, cores=3)
    heard = ask(exchange, small, cores=3)
    assert heard.tasks == {}
    assert "4 cores at once" in heard.words[0][1]
    assert "lends 3" in exchange.do(lambda db: hosts.find_host(db, small.host)).why_no_work
    short = proven(exchange, "Robert", cores=4)
    heard = ask(exchange, short, cores=4, m_nbytes=400e6)
    assert heard.tasks == {}
    assert "needs 400 MB" in heard.words[0][1]


def test_memory_is_counted_for_each_core_of_what_it_has(exchange):
    client = proven(exchange)
    exchange.call(client, m_nbytes=1_000e6)
    lent = exchange.do(lambda db: hosts.find_host(db, client.host)).capacity.memory_mb
    assert 800 <= lent < 1_200
    assert len(ask(exchange, client, cores=12, m_nbytes=1_000e6).tasks) == 3, "two of them run at once, on eight cores"


def test_a_volunteer_s_own_program_computes_it_on_one_core(exchange):
    client = proven(exchange, platform="anonymous", cores=2)
    heard = ask(exchange, client, cores=1, inside=OWN)
    assert [task.platform for task in heard.tasks.values()] == [(LINUX, 7, "")]
    (handed,) = heard.tasks.values()
    assert float(handed.workunit.findtext("rsc_memory_bound")) == 100 * 2**20


def test_what_a_client_lost_comes_again_for_as_many_cores(exchange):
    client = proven(exchange)
    (name,) = ask(exchange, client, cores=4).tasks
    client.tasks.clear()
    heard = ask(exchange, client, cores=4)
    assert {name: task.platform[2] for name, task in heard.tasks.items()} == {name: "mt4"}


def test_speed_is_learned_from_what_all_cores_did(exchange):
    client = proven(exchange)
    for factor in (1.0, 1.0, 1.0):
        (handed,) = ask(exchange, client, cores=4).tasks.values()
        exchange.lab.now += timedelta(seconds=900)
        told = exchange.upload(handed).replace("2.5<", f"{3_600 * factor}<").replace("3.0<", f"{900 * factor}<")
        exchange.call(client, told)
    assert exchange.do(lambda db: hosts.find_host(db, client.host)).speed == pytest.approx(1.0)


def require(exchange: Exchange, rule: TaskRule) -> None:
    exchange.do(lambda db: task_rules.set_rule(db, "tiny_sum", rule, reason="large", by="Ada", now=exchange.lab.now))


def test_an_operator_keeps_tasks_for_large_computers_and_takes_that_back(exchange):
    client = proven(exchange)
    require(exchange, TaskRule(least_cores=16))
    heard = ask(exchange, client, cores=4)
    assert heard.tasks == {}
    assert "lend 16 cores or more" in heard.words[0][1]
    assert "lend 16 cores or more" in exchange.do(lambda db: hosts.find_host(db, client.host)).why_no_work
    require(exchange, TaskRule(least_memory_mb=10**6))
    assert "1000000 MB of memory or more" in ask(exchange, client, cores=4).words[0][1]
    assert len(ask(exchange, proven(exchange, "Robert", cores=16), cores=4, m_nbytes=4e12).tasks) == 1
    require(exchange, ANY_COMPUTER)
    assert len(ask(exchange, client, cores=4).tasks) == 1


def test_a_longer_bound_is_that_of_the_cells_and_of_the_client(exchange):
    client = proven(exchange)
    (usual,) = ask(exchange, client, cores=4).tasks.values()
    require(exchange, TaskRule(times_longer=10))
    (longer,) = ask(exchange, client, cores=4).tasks.values()
    assert set(exchange.ticket(usual).cell_seconds) == {900.0 * limits.TIMES_DECLARED_COST}
    assert set(exchange.ticket(longer).cell_seconds) == {9_000.0 * limits.TIMES_DECLARED_COST}
    usual_bound, long_bound = (float(each.workunit.findtext("rsc_fpops_bound")) for each in (usual, longer))
    assert long_bound > usual_bound
    assert long_bound / (4 * REFERENCE_FLOPS) >= 4 * 9_000.0 * limits.TIMES_DECLARED_COST
