"""Real pilots against a real server: killed, stopped, cut off, refused."""

import contextlib
import json
import shutil
import signal
import sys

import pytest
from distributed import SSHCluster
from loadgen.processes import kill
from patience import PATIENCE
from pilot_cluster import PilotCluster, computing, runners, tree
from processes import cpu_seconds
from real_parts import need
from running_lab import axiom
from ssh_server import ssh_server

_MEASURES = "SELECT measures FROM result"


@pytest.fixture
def make(tmp_path):
    with contextlib.ExitStack() as stack:
        yield lambda **how: stack.enter_context(PilotCluster.serving(tmp_path, **how))


def test_killed_pilots_servers_and_computing_processes_cost_nothing(make):
    cluster = make()
    cluster.order(24)
    for turn in range(6):
        pilot = cluster.pilot("--when-idle", "wait")
        before = cluster.results()
        cluster.wait(lambda before=before: cluster.results() > before)
        pids = tree(pilot.pid)
        if turn == 0:
            kill(*pids)  # all of them
        elif turn == 1:
            kill(pids[0])  # the pilot alone: what it started ends by itself
        elif turn == 2:
            kill(*runners(pilot.pid))
        elif turn == 3:
            kill(*computing(pilot.pid))
        else:
            cluster.kill_server()
            cluster.start()
            cluster.wait(lambda before=before: cluster.results() > before or cluster.workunits() == {"done": 24})
        kill(*tree(pilot.pid))
        pilot.wait()
    cluster.pilot("--when-idle", "wait")
    cluster.demand_done(24)


@pytest.mark.parametrize("whom", ["the pilot", "all of its processes"])
def test_sigterm_keeps_what_has_begun_and_gives_back_what_has_not(make, whom):
    cluster = make(blocks=30, seconds=0.1, cells=1, is_busy=True)
    cluster.order(3)
    first = cluster.pilot()
    cluster.wait(lambda: cluster.states().get("sent", 0) == 2)
    home = cluster.data.with_name("scratch")
    cluster.wait(lambda: max(map(cpu_seconds, tree(first.pid))) > 2.0)  # of three, and what it took to begin
    kill(*([first.pid] if whom == "the pilot" else tree(first.pid)), by=signal.SIGTERM)
    assert first.wait(PATIENCE) == 0
    assert cluster.states() == {"sent": 1, "aborted": 1, "unsent": 2}
    assert list(home.glob("*/1/slots/*/kept")), "no state was kept"
    assert cluster.pilot().wait(PATIENCE) == 0
    cluster.wait(lambda: cluster.workunits() == {"done": 3})
    processes = sorted(json.loads(measures)["processes"] for (measures,) in cluster.rows(_MEASURES))
    assert processes == [1, 1, 2], "one cell began in the first pilot and ended in the second"
    assert cluster.broken() == []


def test_without_a_scratch_folder_all_of_it_goes_back(make):
    cluster = make(blocks=3_000, seconds=0.1, cells=1)
    cluster.order(2)
    pilot = cluster.pilot(scratch=None)
    cluster.wait(lambda: cluster.states().get("sent", 0) == 2)
    cluster.wait(lambda: bool(computing(pilot.pid)))
    pilot.terminate()
    assert pilot.wait(PATIENCE) == 0
    assert cluster.states() == {"aborted": 2, "unsent": 2}


def test_a_node_that_is_cut_off_loses_its_tasks_and_its_late_report_does_no_harm(make):
    cluster = make(lease=6.0, blocks=20, seconds=0.1)
    cluster.order(2)
    lost = cluster.pilot("--name", "lost", "--when-idle", "wait")
    cluster.wait(lambda: cluster.states().get("sent", 0) == 2)
    stopped = tree(lost.pid)
    kill(*stopped, by=signal.SIGSTOP)
    cluster.wait(lambda: cluster.states() == {"aborted": 2, "unsent": 2})
    cluster.pilot("--name", "other", "--when-idle", "wait")
    cluster.wait(lambda: cluster.states().get("sent", 0) == 2)
    kill(*stopped, by=signal.SIGCONT)
    cluster.wait(lambda: cluster.workunits() == {"done": 2})
    cluster.wait(lambda: not cluster.states().keys() & {"returned", "sent"})
    cluster.demand_done(2)


def test_retiring_stops_what_is_out(make):
    cluster = make(lease=60.0, blocks=3_000, seconds=0.1, cells=1)
    cluster.order(1)
    pilot = cluster.pilot("--when-idle", "wait")
    cluster.wait(lambda: cluster.states().get("sent", 0) == 1)
    cluster.wait(lambda: list(cluster.data.with_name("scratch").glob("*/1/slots/*/output.jsonl")))
    (process,) = cluster.wait(lambda: computing(pilot.pid))
    cluster.ask("experiment", "retire", "steps", "--why", "nobody asks any more")
    cluster.wait(lambda: process not in tree(pilot.pid))
    cluster.wait(lambda: cluster.states() == {"aborted": 1})
    assert pilot.poll() is None
    assert cluster.broken() == []


def test_two_pilots_on_one_node_and_a_copied_folder_are_told_apart(make):
    cluster = make(blocks=60, seconds=0.1)
    cluster.order(8)
    wait = ("--when-idle", "wait")
    cluster.pilot(*wait, "--name", "node")
    cluster.wait(lambda: len(cluster.rows("SELECT 1 FROM pilot")) == 1)
    cluster.pilot(*wait, "--name", "node")  # the same folder: another slot
    cluster.wait(lambda: len(cluster.rows("SELECT 1 FROM pilot")) == 2)
    cluster.pilot(*wait, "--name", "node", scratch="elsewhere")  # as containers have it
    cluster.wait(lambda: len(cluster.rows("SELECT 1 FROM pilot")) == 3)
    names = {name for (name,) in cluster.rows("SELECT h.name FROM host h JOIN pilot p ON p.host_id = h.id")}
    assert names == {"node-1", "node-2", "node-1 (2)"}
    shutil.copytree(cluster.data.with_name("scratch"), cluster.data.with_name("copied"))
    cluster.pilot(*wait, "--name", "node", scratch="copied")  # it knows the first one's secret, which has to go
    assert cluster.pilots[0].wait(PATIENCE) == 4
    assert "Another pilot computes as node-1 now" in cluster.output_of(cluster.pilots[0])
    cluster.demand_done(8)


@need("ssh")
def test_workers_that_dask_starts_with_ssh_get_pilots(make, tmp_path):
    cluster = make()
    cluster.order(6)
    with ssh_server(tmp_path / "server") as server:
        workers = SSHCluster(
            ["127.0.0.1"] * 3,
            connect_options=server.asyncssh_options(),
            scheduler_options={"host": "127.0.0.1", "dashboard": False},
            worker_options={"nthreads": 1, "host": "127.0.0.1", "dashboard": False},
            remote_python=sys.executable,
        )
        with workers:
            words = ("--server", cluster.address, "--lab", cluster.lab, "--key-file", cluster.key_file)
            place = ("--engine", "dask", "--scheduler", workers.scheduler_address, "--scratch", tmp_path / "scratch")
            done = axiom("work", *place, *words)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ended with 0: No work is left") == 2
    cluster.demand_done(6)
