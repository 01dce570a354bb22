"""Launchers: a real Slurm, Dask's own deployers, plain ssh; and what cannot run here, held to its schema and words."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import htcondor2
import kubernetes_validate
import pytest
import yaml
from patience import PATIENCE
from pilot_cluster import CELLS, PilotCluster
from running_lab import AXIOM
from slurm_cluster import slurm
from ssh_server import ssh_server

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A laboratory that computes nothing itself."""
    made = PilotCluster.make(tmp_path_factory.mktemp("lab"), blocks=6)
    made.start()
    yield made
    made.end()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A computer that one reaches with ssh."""
    with ssh_server(tmp_path_factory.mktemp("ssh") / "server") as made:
        yield made


@pytest.fixture
def ordered(lab):
    """Six workunits more, which are computed by the end: each cell once, by pilots of the test's."""
    before = lab.workunits().get("done", 0)
    lab.order(6)
    yield lab
    lab.wait(lambda: lab.workunits() == {"done": before + 6}, 60)
    assert lab.results() == (before + 6) * CELLS
    assert not lab.states().keys() & {"failed", "invalid", "expired"}, lab.states()
    assert lab.broken() == []


def environment(lab: PilotCluster, scratch: Path) -> dict[str, str]:
    """What the launchers read."""
    return {
        "AXIOM": str(AXIOM),
        "AXIOM_SERVER": lab.address,
        "AXIOM_LAB": lab.lab,
        "AXIOM_KEY_FILE": str(lab.key_file),
        "AXIOM_SCRATCH": str(scratch),
    }


def words(lab: PilotCluster, scratch: Path) -> list[str]:
    """The same as words of `axiom work`."""
    return [
        *("--server", lab.address, "--lab", lab.lab, "--key-file", str(lab.key_file), "--scratch", str(scratch)),
    ]


def on_dask(scheduler: str, lab: PilotCluster, scratch: Path) -> subprocess.CompletedProcess[str]:
    command = [str(AXIOM), "work", "--engine", "dask", "--scheduler", scheduler, *words(lab, scratch)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)


def test_a_slurm_array_computes_what_there_is_and_ends_with_0(ordered, tmp_path):
    with slurm(tmp_path / "slurm") as cluster:
        sizes = ("--array=1-2", "--cpus-per-task=1", "--mem-per-cpu=400M")
        job = cluster.do(
            "sbatch", "--parsable", *sizes, DEPLOY / "slurm.sh", **environment(ordered, tmp_path / "scratch")
        )
        cluster.wait(lambda: not any(one.startswith(("PENDING", "RUNNING")) for one in cluster.states(job)))
        said = "".join(one.read_text() for one in cluster.place.glob(f"axiom-{job}-*.log"))
        assert cluster.states(job) == ["COMPLETED 0:0", "COMPLETED 0:0"], said
    assert said.count("No work is left") == 2


def test_every_worker_of_a_local_dask_cluster_gets_a_pilot(ordered, tmp_path):
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        done = on_dask(cluster.scheduler_address, ordered, tmp_path / "scratch")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ended with 0: No work is left") == 2


def test_workers_that_dask_starts_with_ssh_get_pilots(ordered, server, tmp_path):
    from distributed import SSHCluster

    cluster = SSHCluster(
        ["127.0.0.1"] * 3,
        connect_options=server.asyncssh_options(),
        scheduler_options={"host": "127.0.0.1", "dashboard": False},
        worker_options={"nthreads": 1, "host": "127.0.0.1", "dashboard": False},
        remote_python=sys.executable,
    )
    with cluster:
        done = on_dask(cluster.scheduler_address, ordered, tmp_path / "scratch")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ended with 0: No work is left") == 2


def test_dask_says_what_a_pilot_ended_with(lab, tmp_path):
    from distributed import LocalCluster

    wrong = tmp_path / "wrong.key"
    wrong.write_text("axiom_cluster_" + "a" * 43)
    wrong.chmod(0o600)
    with LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        said = words(lab, tmp_path / "scratch")
        said[said.index("--key-file") + 1] = str(wrong)
        command = [str(AXIOM), "work", "--engine", "dask", "--scheduler", cluster.scheduler_address, *said]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 4, done.stderr


@pytest.mark.parametrize(
    ("engine", "needed"),
    [
        (("--engine", "dask"), "--server"),
        (("--engine", "dask", "--server"), "--scheduler"),
        (("--engine", "dask", "--scheduler", "nowhere", "--server"), "no address"),
        (("--engine", "dask", "--scheduler", "mail://node:1", "--server"), "no address"),
    ],
)
def test_words_that_are_off_start_nothing(engine, needed, lab, tmp_path):
    said = [*engine[:-1], *words(lab, tmp_path / "scratch")] if engine[-1] == "--server" else engine
    done = subprocess.run([AXIOM, "work", *said], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 2, done.stderr
    assert needed in done.stderr


def test_ssh_starts_pilots_and_brings_the_key_into_a_file_that_nobody_else_reads(ordered, server, tmp_path):
    said = {**environment(ordered, tmp_path / "scratch"), "AXIOM_SSH": server.client, "AXIOM_WORDS": "--cores 1"}
    done = subprocess.run(
        [DEPLOY / "ssh.sh", "node1", "node2"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={"PATH": "/usr/bin:/bin", **said},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("No work is left") == 2
    brought = server.place / "home/.axiom/cluster.key"
    assert brought.read_text() == ordered.key_file.read_text()
    assert brought.stat().st_mode & 0o777 == 0o600


def test_pilots_end_with_the_launcher_that_holds_their_leash(lab, server, tmp_path):
    said = {**environment(lab, tmp_path / "scratch"), "AXIOM_SSH": server.client}
    said["AXIOM_WORDS"] = "--cores 1 --when-idle wait"
    with (tmp_path / "said").open("w") as heard:
        launcher = subprocess.Popen(
            [DEPLOY / "ssh.sh", "node1", "node2"], stderr=heard, env={"PATH": "/usr/bin:/bin", **said}
        )
    lab.wait(lambda: (tmp_path / "said").read_text().count("cores compute for") == 2)
    launcher.kill()
    launcher.wait()
    lab.wait(lambda: (tmp_path / "said").read_text().count("Stopped.") == 2, 60)
    lab.wait(lambda: lab.ask("cluster", "list")["clusters"][0]["pilots"] == 0, 60)


def test_a_scratch_folder_of_another_user_is_refused(lab, tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    if os.geteuid() == 0:
        os.chown(scratch, 65_534, 65_534)
    else:
        scratch = Path("/usr")
    done = subprocess.run(
        [AXIOM, "work", *words(lab, scratch)], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 5, done.stderr


def test_the_kubernetes_job_has_kubernetes_words_and_its_command_flies_a_pilot(ordered, tmp_path):
    job = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())
    kubernetes_validate.validate(job, "1.33", strict=True)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    for mount in container["volumeMounts"]:
        (tmp_path / mount["name"]).mkdir()
    (tmp_path / "key/key").write_text(ordered.key_file.read_text())
    (tmp_path / "key/key").chmod(0o440)  # as it is mounted
    mounts = [
        word for one in container["volumeMounts"] for word in ("--bind", tmp_path / one["name"], one["mountPath"])
    ]
    root = [
        word
        for one in ("bin", "usr", "lib", "lib64", "etc", "root")
        for word in ("--ro-bind-try", f"/{one}", f"/{one}")
    ]
    root += ["--ro-bind-try", sys.base_prefix, sys.base_prefix]
    python = Path(sys.executable).parents[1]
    said = {"AXIOM_SERVER": ordered.address, "AXIOM_LAB": ordered.lab, "AXIOM_NODE": "axiom-0", "AXIOM_CORES": "1"}
    assert said.keys() == {one["name"] for one in container["env"]}
    done = subprocess.run(
        [
            *("bwrap", *root, "--proc", "/proc", "--dev", "/dev", *mounts),
            *("--ro-bind", DEPLOY.parent, DEPLOY.parent, "--", *container["command"], *container["args"]),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={"PATH": f"{python}/bin:/usr/bin:/bin", **said},
    )
    assert done.returncode == 0, done.stderr


def test_the_submit_file_is_read_by_htcondor_and_its_command_flies_a_pilot(ordered, tmp_path):
    file = htcondor2.Submit((DEPLOY / "htcondor.sub").read_text())
    assert file.expand("pilots") == "10"
    assert file.getQArgs() == "$(pilots)"
    assert file.expand("encrypt_input_files") == file.expand("transfer_input_files") == "cluster.key"
    file.update({"axiom": str(AXIOM), "server": ordered.address, "lab": ordered.lab, "request_cpus": "1"})
    (tmp_path / "cluster.key").write_text(ordered.key_file.read_text())  # as it arrives: anybody may read it
    words = shlex.split(file.expand("arguments").strip('"'))
    done = subprocess.run(
        [file["executable"], *words], capture_output=True, text=True, check=False, timeout=PATIENCE, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "No work is left" in done.stderr
