"""The autopilot's process: kept, and not started again at once for ever where it ends at once."""

import sys
from datetime import timedelta

import pytest
from patience import until

from axiom.limits import rounds as limits
from axiom.service.autopilot import AutopilotProcess


@pytest.fixture
def attendant(small_lab):
    attendant = AutopilotProcess(small_lab.folder, lambda: small_lab.now)
    yield attendant
    attendant.stop()


def test_an_autopilot_that_ends_at_once_is_started_again_ever_later(attendant, small_lab):
    attendant._command = [sys.executable, "-c", "raise SystemExit('no luck')"]
    pauses = []
    for ended in range(1, 13):
        attendant.keep()
        assert attendant.again_at is None
        assert until(lambda: attendant.keep() or attendant.again_at)
        assert attendant.shown == {"ended": ended, "again_at": attendant.again_at.isoformat()}
        pauses.append((attendant.again_at - small_lab.now).total_seconds())
        small_lab.later(seconds=pauses[-1])
    assert pauses[:4] == [2, 4, 8, 16]
    assert pauses[-1] == limits.AUTOPILOT_PAUSE_SECONDS
    attendant._command = [sys.executable, "-c", "input()"]
    attendant.keep()
    small_lab.later(seconds=limits.AUTOPILOT_PAUSE_SECONDS)
    attendant._process.kill()
    assert until(lambda: attendant.keep() or attendant.again_at)
    assert attendant.again_at - small_lab.now == timedelta(seconds=2)  # it had run for long


def test_its_log_stays_small_while_it_writes(attendant, small_lab):
    log = small_lab.folder.logs / "pi.log"
    many = limits.AUTOPILOT_LOG_BYTES // 100 + 1
    words = f"('x' * 99 + chr(10)) * {many}"
    script = f"import sys; print({words}, end='', file=sys.stderr); input(); print('later', file=sys.stderr)"
    attendant._command = [sys.executable, "-c", script]
    attendant.keep()
    assert until(lambda: log.stat().st_size == 100 * many)
    attendant.keep()
    assert (log.stat().st_size, log.with_name("pi.log.1").stat().st_size) == (0, 100 * many)
    attendant._process.stdin.write(b"\n")
    attendant._process.stdin.flush()
    assert until(lambda: log.read_text() == "later\n")
