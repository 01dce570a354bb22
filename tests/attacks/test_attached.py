"""The same attempts against the whole runner, started as boinc-client starts it: a process in the folder of a task."""

import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from patience import PATIENCE
from takeover import HOST, Attempt, Scene
from takeover_attempts import CLASSES

from axiom.domain.work import Exit

START = "import sys; from axiom.runner.boinc_task import main; sys.exit(main())"
LONGEST = 100_000  # what the system takes as one word of a command line
INIT_DATA = """<app_init_data>
<hostid>{host}</hostid>
<project_dir>{project}</project_dir>
<client_pid>{pid}</client_pid>
<wu_cpu_time>0</wu_cpu_time>
</app_init_data>
"""


@pytest.fixture(scope="session")
def scene() -> Scene:
    return Scene(now=datetime.now(UTC).replace(microsecond=0))


def attached(attempt: Attempt, folder: Path) -> tuple[int, set[str]]:
    """How boinc-client is told that the task ended, and the marks of what was executed."""
    project, slot = folder / "projects" / "lab", folder / "slots" / attempt.kind
    project.mkdir(parents=True, exist_ok=True)
    slot.mkdir(parents=True)
    for name, body in attempt.files.items():
        (slot / name).write_bytes(body)
    (slot / "init_data.xml").write_text(INIT_DATA.format(host=HOST, project=project, pid=os.getpid()))
    (slot / "boinc_mmap_file").write_bytes(bytes(8192))
    words = [sys.executable, "-c", START, *attempt.words]
    subprocess.run(words, cwd=slot, check=False, capture_output=True, timeout=PATIENCE)
    finished = (slot / "boinc_finish_called").read_text().splitlines()
    marks = {path.name.removeprefix("ran-") for path in folder.rglob("ran-*")}
    return int(finished[0]), marks


def test_a_genuine_task_is_computed_and_leaves_its_mark(scene, tmp_path):
    assert attached(scene.genuine(), tmp_path) == (Exit.DONE, {"genuine"})


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_no_foreign_byte_is_executed(kind, scene, tmp_path):
    made = (kind(scene, random.Random(number)) for number in range(100))
    attempt = next(
        one for one in made if one.at == scene.now and not one.harmless and max(map(len, one.words)) < LONGEST
    )
    if not attempt.is_new:
        assert attached(scene.genuine(), tmp_path)[0] == Exit.DONE
        (mark,) = (tmp_path / "projects" / "lab" / "axiom" / "cache").glob("*/ran-genuine")
        mark.unlink()
    status, marks = attached(attempt, tmp_path)
    assert status in (Exit.BAD_TICKET, Exit.BAD_BUNDLE), attempt.name
    assert marks == set()
