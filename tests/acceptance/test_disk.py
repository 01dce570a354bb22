"""A laboratory on a disk of its own: filling it is told, full it acknowledges nothing, and with room it goes on."""

import json
import urllib.error
import urllib.request
from pathlib import Path

from mail_servers import WebBox, web
from patience import PATIENCE
from processes import ran
from programs_lab import OWN_SUM
from real_parts import need
from running_lab import AXIOM, beside, own_disk, running, view

pytestmark = need("mounts")


def ready(address: str) -> tuple[int, list[str]]:
    try:
        with urllib.request.urlopen(f"{address}readyz", timeout=PATIENCE) as reply:  # noqa: S310  our own address
            return reply.status, json.load(reply)["reasons"]
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)["reasons"]


def fill(file: Path) -> None:
    block = b"\0" * 65_536
    with file.open("wb", buffering=0) as filler:
        while block:
            try:
                filler.write(block)
            except OSError:
                block = block[: len(block) // 2]


def test_a_disk_that_fills_is_told_stops_the_work_and_costs_nothing(tmp_path, monkeypatch):
    hook, disk, file = WebBox(), tmp_path / "disk", tmp_path / "own_sum.py"
    file.write_text(OWN_SUM)
    data = disk / "lab"
    with web(hook) as address:
        monkeypatch.setenv("AXIOM_ALERT_NTFY", f"{address}/topic")
        with running(data, "--workers", "1", "--no-pi", wrapped=own_disk(disk, "size=3g")) as lab:
            assert ready(lab.address) == (200, [])
            assert beside(lab.process, AXIOM, "experiment", "publish", file, "--data", data).returncode == 0
            resize(lab, disk, "300m")
            status, (reason,) = ready(lab.address)
            assert status == 503
            assert str(data) not in reason
            assert hook.arrived.acquire(timeout=PATIENCE)
            path, _, body = hook.posted[0]
            assert path == "/topic"
            assert "the disk is nearly full" in body.decode()

            order = (AXIOM, "experiment", "deploy", "own_sum", "--workunits", 400, "--data", data)
            assert beside(lab.process, *order).returncode == 0
            lab.wait(lambda status: status["totals"]["result"] > 0)
            fill(view(lab.process, disk) / "filler")
            orders = 1
            while beside(lab.process, *order).returncode == 0:  # the room that the store already has may hold a few
                orders += 1
                assert orders < 100, "what cannot be stored is not acknowledged"
            full = lab.wait(lambda status: status["free_mb"] == 0)
            assert lab.process.poll() is None
            (view(lab.process, disk) / "filler").unlink()
            later = lab.wait(lambda status: status["totals"]["result"] > full["totals"]["result"])
            assert later["totals"]["workunit"] == orders * 400, "what was acknowledged is there, and nothing else"
            resize(lab, disk, "3g")
            assert ready(lab.address) == (200, [])
            checked = beside(lab.process, AXIOM, "doctor", "--invariants", "--data", data)
            assert checked.returncode == 0, checked.stdout + checked.stderr
            assert lab.stop() == 130


def resize(lab, disk: Path, size: str) -> None:
    done = beside(lab.process, "mount", "-o", f"remount,size={size}", disk)
    assert done.returncode == 0, done.stderr


def test_a_folder_that_can_only_be_read_starts_nothing(tmp_path):
    disk = tmp_path / "disk"
    start = own_disk(disk, "size=4m", then=f'mkdir "{disk}/lab" && mount -o remount,ro "{disk}"')
    command = [*start, AXIOM, "lab", "--data", str(disk / "lab"), "--port", "0"]
    done = ran(command)
    assert (done.returncode, done.stdout) == (5, "")
    assert "Read-only file system" in done.stderr
