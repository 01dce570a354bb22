"""Kills what starts pilots (a real Slurm, Dask, ssh) at random moments, and counts what the laboratory lost: nothing.

Each round orders work, has a launcher start two pilots, waits until they compute, and then kills one part, cancels or
requeues the job, or lets its time run out. It then notes what became of the pilots, starts the launcher once more as a
person would, and demands that every cell's result is there once, that no task failed, and that every promise holds.
"""

import argparse
import contextlib
import functools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pilot_cluster import CELLS, PilotCluster
from running_lab import AXIOM
from slurm_cluster import Slurm, slurm
from ssh_server import SshServer, ssh_server

ROOT = Path(__file__).resolve().parents[2]
WORKUNITS = 6  # a round
ENDING_SECONDS = 45.0  # within which pilots end whose launcher is gone
GOING = ("PENDING", "RUNNING", "COMPLETING", "CONFIGURING", "REQUEUED")


class Broken(Exception):
    """What a round found amiss."""


@dataclass
class Field:
    """The laboratory, the clusters, and how often the launcher has been started."""

    lab: PilotCluster
    slurm: Slurm
    ssh: SshServer
    place: Path
    dice: random.Random

    def environment(self, *words: str) -> dict[str, str]:
        """What the launchers read."""
        return {
            "AXIOM": str(AXIOM),
            "AXIOM_SERVER": self.lab.address,
            "AXIOM_LAB": self.lab.lab,
            "AXIOM_KEY_FILE": str(self.lab.key_file),
            "AXIOM_SCRATCH": str(self.place / "scratch"),
            "AXIOM_WORDS": " ".join(words),
        }

    def words(self) -> list[str]:
        """The same as words of `axiom work`."""
        options = ["--server", self.lab.address, "--lab", self.lab.lab, "--key-file", str(self.lab.key_file)]
        return [*options, "--scratch", str(self.place / "scratch")]

    def batch(self, *words: object) -> str:
        """A job array of two pilots; its number."""
        sizes = ("--array=1-2", "--cpus-per-task=1", "--mem-per-cpu=400M", *words)
        return self.slurm.do("sbatch", "--parsable", *sizes, ROOT / "deploy/slurm.sh", **self.environment())

    def completes(self, job: str) -> None:
        """Wait until a job has ended, and demand that it ended well."""
        self.slurm.wait(lambda: not any(state.startswith(GOING) for state in self.slurm.states(job)))
        demand(self.slurm.states(job) == ["COMPLETED 0:0"] * 2, f"job {job}: {self.slurm.states(job)}")

    def computing(self) -> None:
        """Wait until two pilots have brought something, and a random while."""
        before = self.lab.results()
        self.lab.wait(lambda: self.lab.results() > before and self.pilots() == 2)
        time.sleep(self.dice.uniform(0.0, 3.0))

    def pilots(self) -> int:
        """How many tasks' hosts compute right now."""
        return len(pilots(self.lab.address))

    def gone(self) -> float:
        """Wait until no pilot is left; the seconds."""
        began = time.monotonic()
        self.lab.wait(lambda: not self.pilots(), ENDING_SECONDS)
        return time.monotonic() - began


def demand(holds: bool, what: str) -> None:
    """Say what is amiss where it is."""
    if not holds:
        raise Broken(what)


def pilots(address: str) -> list[int]:
    """The processes that are pilots for this server."""
    pids = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            is_pilot = b"work" in words and address.encode() in words and b"dask" not in words
            if is_pilot and (process / "stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z":
                pids.append(int(process.name))
    return pids


def grew(field: Field, down: Callable[[], None], up: Callable[[], None]) -> str:
    """Kill a daemon of Slurm's; pilots must go on without it.

    The job need not end well: a controller that had not yet written down that it started a job starts it again, and
    the node refuses that.
    """
    job = field.batch()
    field.computing()
    down()
    before = field.lab.results()
    field.lab.wait(lambda: field.lab.results() >= before + 2)
    up()
    field.slurm.wait(lambda: not any(state.startswith(GOING) for state in field.slurm.states(job)))
    ended = field.slurm.states(job)
    if ended != ["COMPLETED 0:0"] * 2:
        field.completes(field.batch())
    return f"pilots computed on while it was down; the job: {', '.join(ended)}"


def controller_killed(field: Field) -> str:
    """Pilots go on without Slurm's controller."""
    return grew(field, lambda: field.slurm.kill("slurmctld"), lambda: field.slurm.start("slurmctld"))


def node_daemon_killed(field: Field) -> str:
    """Pilots go on without Slurm's daemon on the node."""
    return grew(field, lambda: field.slurm.kill("slurmd"), lambda: field.slurm.start("slurmd"))


def cancelled(field: Field) -> str:
    """Pilots of a job that is cancelled give back what they have."""
    job = field.batch()
    field.computing()
    field.slurm.do("scancel", job)
    took = field.gone()
    field.completes(field.batch())
    return f"pilots ended in {took:.1f} s"


def requeued(field: Field) -> str:
    """A job that is requeued goes on."""
    job = field.batch()
    field.computing()
    field.slurm.do("scontrol", "requeue", job)
    took = field.gone()
    field.slurm.wait(lambda: all(state.startswith("PENDING") for state in field.slurm.states(job)))
    field.slurm.do("scontrol", "update", f"JobId={job}", "StartTime=now")  # else it is held back for two minutes
    field.completes(job)
    return f"pilots ended in {took:.1f} s; the same job completed"


def step_killed(field: Field) -> str:
    """A pilot is killed on its node."""
    job = field.batch()
    field.computing()
    os.kill(field.dice.choice(pilots(field.lab.address)), signal.SIGKILL)
    field.slurm.wait(lambda: not any(state.startswith(GOING) for state in field.slurm.states(job)))
    ended = field.slurm.states(job)
    field.completes(field.batch())
    return f"its job: {', '.join(ended)}"


def time_limit(field: Field) -> str:
    """Slurm ends a job whose time is over."""
    command = " ".join(["exec", str(AXIOM), "work", *field.words(), "--cores 1", "--when-idle wait"])
    sizes = ("--array=1-2", "--cpus-per-task=1", "--mem-per-cpu=400M", "--time=1")
    job = field.slurm.do("sbatch", "--parsable", *sizes, "--wrap", command)
    field.slurm.wait(lambda: not any(state.startswith(GOING) for state in field.slurm.states(job)))
    ended = field.slurm.states(job)
    demand(all(state.startswith("TIMEOUT") for state in ended), str(ended))
    field.completes(field.batch())
    return f"the job: {', '.join(ended)}"


def time_over(field: Field) -> str:
    """A pilot that knows the time limit ends before it."""
    job = field.slurm.do(
        "sbatch",
        "--parsable",
        *("--array=1-2", "--cpus-per-task=1", "--mem-per-cpu=400M", "--time=3"),
        ROOT / "deploy/slurm.sh",
        **field.environment("--when-idle", "wait"),
    )
    field.completes(job)
    field.completes(field.batch())
    return "the job completed"


@contextlib.contextmanager
def dask_cluster(field: Field) -> Iterator[tuple[str, dict[str, subprocess.Popen[bytes]]]]:
    """A scheduler and two workers, each of one core, on this computer."""
    address = field.place / f"scheduler-{time.monotonic_ns()}.json"
    begin = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0"]
    work = [sys.executable, "-m", "distributed.cli.dask_worker", "--nthreads", "1", "--host", "127.0.0.1"]
    made: dict[str, subprocess.Popen[bytes]] = {}
    with (field.place / "dask.log").open("ab") as log:
        for name, words in (("scheduler", begin), ("worker 1", work), ("worker 2", work)):
            command = [*words, "--no-dashboard", "--scheduler-file", str(address)]
            made[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            field.lab.wait(address.exists)
            yield str(address), made
        finally:
            for process in made.values():
                process.terminate()
            for process in made.values():
                try:
                    process.wait(ENDING_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def on_dask(field: Field, file: str) -> subprocess.Popen[bytes]:
    """Start pilots on the workers of a cluster."""
    scheduler = json.loads(Path(file).read_text())["address"]
    with (field.place / "dask-client.log").open("ab") as log:
        words = [str(AXIOM), "work", "--engine", "dask", "--scheduler", scheduler, *field.words()]
        return subprocess.Popen(words, stderr=log)


def dask_killed(field: Field, whom: str) -> str:
    """Kill a part of Dask, and finish with another cluster where it was the scheduler."""
    with dask_cluster(field) as (file, parts):
        client = on_dask(field, file)
        field.computing()
        killed = client if whom == "client" else parts[whom]
        if whom == "worker 1":  # the process that computes, under the nanny that starts it again
            below = Path(f"/proc/{killed.pid}/task/{killed.pid}/children").read_text().split()
            os.kill(max(map(int, below)), signal.SIGKILL)
            demand(client.wait(300) == 0, f"the client ended with {client.returncode}")
            return "the nanny's next worker got a pilot; all ended with 0"
        killed.kill()
        took = field.gone()
        if whom == "client":
            demand(on_dask(field, file).wait(300) == 0, "another client did not end well")
            client.wait()
        else:
            demand(client.wait(90) == 5, f"the client ended with {client.returncode}")
    if whom == "scheduler":
        with dask_cluster(field) as (file, _parts):
            demand(on_dask(field, file).wait(300) == 0, "the next cluster's client did not end well")
    return f"pilots ended in {took:.1f} s"


def dask_scheduler_killed(field: Field) -> str:
    """Pilots end with their scheduler."""
    return dask_killed(field, "scheduler")


def dask_client_killed(field: Field) -> str:
    """Pilots end with whoever started them."""
    return dask_killed(field, "client")


def dask_worker_killed(field: Field) -> str:
    """A worker that comes back gets a pilot."""
    return dask_killed(field, "worker 1")


def connection_cut(field: Field) -> str:
    """A pilot ends with its connection."""
    launcher = by_ssh(field)
    field.computing()
    below = [
        int(pid)
        for pid in Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
        if b"node1" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    for pid in below:
        os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    field.lab.wait(lambda: field.pilots() < 2, ENDING_SECONDS)
    took = time.monotonic() - began
    status = launcher.wait(300)
    demand(status != 0, "the launcher did not say that it lost a connection")
    demand(by_ssh(field).wait(300) == 0, "the next launcher did not end well")
    return f"its pilot ended in {took:.1f} s, the other went on"


def by_ssh(field: Field) -> subprocess.Popen[bytes]:
    """Two pilots behind ssh."""
    environment = {**os.environ, **field.environment("--cores", "1"), "AXIOM_SSH": field.ssh.client}
    with (field.place / "ssh.log").open("ab") as log:
        return subprocess.Popen([ROOT / "deploy/ssh.sh", "node1", "node2"], stderr=log, env=environment)


ROUNDS: dict[str, Callable[[Field], str]] = {
    "slurmctld, killed -9": controller_killed,
    "slurmd, killed -9": node_daemon_killed,
    "a pilot's processes on the node, killed -9": step_killed,
    "scancel": cancelled,
    "scontrol requeue": requeued,
    "the job's time limit, of which the pilot was not told": time_limit,
    "a job that ends by itself before its time limit": time_over,
    "the Dask scheduler, killed -9": dask_scheduler_killed,
    "the Dask client, killed -9": dask_client_killed,
    "a Dask worker, killed -9": dask_worker_killed,
    "the ssh connection of one of two pilots": connection_cut,
}


def is_done(field: Field, ordered: int) -> bool:
    """Whether the laboratory has all that was ordered."""
    return field.lab.workunits() == {"done": ordered}


def play(field: Field, rounds: int, only: str) -> int:
    """Run all of it; how many rounds were amiss."""
    amiss = ordered = 0
    chosen = {name: what for name, what in ROUNDS.items() if only in name}
    for number in range(rounds):
        for name, what in chosen.items():
            ordered += WORKUNITS
            field.lab.order(WORKUNITS)
            began = time.monotonic()
            try:
                outcome = what(field)
                field.lab.wait(functools.partial(is_done, field, ordered), 120)
                demand(field.lab.results() == ordered * CELLS, f"{field.lab.results()} of {ordered * CELLS} results")
                bad = field.lab.states().keys() & {"failed", "invalid", "expired"}
                demand(not bad, f"tasks: {field.lab.states()}")
                demand(field.lab.broken() == [], "; ".join(field.lab.broken()))
            except (Broken, AssertionError, subprocess.TimeoutExpired) as fault:
                amiss, outcome = amiss + 1, f"AMISS: {str(fault)[:600]}"
            print(f"{number + 1}  {name}: {outcome} [{time.monotonic() - began:.0f} s]", flush=True)
    print(f"results, of so many cells    {field.lab.results()} of {ordered * CELLS}")
    print(f"tasks                        {field.lab.states()}")
    print(f"rounds, amiss                {rounds * len(chosen)}, {amiss}")
    return amiss


def main() -> int:
    """0 when every round held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="a part of one round's name, such as dask")
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="axiom-clusters-")))
        lab = PilotCluster.make(place, blocks=10, seconds=0.1)
        stack.callback(lab.end)
        lab.start()
        field = Field(
            lab=lab,
            slurm=stack.enter_context(slurm(place / "slurm")),
            ssh=stack.enter_context(ssh_server(place / "ssh")),
            place=place,
            dice=random.Random(options.seed),
        )
        return 1 if play(field, options.rounds, options.only) else 0


if __name__ == "__main__":
    sys.exit(main())
