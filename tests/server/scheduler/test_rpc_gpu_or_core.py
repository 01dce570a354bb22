"""What a GPU may compute as well as a core: who gets it, and that what follows goes by where it was computed."""

from collections import Counter

import pytest
from scheduler_calls import GPU, Client, Exchange, report

from axiom.decisions.credit.tariffs import PRESETS
from axiom.domain.endings import Cause
from axiom.domain.fleet import Standing
from axiom.domain.work import Exit
from axiom.store.credit import ledger, tariffs
from axiom.store.experiments import costs
from axiom.store.hosts import hosts
from axiom.store.tasks import endings

NEVER = {"work_req_seconds": 0, "cpu_req_secs": 0}
CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia"


@pytest.fixture
def exchange(small_lab, prepared, secrets):
    """Experiment 1 may be computed by cores and by GPUs; twelve tasks of it wait."""
    small_lab.publish(prepared(uses_gpu=True))
    small_lab.host()
    opened = Exchange(small_lab, secrets)
    opened.deploy(12)
    yield opened
    opened.close()


def proven(exchange: Exchange, name: str = "Ann") -> Client:
    """The client of a computer with eight cores that has shown something, and may have many tasks."""
    client = Client(exchange.join(name).key, cpid=f"{len(name)}" * 32)
    exchange.call(client, **NEVER, p_features="fpu avx avx2")
    exchange.do(lambda db: hosts.set_standing(db, client.host, Standing(valid_in_row=1), speed=1.0))
    return client


def ask(exchange: Exchange, client: Client, *reports: str, cores: int = 0, gpus: int = 0, has: int = 0):
    """What it is given that asks for work for so many cores and GPUs that are idle, of those that it has."""
    said = {**NEVER, "cpu_req_instances": cores, "p_features": "fpu avx avx2"}
    cards = GPU.format(count=max(gpus, has), seconds=0, instances=gpus) if gpus or has else ""
    return exchange.call(client, *reports, inside=f"<coprocs>{cards}</coprocs>\n", **said)


def bring(exchange: Exchange, client: Client, heard) -> dict[int, str]:
    """All that was given is computed and proven; by task, to what it was sent."""
    ask(exchange, client, *[exchange.upload(handed) for handed in heard.tasks.values()], has=1)
    exchange.settle()
    return sent_to(exchange, heard)


def sent_to(exchange: Exchange, heard) -> dict[int, str]:
    """By task, to what it was sent, as the laboratory remembers it."""
    return {handed.order.task: exchange.task(handed.order.task)["gpu"] for handed in heard.tasks.values()}


def said_of(heard) -> dict[int, str]:
    """By task, the plan class that its client was told."""
    return {handed.order.task: handed.platform[2] for handed in heard.tasks.values()}


def test_an_idle_gpu_gets_work_beside_the_cores_and_nothing_is_given_twice(exchange):
    first = ask(exchange, proven(exchange), cores=5, gpus=2)
    assert Counter(said_of(first).values()) == {"": 5, "nv": 2}
    assert sent_to(exchange, first) == {task: "NVIDIA" if kind else "" for task, kind in said_of(first).items()}
    without = ask(exchange, proven(exchange, "Cleopatra"), cores=2)
    assert (sorted(said_of(without).values()), set(sent_to(exchange, without).values())) == ([""] * 2, {""})
    second = ask(exchange, proven(exchange, "Bob"), cores=5, gpus=2)
    given = [*said_of(first), *said_of(without), *said_of(second)]
    assert len(given) == len(set(given)) == 12
    assert Counter(said_of(second).values()) == {"nv": 2, "": 1}
    assert exchange.broken() == {}


def test_a_lost_task_is_sent_again_for_what_it_was_sent_for(exchange):
    client = proven(exchange)
    before = said_of(ask(exchange, client, cores=1, gpus=1))
    client.tasks.clear()
    assert said_of(ask(exchange, client, cores=1, gpus=1)) == before
    client.tasks.clear()
    without = ask(exchange, client, cores=3)  # its driver is gone, say
    assert [kind for task, kind in said_of(without).items() if task in before] == [""]
    assert exchange.broken() == {}


def test_a_gpu_that_cannot_be_used_rests_and_the_cores_compute_what_it_could_not(exchange):
    client = proven(exchange)
    heard = ask(exchange, client, gpus=1)
    ((name, _),) = heard.tasks.items()
    (number,) = sent_to(exchange, heard)
    message = "The GPU of this computer cannot be used: CUDA_ERROR_NO_DEVICE. Nothing was computed."
    ask(exchange, client, report(name, status=Exit.GPU_UNUSABLE, state=3, said=message), has=1)
    assert exchange.task(number)["cause"] == Cause.GPU_UNUSABLE
    again = ask(exchange, client, gpus=1)
    assert again.tasks == {}
    assert "CUDA_ERROR_NO_DEVICE" in again.words[0][1]
    assert set(said_of(ask(exchange, client, cores=8, gpus=1)).values()) == {""}
    exchange.lab.later(hours=25)
    exchange.deploy(3)
    assert "nv" in said_of(ask(exchange, client, gpus=1)).values()
    assert exchange.broken() == {}


def test_a_gpu_earns_its_bonus_and_its_experience_is_its_own(exchange):
    exchange.do(lambda db: tariffs.announce(db, PRESETS["S5"], exchange.lab.now))
    client = proven(exchange)
    heard = ask(exchange, client, cores=2, gpus=1)
    assert not exchange.do(endings.is_proven_on_gpus)
    gpu_of = bring(exchange, client, heard)
    assert exchange.do(endings.is_proven_on_gpus)
    host = exchange.do(lambda db: hosts.host(db, client.host))
    assert host.standing.valid_in_row == 4
    paid = exchange.do(lambda db: {task: ledger.of_task(db, task)[0] for task in gpu_of})
    assert {task: (award.amount, award.tier) for task, award in paid.items()} == {
        task: (7_000, "0 to 30 s, GPU") if gpu else (4_000, "0 to 30 s") for task, gpu in gpu_of.items()
    }
    known = exchange.do(lambda db: {cost.host_class: cost.fit.tasks for cost in costs.of_experiment(db, 1)})
    assert known == {CORE: 2, f"{CARD}-a-card": 1}
    voices = exchange.do(costs.voices)
    assert len(voices) == 1  # what others are paid for their cores follows from what cores take
    assert exchange.broken() == {}


def test_a_restored_laboratory_sees_by_the_ticket_what_was_sent_to_a_gpu(exchange):
    client = proven(exchange)
    heard = ask(exchange, client, cores=1, gpus=1)
    before = sent_to(exchange, heard)
    forgotten = (
        "UPDATE task SET state = 'unsent', host_id = NULL, ticket = NULL, sent_at = NULL, gpu = '' WHERE id IN (1, 2)"
    )
    exchange.do(lambda db: db.execute(forgotten))
    assert set(sent_to(exchange, heard).values()) == {""}
    assert bring(exchange, client, heard) == before
    assert {exchange.task(number)["state"] for number in before} == {"valid"}
