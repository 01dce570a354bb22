"""A real Slurm on 127.0.0.1: controller, node and authentication of our own, whose processes can be killed."""

import contextlib
import getpass
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from patience import PATIENCE
from processes import free_port
from real_parts import part, part_environment

_CONF = """ClusterName=test
SlurmctldHost={node}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={place}/munge
PluginDir={plugins}
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
KillWait=30
SlurmdTimeout=20
OverTimeLimit=0
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=1
NodeName={node} NodeAddr=127.0.0.1 CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=all Nodes={node} Default=YES MaxTime=INFINITE State=UP
"""
_MUNGE = (("socket", ""), ("key-file", ".key"), ("pid-file", ".pid"), ("seed-file", ".seed"), ("log-file", ".log"))


@dataclass
class Slurm:
    """A cluster of one node. Munge says who a user is: with less, anybody on this computer could start jobs as us."""

    place: Path
    environment: Mapping[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start slurmctld, slurmd or munged, or start it again."""
        conf, node = self.place / "slurm.conf", socket.gethostname().partition(".")[0]
        words = {
            "munged": ("--foreground", "--force", *(f"--{option}={self.place}/munge{end}" for option, end in _MUNGE)),
            "slurmctld": ("-D", "-f", conf),
            "slurmd": ("-D", "-N", node, "-f", conf, "-d", part("slurmstepd")),
        }[name]
        with (self.place / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [part(name), *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """kill -9."""
        self.processes[name].kill()
        self.processes[name].wait()

    def do(self, command: str, *words: object, **environment: str) -> str:
        """Type a command of Slurm's."""
        done = subprocess.run(
            [part(command), *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            cwd=self.place,
            env={**self.environment, **environment},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def states(self, job: str) -> list[str]:
        """How the elements of a job array stand, as COMPLETED or RUNNING, each with its exit status."""
        output = self.do("scontrol", "--oneliner", "show", "job", job)
        rows = [dict(word.partition("=")[::2] for word in line.split()) for line in output.splitlines()]
        return sorted(f"{row['JobState']} {row['ExitCode']}" for row in rows)

    def wait(self, reached: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait for something; fail with what the daemons said."""
        until = time.monotonic() + patience
        while not reached():
            logs = "\n".join(path.read_text()[-2_000:] for path in sorted(self.place.glob("*.log")))
            assert time.monotonic() < until, logs
            time.sleep(0.1)

    def stop(self) -> None:
        """End the daemons, and whatever steps are left of jobs."""
        for name in ("slurmd", "slurmctld", "munged"):
            if (process := self.processes.get(name)) and process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()
                process.wait()
        for step in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environment = (step / "environ").read_bytes()
                if f"SLURM_CONF={self.place}/slurm.conf\0".encode() in environment:
                    os.kill(int(step.name), signal.SIGKILL)


@contextlib.contextmanager
def slurm(folder: Path) -> Iterator[Slurm]:
    """A cluster that takes jobs; ended afterwards, with all its jobs."""
    place = folder.absolute()
    for name in ("state", "spool"):
        (place / name).mkdir(parents=True)
    place.chmod(0o755)
    (place / "munge.key").write_bytes(os.urandom(128))
    (place / "munge.key").chmod(0o600)
    plugins = next(part("slurmd").parents[2].glob("usr/lib/*/slurm-wlm"))
    ports = [free_port() for _ in range(2)]
    conf = _CONF.format(
        place=place,
        node=socket.gethostname().partition(".")[0],
        user=getpass.getuser(),
        plugins=plugins,
        controller_port=ports[0],
        node_port=ports[1],
    )
    (place / "slurm.conf").write_text(conf)
    cluster = Slurm(place=place, environment={**part_environment(), "SLURM_CONF": f"{place}/slurm.conf"})
    try:
        cluster.start("munged")
        cluster.wait((place / "munge").exists, 60)
        cluster.start("slurmctld")
        cluster.start("slurmd")
        cluster.wait(lambda: _is_idle(cluster), 120)
        yield cluster
    finally:
        cluster.stop()


def _is_idle(cluster: Slurm) -> bool:
    try:
        return cluster.do("sinfo", "--noheader", "--format=%T") == "idle"
    except AssertionError:
        return False
