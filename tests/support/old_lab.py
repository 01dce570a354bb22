"""A laboratory with months of tasks behind it, of which some are due to move to the archive."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from axiom.laboratory.backups.archive import archive_old_outputs, read_task_output
from axiom.service.open_laboratory import writer_of
from axiom.settings import Settings
from axiom.signed.trust import write_trust
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import connect_reader, connect_writer
from axiom.store.journal.journal import attach_journal
from axiom.store.tasks import archives

DAYS = 90


class OldLab:
    """A laboratory with months of tasks behind it, whose journal has them all, and its clock."""

    def __init__(self, lab):
        self.lab, self.folder = lab, lab.folder
        self.before = {}  # ticket, output and message of each task, as they were

    @property
    def now(self):
        return self.lab.now

    def compute(self, amount):
        self.lab.deploy(workunits=amount)
        for _ in range(amount):
            order = self.lab.order(1)
            self.lab.later(seconds=1)
            self.lab.report(order, self.lab.output(order))
        self.lab.validate()

    def remember(self):
        with Connections(folder=self.folder).reader() as db:
            tasks = [row["id"] for row in db.select("SELECT id FROM task")]
            self.before = {task: self.brought(db, self.folder, task) for task in tasks}

    @staticmethod
    def brought(db, folder, task):
        found = read_task_output(db, folder, task)
        return found.ticket, found.output, found.message

    def archived(self, **changes):
        writer = writer_of(self.folder, Settings(), lambda: self.now)
        writer.start()
        try:
            return archive_old_outputs(writer, self.folder, lambda: self.now, DAYS, **changes)
        finally:
            writer.stop()

    def files(self, folder=None):
        with Connections(folder=folder or self.folder).reader() as db:
            return archives.list_archive_files(db)

    def demand_whole(self, folder=None):
        """Each ticket and each output is there, as it was, and every promise holds."""
        folder = folder or self.folder
        db = connect_reader(folder.database)
        try:
            assert {task: self.brought(db, folder, task) for task in self.before} == self.before
            assert blobs.list_blob_problems(db, folder) == []
        finally:
            db.close()
        db = connect_writer(folder.database)
        try:
            assert replace(self.lab, folder=folder, db=db).broken() == {}
        finally:
            db.close()


def make_old(lab, prepared, more=lambda _: None):
    """Tasks closed in March and April, one failed and one that expired in March; it is the middle of August.

    `more` does what else was done in March, before that.
    """
    folder = lab.folder
    folder.keys.mkdir(mode=0o700)
    for name in ("root", "bundle", "ticket"):
        getattr(lab.keys, name).save(folder.keys / f"{name}.key")
    (folder.keys / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))
    attach_journal(lab.db, folder, folder.journal, lambda: lab.now)
    lab.publish(prepared(), good_for=timedelta(days=365))
    lab.host()
    old = OldLab(lab)
    more(lab)
    old.compute(12)
    lab.deploy(workunits=2)
    lab.report(lab.order(1), exit_status=10)
    lab.order(1)
    lab.later(hours=49)
    lab.sweep()
    lab.later(days=30)
    old.compute(3)
    lab.later(days=60)
    old.compute(1)
    lab.now = datetime(2026, 8, 15, tzinfo=UTC)
    lab.db.close()
    old.remember()
    return old
