from axiom.domain.work import Task
from axiom.store.tasks.workunits import read_workunit_row


def workunits(db):
    return [read_workunit_row(row) for row in db.select("SELECT * FROM workunit ORDER BY id DESC")]


def tasks(db, state=""):
    return db.values(Task, "SELECT * FROM task WHERE :state = '' OR state = :state ORDER BY id DESC", state=state)
