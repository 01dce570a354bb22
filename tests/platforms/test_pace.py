"""How long a task takes to start, and what it takes of a processor, beside Linux' runner on the same computer."""

import statistics
import time

import pytest
from emulated_host import LINUX, WINDOWS, windows_python

STARTS, CELLS = 7, 3


@pytest.fixture
def both(host_in, lab_with_jax, tmp_path):
    return {name: host_in(name, tmp_path / name, lab_with_jax) for name in (LINUX, WINDOWS)}


def test_a_start_and_a_task_beside_linux(both, lab_with_jax, record_property):
    """In turns, after the first task, which unpacks; the bounds are wide, since the record has the figures."""
    seconds, spent = {name: [] for name in both}, {name: [] for name in both}
    order = lab_with_jax.order({"act": "learn", "amount": 3.0}, memory_mb=900, cell_seconds=(200.0,))
    quick = lab_with_jax.order({"act": "ok"}, memory_mb=900)
    for host in both.values():
        assert host.start(host.slot(), quick).end() == 0
    for _ in range(STARTS):
        for name, host in both.items():
            began = time.monotonic()
            assert host.start(host.slot(), quick).end() == 0
            seconds[name].append(time.monotonic() - began)
            (host.project / "task_5_0").unlink()
    for _ in range(CELLS):
        for name, host in both.items():
            assert host.start(host.slot(1), order).end() == 0
            spent[name].append(sum(cell.cpu_seconds for cell in host.read(1).cells))
            (host.project / "task_5_1").unlink()
    python, bare = windows_python(both[WINDOWS].emulation), []
    for _ in range(STARTS):
        began = time.monotonic()
        both[WINDOWS].emulation.run(both[WINDOWS].emulation.start(python, "-I", "-S", "-c", "pass"))
        bare.append(time.monotonic() - began)
    record_property("a bare start of Windows' Python under Wine, seconds", round(statistics.median(bare), 2))
    start = statistics.median(seconds[WINDOWS]) / statistics.median(seconds[LINUX])
    work = statistics.median(spent[WINDOWS]) / statistics.median(spent[LINUX])
    record_property("start of a task under Wine, seconds", round(statistics.median(seconds[WINDOWS]), 2))
    record_property("start of a task on Linux, seconds", round(statistics.median(seconds[LINUX]), 2))
    record_property("start of a task, Wine to Linux", round(start, 2))
    record_property("CPU of a task, Wine to Linux", round(work, 2))
    assert 0.1 < work < 10
    assert 0.1 < start < 100
