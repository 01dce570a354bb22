"""The stock BOINC client in a batch job: fetches what its cores can take, computes, reports and ends."""

import os
import subprocess
from pathlib import Path

from boinc_client import BOINC, register
from patience import PATIENCE
from volunteer_lab import project

JOB = Path(__file__).resolve().parents[2] / "deploy/boinc.sh"


def test_a_batch_job_of_the_stock_client_computes_and_ends_with_0(tmp_path):
    with project(tmp_path / "lab") as lab:
        lab.publish(tmp_path, "swift")
        tasks = [lab.order("swift") for _ in range(2)]
        key = tmp_path / "account.key"
        key.write_text(register(lab.address).key)
        said = {
            "PATH": f"{Path(BOINC).parent}:{os.environ['PATH']}",
            "AXIOM_SERVER": lab.address,
            "AXIOM_ACCOUNT_FILE": str(key),
            "AXIOM_SCRATCH": str(tmp_path / "scratch"),
            "AXIOM_WORDS": "--insecure --no_priority_change --sched_retry_delay_min 3 --sched_retry_delay_max 6",
        }
        done = subprocess.run([JOB], capture_output=True, text=True, check=False, timeout=PATIENCE, env=said)
        assert done.returncode == 0, done.stdout[-4_000:] + done.stderr
        assert key.read_text() not in done.stdout + done.stderr
        lab.wait(lambda: sorted(lab.task(one)["state"] for one in tasks) == ["unsent", "valid"])
        assert (tmp_path / "scratch/1").stat().st_mode & 0o077 == 0
