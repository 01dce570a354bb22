from axiom.domain.work import Task
from axiom.store.tasks.workunits import workunit_of


def workunits(db):
    return [workunit_of(row) for row in db.select("SELECT * FROM workunit ORDER BY id DESC")]


def tasks(db, state=""):
    return db.values(Task, "SELECT * FROM task WHERE :state = '' OR state = :state ORDER BY id DESC", state=state)
