"""Which tasks a client is sent, again, and told to give up; with GPUs, its own program, or a built runner.

And what a GPU may compute as well as a core: who gets it, and that what follows goes by where it was computed.
"""

from collections import Counter

import pytest
from fake_builds import build
from scheduler_calls import GPU, LINUX, Client, Exchange, report
from tiny_experiment import prepare_text, tiny_source

from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import PreferenceSets, ProjectPreferences, Standing
from axiom.domain.work import Exit
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.runner.offer import RunnerOffers
from axiom.limits import tasks as limits
from axiom.signed.tickets import parse_own_ticket
from axiom.store.accounts import accounts
from axiom.store.credit import ledger, tariffs
from axiom.store.experiments import costs, experiments
from axiom.store.hosts import hosts
from axiom.store.tasks import endings


def test_a_client_that_does_not_say_otherwise_has_all_and_gives_up_what_is_cancelled(exchange, attic):
    exchange.deploy(1)
    (first,) = exchange.call(attic, ask=1.0).tasks
    heard = exchange.call(attic, ask=1.0, says=False)
    assert len(heard.tasks) == 1
    assert first not in heard.tasks
    assert (heard.named("result_abort"), heard.named("result_abort_if_not_started")) == ([], [])
    attic.tasks.clear()
    assert exchange.call(attic).tasks == {}
    assert len(exchange.call(attic, ask=1.0).tasks) == 2
    exchange.cancel(1)
    heard = exchange.call(attic)
    assert (heard.named("result_abort"), heard.named("result_abort_if_not_started")) == ([first], [])
    assert exchange.call(attic).named("result_abort") == []
    exchange.cancel(2)
    attic.tasks.clear()
    assert exchange.call(attic, ask=1.0).tasks == {}
    assert (exchange.task(2)["state"], exchange.broken()) == ("aborted", {})


UNKNOWN = ["axiom_ok_00001_0", "tiny_sum-1-w9-t99_0", "tiny_sum-1-w1-t9999999_0", "a" * 250]


def test_what_is_another_host_s_is_given_up_as_is_what_nobody_awaits_unless_begun(exchange, attic):
    (name,) = exchange.call(attic, ask=1.0).tasks
    exchange.lab.later(hours=49)
    exchange.sweep()
    assert exchange.call(attic).named("result_abort_if_not_started") == []
    attic.tasks[name] = None
    bob = Client(exchange.join("Bob").key, cpid="2" * 32)
    (copy,) = exchange.call(bob, ask=1.0).tasks.values()
    bob.tasks |= dict.fromkeys([name, *UNKNOWN])
    assert exchange.call(bob).named("result_abort") == [name, *UNKNOWN]
    assert list(bob.tasks.values()) == [copy]
    exchange.call(bob, exchange.upload(copy))
    heard = exchange.call(attic)
    assert (heard.named("result_abort"), heard.named("result_abort_if_not_started")) == ([], [name])
    assert exchange.broken() == {}


def prove(exchange, client) -> None:
    """The client's host has had a valid task, and may have as many as any."""
    exchange.call(client)
    exchange.do(lambda db: hosts.set_standing(db, client.host, Standing(valid_in_row=1)))


def test_an_answer_brings_sixty_four_tasks_at_most_and_stays_small(exchange, attic):
    attic.cores = 4_096
    exchange.deploy(150)
    exchange.call(attic)
    assert len(exchange.call(attic, ask=1e18).tasks) == 16, "a new host that boasts"
    assert exchange.call(attic, ask=1e18).tasks == {}
    prove(exchange, attic)
    heard = exchange.call(attic, ask=1e18)
    assert len(heard.tasks) == 64
    assert len(heard.raw) < 64 * 4_000
    assert len(heard.root.findall("app_version")) == 1
    names = [file.findtext("name") for file in heard.root.findall("file_info")]
    assert len(names) == len(set(names)) == 64 + 4
    attic.tasks = dict(list(attic.tasks.items())[:4])
    assert len(exchange.call(attic, ask=1e9).tasks) == 64, "what was lost counts in it"
    assert exchange.broken() == {}


def test_a_host_gets_no_more_than_it_asked_for_and_may_have(exchange, attic):
    prove(exchange, attic)
    exchange.deploy(150)
    assert len(exchange.call(attic, cpu_req_instances=3).tasks) == 3
    assert [len(exchange.call(attic, ask=1e9).tasks) for _ in range(3)] == [64, 128 - 3 - 64, 0]
    ((_, reason),) = exchange.call(attic, ask=1e9).words
    assert "128 tasks of the 128" in reason


OWN = (
    "<app_versions><app_version><app_name>{app}</app_name><version_num>205</version_num>"
    "<platform>{platform}</platform><avg_ncpus>1</avg_ncpus><flops>2e9</flops>{more}</app_version></app_versions>\n"
)
BESIDE = f"<version_num>7</version_num><platform>{LINUX}</platform></app_version>"
NOT_OURS = [("another", LINUX), ("axiom", "vax/dec vms"), ("axiom", "")]
OWN_GPU = "<plan_class>mine</plan_class><coproc><type>NVIDIA</type><count>1</count></coproc>"


@pytest.fixture
def own(ann):
    return Client(ann.key, platform="anonymous")


def test_what_a_client_was_told_when_no_runner_suits_it_can_be_looked_up_afterwards(exchange, ann):
    solaris = Client(ann.key, platform="sparc-sun-solaris")
    ((_, reason),) = exchange.call(solaris, ask=1.0).words
    stored = exchange.do(lambda db: hosts.find_host(db, solaris.host)).why_no_work
    assert stored
    assert stored in reason


def test_who_brings_the_program_is_told_of_none_and_gets_tasks_for_it(exchange, own):
    for inside in ("", *(OWN.format(app=app, platform=platform, more="") for app, platform in NOT_OURS)):
        heard = exchange.call(own, ask=1.0, inside=inside)
        ((priority, reason),) = heard.words
        assert (priority, "app_info.xml" in reason) == ("notice", True)
        assert exchange.do(lambda db: hosts.find_host(db, own.host)).why_no_work in reason
    assert own.host == 2
    windows = OWN.format(app="axiom", platform="windows_x86_64", more="")
    heard = exchange.call(own, ask=1.0, inside=windows)
    assert exchange.do(lambda db: hosts.find_host(db, own.host)).why_no_work == ""
    (handed,) = heard.tasks.values()
    assert handed.platform == ("windows_x86_64", 205, "")
    assert heard.root.findall("app_version") == []
    kinds = sorted(name.split("-")[0] for name in handed.files)
    assert kinds == ["bundle", "seal", "tiny_sum"]
    exchange.deploy(4)
    assert exchange.call(own, exchange.upload(handed), inside=windows).credit > 0
    heard = exchange.call(own, ask=1e5, inside=windows)
    assert len(heard.tasks) > 2
    assert {handed.order.ticket.count(".") for handed in heard.tasks.values()} == {1}, "a signature for each"


@pytest.fixture
def gpu_exchange(small_lab, prepared_for_gpus, prepared, secrets):
    """Experiment 1 computes on processors, experiment 2 on GPUs; nothing is ordered."""
    small_lab.publish(prepared())
    small_lab.publish(prepared_for_gpus)
    small_lab.host()
    opened = Exchange(small_lab, secrets)
    yield opened
    opened.close()


def useless(heard) -> list[str]:
    return [kind.text for kind in heard.root.findall("no_rsc_apps")]


def cards(count: int = 1, seconds: float = 100.0, instances: int = 1) -> str:
    return f"<coprocs>{GPU.format(count=count, seconds=seconds, instances=instances)}</coprocs>\n"


def test_each_kind_of_processor_gets_what_it_asks_for_and_a_choice_counts_at_once(gpu_exchange):
    exchange, client = gpu_exchange, Client(gpu_exchange.join().key)
    exchange.deploy(10, 1)
    exchange.deploy(10, 2)
    heard = exchange.call(client, cpu_req_instances=2, inside=cards(count=3, seconds=0.0, instances=3))
    kinds = [handed.platform for handed in heard.tasks.values()]
    version = exchange.runners[LINUX].version
    assert sorted(kinds) == [(LINUX, version, "")] * 2 + [(LINUX, version, "nv")] * 3
    assert {name.split("-")[0] for name, task in heard.tasks.items() if task.platform[2]} == {"tiny_gpu"}
    versions = {version.findtext("plan_class") or "": version for version in heard.root.findall("app_version")}
    assert (sorted(versions), versions["nv"].findtext("coproc/type")) == (["", "nv"], "NVIDIA")
    assert float(versions["nv"].findtext("coproc/count")) == 1
    assert versions[""].find("coproc") is None
    assert (useless(heard), exchange.broken()) == ([], {})
    choices = [
        (PreferenceSets(), {"", "nv"}),
        (PreferenceSets(general=ProjectPreferences(on_cores=False)), {"nv"}),
        (PreferenceSets(general=ProjectPreferences(on_gpus=False)), {""}),
        (PreferenceSets(by_venue={"work": ProjectPreferences(on_gpus=False)}), {""}),
        (PreferenceSets(by_venue={"home": ProjectPreferences(on_gpus=False)}), {"", "nv"}),
    ]
    for number, (chosen, kinds) in enumerate(choices, start=1):
        exchange.deploy(5, 1)
        exchange.deploy(5, 2)
        person = exchange.join(f"Ann {number}")
        exchange.do(lambda db, who=person.id, chosen=chosen: accounts.set_project_preferences(db, who, chosen, "work"))
        heard = exchange.call(Client(person.key, cpid=str(number) * 32), ask=1.0, inside=cards())
        assert {handed.platform[2] for handed in heard.tasks.values()} == kinds


def test_a_gpu_that_asks_alone_gets_its_work_again_or_hears_that_there_is_none(gpu_exchange):
    exchange, client = gpu_exchange, Client(gpu_exchange.join().key)
    exchange.deploy(10, 1)
    asked = {"work_req_seconds": 100, "cpu_req_secs": 0}
    assert exchange.call(client, inside=cards(), **asked).tasks == {}
    exchange.deploy(1, 2)
    ((name, handed),) = exchange.call(client, inside=cards(), **asked).tasks.items()
    assert handed.platform[2] == "nv"
    client.tasks.clear()
    again = exchange.call(client, inside=cards(), **asked)
    assert {name: task.platform for name, task in again.tasks.items()} == {name: handed.platform}
    assert [version.findtext("plan_class") for version in again.root.findall("app_version")] == ["nv"]
    assert useless(again) == []
    exchange.do(lambda db: retire_version(db, 2, "retired", exchange.lab.now))
    heard = exchange.call(client, ask=1.0, inside=cards())
    assert (useless(heard), len(heard.tasks)) == (["NVIDIA"], 1)
    assert useless(exchange.call(client)) == []


def kinds_of(heard) -> set[tuple]:
    return {(name.split("-")[0], *task.platform) for name, task in heard.tasks.items()}


def test_a_volunteer_s_own_program_gets_what_it_can_compute(gpu_exchange):
    exchange = gpu_exchange
    exchange.deploy(5, 1)
    exchange.deploy(5, 2)
    client = Client(exchange.join().key, platform="anonymous")
    prove(exchange, client)
    mine = OWN.format(app="axiom", platform=LINUX, more=OWN_GPU)
    heard = exchange.call(client, ask=100.0, cpu_req_instances=2, inside=mine + cards(seconds=10.0))
    assert kinds_of(heard) == {("tiny_gpu", LINUX, 205, "mine")}
    both = mine.replace("<app_versions>", "<app_versions><app_version><app_name>axiom</app_name>" + BESIDE)
    heard = exchange.call(client, cpu_req_instances=1, inside=both + cards(seconds=0.0))
    assert kinds_of(heard) == {("tiny_sum", LINUX, 7, ""), ("tiny_gpu", LINUX, 205, "mine")}
    bare = Client(client.key, cpid="2" * 32, platform="anonymous")
    heard = exchange.call(bare, ask=1.0, inside=OWN.format(app="axiom", platform=LINUX, more="") + cards())
    assert kinds_of(heard) == {("tiny_sum", LINUX, 205, "")}


def built(exchange, tmp_path, **said) -> None:
    folder = build(tmp_path, **said)
    offered = RunnerOffers(exchange.folder, exchange.secrets.code).built(folder, exchange.lab.now)
    exchange.runners.clear()
    exchange.runners.update(offered)


def test_a_running_client_is_told_of_what_was_built_with_its_next_task(exchange, attic, tmp_path):
    (first,) = exchange.call(attic, ask=1.0).tasks.values()
    built(exchange, tmp_path)
    exchange.deploy(1)
    heard = exchange.call(attic, ask=1.0)
    (second,) = heard.tasks.values()
    assert second.platform == (LINUX, first.platform[1] + 1, "")
    copied = {
        ref.findtext("file_name").split("_")[1]: ref.find("copy_file") is not None
        for ref in heard.root.findall("app_version/file_ref")
    }
    assert copied == {"runner": False, "runtime": False, "code": False, "trust": True}  # the last for each task
    named = [
        file.findtext("name") for file in heard.root.findall("file_info") if file.find("file_signature") is not None
    ]
    assert [name.split("_")[1] for name in named] == ["runner", "runtime", "code", "trust"]
    assert exchange.call(attic, exchange.upload(first), exchange.upload(second)).credit > 0
    exchange.deploy(4)
    texts = [handed.order.ticket for handed in exchange.call(attic, ask=1e5).tasks.values()]
    assert len(texts) > 2  # whose orders share a signature, as this runner reads such orders
    assert {text.count(".") for text in texts} == {2}
    assert len({text.split(".")[1] for text in texts}) == 1


@pytest.mark.parametrize(
    ("features", "needs_avx", "is_given"),
    [("fpu sse2 avx avx2", True, True), ("fpu sse2 sse4_1", True, False), ("fpu sse2 sse4_1", False, True)],
)
def test_a_runner_that_needs_avx_goes_to_processors_with_avx_alone(
    exchange, attic, tmp_path, features, needs_avx, is_given
):
    built(exchange, tmp_path, needs_avx=needs_avx)
    heard = exchange.call(attic, ask=1.0, p_features=features)
    assert bool(heard.tasks) == is_given
    assert ["AVX" in reason for _, reason in heard.words] == [True] * (not is_given)


def test_a_gpu_gets_nothing_without_a_runner_for_gpus_and_then_its_own(gpu_exchange, tmp_path):
    exchange, client = gpu_exchange, Client(gpu_exchange.join().key)
    exchange.deploy(1, 2)
    asked = {"work_req_seconds": 100, "cpu_req_secs": 0, "inside": cards()}
    ((name, _),) = exchange.call(client, **asked).tasks.items()
    client.tasks.clear()
    built(exchange, tmp_path)
    exchange.deploy(1, 2)
    heard = exchange.call(client, ask=100.0, inside=cards())
    assert (heard.tasks, useless(heard)) == ({}, ["NVIDIA"])
    assert "tiny_gpu computes on a GPU" in heard.words[0][1]
    exchange.deploy(3, 1)
    built(exchange, tmp_path)
    built(exchange, tmp_path, plan_class="nv", runtime=b"with CUDA")
    heard = exchange.call(client, ask=100.0, inside=cards())
    assert name in heard.tasks
    versions = {handed.platform[2]: handed.platform[1] for handed in heard.tasks.values()}
    assert sorted(versions) == ["", "nv"]
    assert versions["nv"] == versions[""] + 1
    names = [file.findtext("name") for file in heard.root.findall("file_info")]
    assert len(names) == len(set(names))
    assert exchange.broken() == {}


def knows(cuda: int) -> str:
    more = f"<drvVersion>55054</drvVersion><cudaVersion>{cuda}</cudaVersion></coproc_cuda>"
    return cards(seconds=0.0).replace("</coproc_cuda>", more)


def test_a_driver_that_does_not_know_the_cuda_of_a_runner_gets_none_and_is_told(gpu_exchange, tmp_path):
    exchange, client = gpu_exchange, Client(gpu_exchange.join().key)
    built(exchange, tmp_path)
    built(exchange, tmp_path, plan_class="nv_13", runtime=b"with CUDA 13")
    exchange.deploy(2, 1)
    exchange.deploy(2, 2)
    heard = exchange.call(client, cpu_req_instances=1, inside=knows(12_040))
    assert [handed.platform[2] for handed in heard.tasks.values()] == [""]
    assert useless(heard) == ["NVIDIA"]
    assert ["CUDA 13" in words and "12.4" in words for _, words in heard.words] == [True]
    assert exchange.call(client, cpu_req_instances=1).words == []  # whose GPU asks for nothing
    built(exchange, tmp_path, plan_class="nv_12", runtime=b"with CUDA 12")
    heard = exchange.call(client, **NEVER, inside=knows(12_040))
    assert [handed.platform[2] for handed in heard.tasks.values()] == ["nv_12"]
    newer = Client(exchange.join("Bob").key, cpid="3" * 32)
    heard = exchange.call(newer, **NEVER, inside=knows(13_000))
    assert ([handed.platform[2] for handed in heard.tasks.values()], heard.words) == (["nv_13"], [])


NEVER = {"work_req_seconds": 0, "cpu_req_secs": 0}
CORE, CARD = "linux-x86_64-avx2", "linux-x86_64-nvidia-a-card"


@pytest.fixture
def either(small_lab, prepared, secrets):
    """Experiment 1 may be computed by cores and by GPUs; twelve tasks of it wait."""
    small_lab.publish(prepared(uses_gpu=True))
    small_lab.host()
    opened = Exchange(small_lab, secrets)
    opened.deploy(12)
    yield opened
    opened.close()


def proven(either: Exchange, name: str = "Ann") -> Client:
    """The client of a computer with eight cores that has shown something, and may have many tasks."""
    client = Client(either.join(name).key, cpid=f"{len(name)}" * 32)
    either.call(client, **NEVER, p_features="fpu avx avx2")
    either.do(lambda db: hosts.set_standing(db, client.host, Standing(valid_in_row=1), speed=1.0))
    return client


def ask(either: Exchange, client: Client, *reports: str, cores: int = 0, gpus: int = 0, has: int = 0):
    """What it is given that asks for work for so many cores and GPUs that are idle, of those that it has."""
    said = {**NEVER, "cpu_req_instances": cores, "p_features": "fpu avx avx2"}
    cards = GPU.format(count=max(gpus, has), seconds=0, instances=gpus) if gpus or has else ""
    return either.call(client, *reports, inside=f"<coprocs>{cards}</coprocs>\n", **said)


def bring(either: Exchange, client: Client, heard) -> dict[int, str]:
    """All that was given is computed and proven; by task, to what it was sent."""
    ask(either, client, *[either.upload(handed) for handed in heard.tasks.values()], has=1)
    either.judge_and_pay()
    return sent_to(either, heard)


def sent_to(either: Exchange, heard) -> dict[int, str]:
    """By task, to what it was sent, as the laboratory remembers it."""
    return {handed.order.task: either.task(handed.order.task)["gpu"] for handed in heard.tasks.values()}


def said_of(heard) -> dict[int, str]:
    """By task, the plan class that its client was told."""
    return {handed.order.task: handed.platform[2] for handed in heard.tasks.values()}


def test_an_idle_gpu_gets_work_beside_the_cores_and_nothing_is_given_twice(either):
    first = ask(either, proven(either), cores=5, gpus=2)
    assert Counter(said_of(first).values()) == {"": 5, "nv": 2}
    assert sent_to(either, first) == {task: "NVIDIA" if kind else "" for task, kind in said_of(first).items()}
    without = ask(either, proven(either, "Cleopatra"), cores=2)
    assert (sorted(said_of(without).values()), set(sent_to(either, without).values())) == ([""] * 2, {""})
    second = ask(either, proven(either, "Bob"), cores=5, gpus=2)
    given = [*said_of(first), *said_of(without), *said_of(second)]
    assert len(given) == len(set(given)) == 12
    assert Counter(said_of(second).values()) == {"nv": 2, "": 1}
    either.deploy(3)
    client = proven(either, "Dora")
    before = said_of(ask(either, client, cores=1, gpus=1))
    client.tasks.clear()
    assert said_of(ask(either, client, cores=1, gpus=1)) == before
    client.tasks.clear()
    without = ask(either, client, cores=3)  # its driver is gone, say
    assert [kind for task, kind in said_of(without).items() if task in before] == [""]
    assert either.broken() == {}


def test_a_gpu_that_cannot_be_used_rests_and_the_cores_compute_what_it_could_not(either):
    client = proven(either)
    heard = ask(either, client, gpus=1)
    ((name, _),) = heard.tasks.items()
    (number,) = sent_to(either, heard)
    message = "The GPU of this computer cannot be used: CUDA_ERROR_NO_DEVICE. Nothing was computed."
    ask(either, client, report(name, status=Exit.GPU_UNUSABLE, state=3, said=message), has=1)
    assert either.task(number)["cause"] == Cause.GPU_UNUSABLE
    again = ask(either, client, gpus=1)
    assert again.tasks == {}
    assert "CUDA_ERROR_NO_DEVICE" in again.words[0][1]
    assert set(said_of(ask(either, client, cores=8, gpus=1)).values()) == {""}
    either.lab.later(hours=25)
    either.deploy(3)
    assert "nv" in said_of(ask(either, client, gpus=1)).values()
    assert either.broken() == {}


def test_a_gpu_earns_its_bonus_and_its_experience_is_its_own(either):
    either.do(lambda db: tariffs.add_tariff(db, PRESETS["S5"], either.lab.now))
    client = proven(either)
    heard = ask(either, client, cores=2, gpus=1)
    assert not either.do(endings.has_proven_gpu)
    gpu_of = bring(either, client, heard)
    assert either.do(endings.has_proven_gpu)
    host = either.do(lambda db: hosts.find_host(db, client.host))
    assert host.standing.valid_in_row == 4
    paid = either.do(lambda db: {task: ledger.list_task_awards(db, task)[0] for task in gpu_of})
    assert {task: (award.amount, award.tier) for task, award in paid.items()} == {
        task: (7_000, "0 to 30 s, GPU") if gpu else (4_000, "0 to 30 s") for task, gpu in gpu_of.items()
    }
    known = either.do(lambda db: {cost.host_class: cost.fit.tasks for cost in costs.list_learned_costs(db, 1)})
    assert known == {CORE: 2, CARD: 1}
    voices = either.do(costs.list_cost_voices)
    assert len(voices) == 1  # what others are paid for their cores follows from what cores take
    assert either.broken() == {}


@pytest.fixture
def batching(small_lab, tmp_path, secrets):
    """Experiment 1 may be computed by cores, and side by side by GPUs."""
    needs = "may_use_gpu=True"
    text = tiny_source(uses_gpu=True).replace(needs, f"{needs}, side_by_side=True")
    small_lab.publish(prepare_text("tiny_sum", text, tmp_path))
    small_lab.host()
    opened = Exchange(small_lab, secrets)
    yield opened
    opened.close()


def replicates_of(heard) -> dict[str, list[int]]:
    """What was given, by plan class and its tasks' replicates."""
    tickets = [(handed.platform[2], parse_own_ticket(handed.order.ticket)) for handed in heard.tasks.values()]
    return {
        kind: sorted(number for own, ticket in tickets if own == kind for number in ticket.replicates)
        for kind, _ in tickets
    }


def test_a_gpu_that_computes_side_by_side_gets_a_block_as_one_task_and_a_core_a_part(batching):
    batching.deploy(2, replicates_each=32)
    on_gpu, on_core = proven(batching), proven(batching, "Bob")
    first = ask(batching, on_gpu, gpus=1)
    assert (len(first.tasks), replicates_of(first)) == (1, {"nv": list(range(32))})
    part = ask(batching, on_core, cores=1)
    taken = replicates_of(part)[""]
    assert 0 < len(taken) < 32
    rest = ask(batching, proven(batching, "Cleopatra"), gpus=1)
    assert sorted(taken + replicates_of(rest)["nv"]) == list(range(32, 64))
    assert ask(batching, proven(batching, "Dora"), gpus=1, cores=1).tasks == {}
    on_gpu.tasks.clear()
    assert replicates_of(ask(batching, on_gpu, gpus=1)) == replicates_of(first)  # what it lost it gets again, whole
    bring(batching, on_gpu, first)
    assert batching.broken() == {}


def test_a_restored_laboratory_sees_by_the_ticket_what_was_sent_to_a_gpu(either):
    client = proven(either)
    heard = ask(either, client, cores=1, gpus=1)
    before = sent_to(either, heard)
    forgotten = (
        "UPDATE task SET state = 'unsent', host_id = NULL, ticket = NULL, sent_at = NULL, gpu = '' WHERE id IN (1, 2)"
    )
    either.do(lambda db: db.execute(forgotten))
    assert set(sent_to(either, heard).values()) == {""}
    assert bring(either, client, heard) == before
    assert {either.task(number)["state"] for number in before} == {"valid"}


def test_a_client_lets_go_of_bundles_and_seals_with_which_nothing_goes_out_any_more(exchange, attic, monkeypatch):
    def let_go(*names: str, **asked) -> list[str]:
        """What a client need not keep any more that keeps these files, as it says in its request."""
        says = "<file_info>\n<name>{}</name>\n<nbytes>9.0</nbytes>\n<status>1</status>\n</file_info>\n"
        heard = exchange.call(attic, inside="".join(map(says.format, names)), **asked)
        return [element.text for element in heard.root.findall("delete_file_info")]

    given = [file.findtext("name") for file in exchange.call(attic, ask=1.0).root.findall("file_info")]
    current = [name for name in given if name.startswith(("bundle-", "seal-"))]
    old = [f"bundle-{'0' * 64}.zip", f"seal-{'1' * 64}.seal"]
    others = ["axiom_runner_0.pyz", "app.zip", f"bundle-{'0' * 63}.zip", f"../bundle-{'0' * 64}.zip"]
    assert len(current) == 2
    assert let_go(*others, *current, *old) == old
    monkeypatch.setattr(limits, "FILES_IN_A_REPLY", 1)
    assert let_go(*current, *old) == old[:1]
    assert let_go() == []
    monkeypatch.undo()
    attic.tasks.clear()
    assert (let_go(*current, ask=1.0), len(attic.tasks)) == ([], 1)  # they are sent again with their task
    exchange.do(lambda db: experiments.retire_experiment(db, 1, exchange.lab.now))
    assert let_go(*current) == current
