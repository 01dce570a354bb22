"""Every way in which a task can end badly, made to happen in the stock client by a bad runner, is told apart."""

import os
import shlex
import sys
from datetime import UTC, datetime

import pytest
from boinc_client import Client, client, register
from fake_builds import build
from real_parts import need
from running_lab import answer
from volunteer_lab import Project, project

from axiom.laboratory.runner.offer import RunnerOffers
from axiom.runner.platform.host import platform_here
from axiom.server.scheduler.host_programs import PLATFORMS
from axiom.signed.keys import make_secrets
from axiom.store.engine.folder import Folder

pytestmark = need("boinc")
# It does not read its orders: the number of the task decides what it does wrong.
_BAD = """#!/bin/sh
while [ "$1" != --task ]; do shift; done
output=$(sed -n 's,.*<soft_link>\\(.*\\)</soft_link>.*,\\1,p' output.jsonl)
done_with() {{ echo 0 >boinc_finish_called; exit 0; }}
until_aborted() {{ until grep -aq '<abort/>' boinc_mmap_file; do sleep 1; done; exit 1; }}
case $2 in
1) truncate -s 200M big; until_aborted ;;
2) kill -SEGV $$ ;;
3) exit 7 ;;
4) done_with ;;
5) : >"$output"; done_with ;;
6) head -c 17000000 /dev/zero >"$output"; done_with ;;
7) echo nonsense >"$output"; done_with ;;
9) exec {python} -I -c '
import time
held = b"x" * 600_000_000
while b"<abort/>" not in open("boinc_mmap_file", "rb").read():
    time.sleep(1)
raise SystemExit(1)
' ;;
*) until_aborted ;;
esac
"""
_DISK, _SIGNAL, _EXIT, _MISSING, _EMPTY, _LARGE, _NONSENSE, _ABORT, _MEMORY = range(1, 10)
_ENDS = {  # state, cause, exit status
    _DISK: ("failed", "disk-limit", 196),
    _SIGNAL: ("failed", "signal", 11),
    _EXIT: ("failed", "exit-code", 7),
    _MISSING: ("failed", "no-output", 0),
    _LARGE: ("failed", "output-too-big", 0),
    _ABORT: ("aborted", "aborted-by-volunteer", 203),
    _MEMORY: ("failed", "memory-limit", 198),
}


def offer_bad(folder: Folder) -> None:
    """Offer a program with the laboratory's signature that is no runner."""
    body = _BAD.format(python=shlex.quote(sys.executable)).encode()
    here = platform_here()
    named = next(name for name, words in PLATFORMS.items() if words == (here.system, here.processor))
    built = build(folder.path.parent / "bad", program=body, platform=named, needs_avx=False)
    RunnerOffers(folder, make_secrets(folder.keys).code).built(built, datetime.now(UTC))


@pytest.fixture
def bad(tmp_path):
    """A laboratory that gives out a bad runner."""
    with project(tmp_path / "lab", before=offer_bad) as made:
        made.publish(tmp_path, "swift")
        yield made


def _share_of_memory(megabytes: int) -> float:
    return 100 * megabytes * 2**20 / (os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _told(bad: Project, number: int) -> tuple[str, str, int]:
    """How a task ended, as the command line and the page say."""
    typed, page = answer("task", "show", number, data=bad.data)["task"], bad.task(number)
    assert (typed["state"], typed["cause"]) == (page["state"], page["cause"] or "")
    return typed["state"], typed["cause"], typed["exit_status"]


def test_every_bad_end_is_told_apart(bad, tmp_path):
    me = register(bad.address)
    with (
        client(tmp_path / "large", bad.address, me.key, cores=12) as large,
        client(tmp_path / "small", bad.address, me.key, cores=1, memory=_share_of_memory(200)) as small,
    ):
        for computer in (large, small):
            computer.wait(Client.host, nudge=8)
        numbers = [bad.order("swift", large.host()) for _ in range(8)] + [bad.order("swift", small.host())]
        assert numbers == list(range(1, 10))
        for computer in (large, small):
            computer.update()
        large.wait(lambda seen: seen.is_computing(_ABORT), nudge=8)
        large.say("--task", bad.address, large.task(_ABORT)["name"], "abort")

        bad.wait(lambda: bad.task(_MEMORY)["state"] != "sent", nudged=small)
        bad.wait(lambda: all(bad.task(number)["closed_at"] for number in numbers), nudged=large)
        notices = large.say("--get_notices")

    assert {number: _told(bad, number) for number in _ENDS} == _ENDS
    for number in (_EMPTY, _NONSENSE):
        assert _told(bad, number)[0] == "invalid"
    assert "returned a result that is not what was ordered" in notices
    assert "SIGSEGV" in bad.task(_SIGNAL)["reason"]
    bad.promises()
