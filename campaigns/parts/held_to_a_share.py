"""A plugin of pytest: holds each process that tests, with all that it starts, to a share of a core (Linux, as root).

CORE_SHARE=0.33 pytest -n 5 -p held_to_a_share …
"""

import os
from pathlib import Path

import pytest

_NAME = "axiom-tests-"
_PERIOD = 100_000  # µs
_ROOTS = (Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup"))  # the first version of control groups, and the second


def pytest_configure(config: pytest.Config) -> None:
    """A worker goes into a group of its own before it tests anything."""
    root = next(root for root in _ROOTS if (root / "cgroup.procs").exists())
    if not hasattr(config, "workerinput"):
        remove_empty(root)
        return
    quota = int(float(os.environ["CORE_SHARE"]) * _PERIOD)
    group = root / f"{_NAME}{os.getpid()}"
    group.mkdir()
    if (group / "cpu.max").exists():
        (group / "cpu.max").write_text(f"{quota} {_PERIOD}")
    else:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
        (group / "cpu.cfs_quota_us").write_text(str(quota))
    (group / "cgroup.procs").write_text(str(os.getpid()))


def remove_empty(root: Path) -> None:
    """Remove the groups of workers of before."""
    for group in root.glob(f"{_NAME}*"):
        if not (group / "cgroup.procs").read_text():
            group.rmdir()
