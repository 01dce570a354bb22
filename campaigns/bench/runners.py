"""What the self-contained runner costs: its size, and seconds to the first cell; and are two builds equal?

Two builds are compared in their `--quick` form, since all but the strength of the compression is the same. The rest is
of the runner in build/runners, which is built first where the one there is not of this checkout. Seconds to the first
cell of `lazy_vs_feature_learning` are from the launcher's start, which verifies and unpacks the runtime before when it
is cold.
"""

import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import axiom
from axiom import shipped
from axiom.domain.experiments import seed_of
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.runner.boinc.protocol import Channel, Channels
from axiom.signed.bundles import Seal, write_seal
from axiom.signed.keys import Keys, make_keys
from axiom.signed.tickets import Order, Ticket, write_ticket
from axiom.signed.trust import write_trust

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / "build" / "runners" / "x86_64-pc-linux-gnu"
EXPERIMENT = "lazy_vs_feature_learning"
DOWNLOAD_MB, UNPACKED_MB = 125.0, 420.0
LAUNCH_MS = 100.0  # of CPU, for each task, before the runner's own code begins
COLD_SECONDS, WARM_SECONDS = 12.0, 3.0
STARTS = 5
PATIENCE = 300.0
SERIAL, HOST = 1, 1
INIT_DATA = """<app_init_data>
<hostid>{host}</hostid>
<project_dir>{project}</project_dir>
<client_pid>{pid}</client_pid>
<wu_cpu_time>0</wu_cpu_time>
</app_init_data>
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one process took."""

    cpu_ms: float
    wall_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Lab:
    """A laboratory with one experiment, which orders one replicate of the declared sweep at a time."""

    keys: Keys
    prepared: PackedBundle
    now: datetime

    def order(self, number: int) -> Order:
        """The order for a replicate; task and replicate have the same number."""
        manifest, trust = self.prepared.manifest, self.keys.trust
        ticket = Ticket(
            lab=trust.lab,
            trust=trust.version,
            host=HOST,
            task=number,
            experiment=manifest.name,
            version=manifest.version,
            bundle=self.prepared.digest,
            serial=SERIAL,
            replicates=(number,),
            seeds=(seed_of(EXPERIMENT, manifest.version, number),),
            configs=manifest.configs,
            places=tuple(range(len(manifest.configs))),
            cell_seconds=(PATIENCE,) * len(manifest.configs),
            memory_mb=manifest.memory_mb,
            issued=self.now,
            deadline=self.now + timedelta(days=2),
            expires=self.now + timedelta(days=3),
        )
        return Order.of(ticket, write_ticket(ticket, self.keys.ticket))

    def files(self) -> dict[str, bytes]:
        """What boinc-client brings with a task, under the names that the task knows."""
        manifest, archive = self.prepared.manifest, self.prepared.archive
        seal = Seal(
            experiment=manifest.name,
            version=manifest.version,
            serial=SERIAL,
            digest=self.prepared.digest,
            size=len(archive),
            issued=self.now,
            expires=self.now + timedelta(days=90),
        )
        trust = write_trust(self.keys.trust, [self.keys.root])
        return {
            "trust.json": trust,
            "bundle.zip": archive,
            "bundle.seal": write_seal(seal, self.keys.bundle).encode(),
        }


def main() -> int:
    """0 when both builds are equal and every figure holds."""
    now = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory(prefix="axiom-runner-") as name:
        folder = Path(name)
        missed = compare(*(build(["--quick", "--out", str(folder / copy)], folder / copy) for copy in ("one", "two")))
        build(["--if-missing"], BUILT.parent)
        missed += sizes()
        prepared = pack_experiment(Path(axiom.__file__).parent, shipped.catalogue_folder() / f"{EXPERIMENT}.py")
        lab = Lab(keys=make_keys(folder / "keys", now), prepared=prepared, now=now)
        project = folder / "project"
        project.mkdir()
        for path in BUILT.glob("axiom_*"):
            shutil.copy(path, project)
        missed += first_cells(lab, project)
        missed += starts(project)
    print("every figure holds" if not missed else f"missed: {', '.join(missed)}")
    return int(bool(missed))


def build(options: Sequence[str], out: Path) -> Path:
    """Build; the folder of what is there then."""
    done = run([str(ROOT / "scripts" / "build-runner"), *options], os.environ)
    print(f"build       {' '.join(options[:1])}: {done.wall_ms / 1000:.0f} s, {done.cpu_ms / 1000:.0f} s of CPU")
    (folder,) = (path for path in out.iterdir() if path.name == BUILT.name)
    return folder


def compare(first: Path, second: Path) -> list[str]:
    """Print whether two builds are equal; the figure that was missed where they are not."""
    inputs = {json.loads((folder / "built.json").read_bytes())["inputs"] for folder in (first, second)}
    same = digests(first) == digests(second)
    verdict = (
        "the same bytes" if same else "DIFFER" if len(inputs) == 1 else "of different checkouts: it changed meanwhile"
    )
    print(f"two builds  {verdict}")
    return [] if same else ["reproducible"]


def digests(folder: Path) -> dict[str, str]:
    """Every file of a build with its digest."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def sizes() -> list[str]:
    """Print what a host fetches and keeps; the figures that were missed."""
    built = json.loads((BUILT / "built.json").read_bytes())
    download, unpacked = sum(file["size"] for file in built["files"]) / 1e6, built["unpacked_bytes"] / 1e6
    print(f"needs       glibc {built['glibc']}, AVX; holds Python {built['python']}, JAX {built['packages']['jax']}")
    return [*judged("download", download, "MB", DOWNLOAD_MB), *judged("unpacked", unpacked, "MB", UNPACKED_MB)]


def first_cells(lab: Lab, project: Path) -> list[str]:
    """One task on a host that has nothing yet, and some on one that has computed; the figures that were missed."""
    cold, *warm = [first_cell(lab, project, number) for number in range(1, STARTS + 1)]
    missed = judged("cold start", cold[0], "s to the first cell", COLD_SECONDS)
    missed += judged("warm start", statistics.median(start[0] for start in warm), "s to the first cell", WARM_SECONDS)
    done = statistics.median(start[1] for start in warm)
    print(f"            the first cell is done after {cold[1]:.2f} s cold, {done:.2f} s warm")
    return missed


def first_cell(lab: Lab, project: Path, number: int) -> tuple[float, float]:
    """Start a task as boinc-client does; seconds until its first cell begins, and until it is done."""
    slot = project.parent / "slots" / str(number)
    slot.mkdir(parents=True)
    for name, body in lab.files().items():
        (slot / name).write_bytes(body)
    (slot / "init_data.xml").write_text(INIT_DATA.format(host=HOST, project=project, pid=os.getpid()))
    (slot / "boinc_mmap_file").write_bytes(bytes(8192))
    channels, began, done, computing = Channels(slot), time.monotonic(), 0.0, 0.0
    command = [str(program(project)), *lab.order(number).argv()]
    with subprocess.Popen(command, cwd=slot, env={}, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            channels.put(Channel.HEARTBEAT, "<heartbeat/>")
            if not done and len(lines := written(slot / "task" / "output.jsonl")) > 1:
                done = time.monotonic() - began
                computing = json.loads(lines[1])["cpu_seconds"]
            time.sleep(0.02)
    if process.returncode or not done:
        sys.exit(f"The task ended with status {process.returncode}: {written(slot / 'boinc_finish_called')}")
    return done - computing, done


def written(path: Path) -> list[str]:
    """The whole lines of a file that is being written; none while it is not there."""
    return path.read_text().split("\n")[:-1] if path.exists() else []


def starts(project: Path) -> list[str]:
    """What the launcher costs before the runner's own code, when there is nothing to unpack."""
    slot = project.parent / "slots" / "empty"
    slot.mkdir()
    direct = [interpreter(project), "-I", "-B", "-m", "axiom.runner.boinc_task"]
    rounds = [(run([str(program(project))], {}, slot), run(direct, {}, slot)) for _ in range(STARTS)]
    launch = statistics.median(ours.cpu_ms - theirs.cpu_ms for ours, theirs in rounds)
    return judged("each start", launch, "ms of CPU before the runner's own code", LAUNCH_MS)


def program(project: Path) -> Path:
    """The launcher."""
    (path,) = project.glob("axiom_runner_*")
    return path


def interpreter(project: Path) -> str:
    """The runtime's own Python, once it is unpacked."""
    (path,) = (project / "axiom").glob("runtime-*/bin/python3")
    return str(path)


def judged(name: str, value: float, unit: str, most: float) -> list[str]:
    """Print a figure beside its limit; its name where it was missed."""
    print(f"{name:<11} {value:.4g} {unit} (at most {most:g}){'' if value <= most else '  MISSED'}", flush=True)
    return [] if value <= most else [name]


def run(command: Sequence[str], surroundings: Mapping[str, str], folder: Path | None = None) -> Cost:
    """Run a program to its end."""
    before, began = ended(), time.monotonic()
    subprocess.run(
        command,
        env=dict(surroundings),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    wall = time.monotonic() - began
    return Cost(cpu_ms=1000 * (ended() - before), wall_ms=1000 * wall)


def ended() -> float:
    """CPU seconds of all processes that were started here and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    sys.exit(main())
