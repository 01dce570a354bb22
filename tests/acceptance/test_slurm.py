"""Batch systems: an array of pilots in a real Slurm, and files for HTCondor and Kubernetes as those read them."""

import re
import shlex
from pathlib import Path

import htcondor2
import kubernetes_validate
import yaml
from pilot_cluster import PilotCluster
from processes import ran
from real_parts import need
from running_lab import AXIOM
from slurm_cluster import slurm

KEY = "axiom_cluster_" + "a" * 43
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@need("slurm")
def test_a_slurm_array_computes_what_there_is_and_ends_with_0(tmp_path):
    with PilotCluster.serving(tmp_path) as lab, slurm(tmp_path / "slurm") as cluster:
        lab.order(6)
        sizes = ("--array=1-2", "--cpus-per-task=1", "--mem-per-cpu=400M")
        job = cluster.do("sbatch", "--parsable", *sizes, DEPLOY / "slurm.sh", **lab.environment())
        cluster.wait(lambda: not any(state.startswith(("PENDING", "RUNNING")) for state in cluster.states(job)))
        logs = "".join(log.read_text() for log in cluster.place.glob(f"axiom-{job}-*.log"))
        assert cluster.states(job) == ["COMPLETED 0:0", "COMPLETED 0:0"], logs
        lab.demand_done(6)
    assert logs.count("No work is left") == 2


def test_the_commands_of_the_kubernetes_job_and_the_submit_file_start_a_pilot(tmp_path):
    job = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())
    kubernetes_validate.validate(job, "1.33", strict=True)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    variables = {"AXIOM_SERVER": "http://lab.example/", "AXIOM_LAB": "0" * 64, "AXIOM_NODE": "axiom-0"}
    assert variables.keys() | {"AXIOM_CORES"} == {variable["name"] for variable in container["env"]}
    (line,) = container["args"]
    folders = {mount["mountPath"]: tmp_path / mount["name"] for mount in container["volumeMounts"]}
    for folder in folders.values():
        folder.mkdir()
    line = re.sub(r"(?<=\s)/\w+", lambda mount: str(folders[mount[0]]), line)
    (tmp_path / "key" / "key").write_text(KEY)
    (tmp_path / "key" / "key").chmod(0o440)  # as it is mounted
    start(container["command"] + [line], tmp_path, **variables, AXIOM_CORES="1")
    assert (tmp_path / "tmp" / "key").stat().st_mode & 0o777 == 0o600

    file = htcondor2.Submit((DEPLOY / "htcondor.sub").read_text())
    assert (file.expand("pilots"), file.getQArgs()) == ("10", "$(pilots)")
    assert file.expand("encrypt_input_files") == file.expand("transfer_input_files") == "cluster.key"
    file.update({"axiom": str(AXIOM), "server": "http://lab.example/", "lab": "0" * 64, "request_cpus": "1"})
    (tmp_path / "cluster.key").write_text(KEY)  # as it arrives: anybody may read it
    start([file["executable"], *shlex.split(file.expand("arguments").strip('"'))], tmp_path)
    assert (tmp_path / "cluster.key").stat().st_mode & 0o777 == 0o600


def start(command: list[str], folder: Path, **variables: str) -> None:
    """A pilot understands the words of this command, and says that it does not go where it was sent."""
    environment = {"PATH": f"{AXIOM.parent}:/usr/bin:/bin", **variables}
    done = ran(command, cwd=folder, env=environment)
    assert done.returncode == 2, done.stderr
    assert "is not https" in done.stderr, done.stderr
