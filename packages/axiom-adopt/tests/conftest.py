"""The invented project, moved into a laboratory, and copies of that for whoever changes it."""

import shutil
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from front_office import keep_secret
from make_dumps import CUT_OVER, DUMPS, PROJECT
from running_lab import typed

from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.engine.folder import Folder

NOW = datetime.fromtimestamp(CUT_OVER, UTC) + timedelta(hours=2)


@pytest.fixture(scope="module", autouse=True)
def cut_over():
    """It is the day of the move, whatever the computer's clock says."""
    with pytest.MonkeyPatch.context() as patch:
        for place in ("clock", "doctor_checks"):
            patch.setattr(f"axiom.service.{place}.wall_clock", lambda: NOW)
        yield NOW


@pytest.fixture(scope="session")
def move():
    """Types `axiom adopt` of a dump into a folder, where always the same secret lies."""

    def carry_over(folder, dump=DUMPS / "project-hex.sql.gz", *words, project=PROJECT):
        keep_secret(folder.keys)
        return typed("adopt", dump, "--project", project, "--accept-losses", *words, data=folder.path)

    return carry_over


@pytest.fixture(scope="module")
def moved(tmp_path_factory, move, cut_over):  # noqa: ARG001  it is then
    """The laboratory after the move. Nobody changes it."""
    folder = Folder(path=tmp_path_factory.mktemp("moved") / "lab")
    done = move(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def copy(moved, tmp_path):
    return Folder(path=shutil.copytree(moved.path, tmp_path / "lab"))


@pytest.fixture
def moved_lab(copy, new_lab, tmp_path):
    """The same, as a small laboratory whose clock the test sets."""
    lab = new_lab(tmp_path / "other")
    lab.db.close()
    lab.folder, lab.db, lab.now = copy, connect_writer(copy.database), NOW + timedelta(hours=1)
    yield lab
    lab.db.close()


@pytest.fixture(scope="session")
def look():
    """Rows of a laboratory's database."""

    def select(folder, question, **values):
        with closing(connect_reader(folder.database)) as db:
            return db.select(question, **values)

    return select
