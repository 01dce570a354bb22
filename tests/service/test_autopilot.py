"""The autopilot's process: kept, and not started again at once for ever where it ends at once."""

import sys
from datetime import timedelta

import pytest
from patience import until

from axiom.limits import rounds as limits
from axiom.service.autopilot import AutopilotProcess


@pytest.fixture
def autopilot(small_lab):
    autopilot = AutopilotProcess(small_lab.folder, lambda: small_lab.now)
    yield autopilot
    autopilot.stop()


def test_an_autopilot_that_ends_at_once_is_started_again_ever_later(autopilot, small_lab):
    autopilot._command = [sys.executable, "-c", "raise SystemExit('no luck')"]
    pauses = []
    for ended in range(1, 13):
        autopilot.keep()
        assert autopilot.again_at is None
        assert until(lambda: autopilot.keep() or autopilot.again_at)
        assert autopilot.shown == {"ended": ended, "again_at": autopilot.again_at.isoformat()}
        pauses.append((autopilot.again_at - small_lab.now).total_seconds())
        small_lab.later(seconds=pauses[-1])
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses[-1] == limits.AUTOPILOT_PAUSE_SECONDS
    autopilot._command = [sys.executable, "-c", "input()"]
    autopilot.keep()
    small_lab.later(seconds=limits.AUTOPILOT_PAUSE_SECONDS)
    autopilot._process.kill()
    assert until(lambda: autopilot.keep() or autopilot.again_at)
    assert autopilot.again_at - small_lab.now == timedelta(seconds=2)  # it had run for long


def test_its_log_stays_small_while_it_writes(autopilot, small_lab):
    log = small_lab.folder.logs / "pi.log"
    many = limits.AUTOPILOT_LOG_BYTES // 100 + 1
    words = f"('x' * 99 + chr(10)) * {many}"
    script = f"import sys; print({words}, end='', file=sys.stderr); input(); print('later', file=sys.stderr)"
    autopilot._command = [sys.executable, "-c", script]
    autopilot.keep()
    assert until(lambda: log.stat().st_size == 100 * many)
    autopilot.keep()
    assert (log.stat().st_size, log.with_name("pi.log.1").stat().st_size) == (0, 100 * many)
    autopilot._process.stdin.write(b"\n")
    autopilot._process.stdin.flush()
    assert until(lambda: log.read_text() == "later\n")
