"""What an erased account leaves behind in the words of its computers."""

import json

from axiom.server.accounts.erase import forget_volunteer
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts
from axiom.store.tasks import foreign_tasks
from axiom.store.tasks.foreign_tasks import ForeignTask


def test_what_the_computers_of_an_erased_account_said_is_forgotten(working_lab):
    lab, db = working_lab, working_lab.db

    def said():
        rows = [*db.select("SELECT message FROM task"), *db.select("SELECT report FROM foreign_task")]
        return json.dumps(rows).count("/home/canary")

    lab.report(lab.order(1), exit_status=1, message="No such file: /home/canary/boinc/slots/0")
    before = ForeignTask(name="theirs_1", host_id=1, app="theirs", deadline=lab.now)
    with db.transaction():
        foreign_tasks.add_foreign_tasks(db, [before])
        foreign_tasks.store_foreign_report(db, 1, before.name, {"stderr": "/home/canary/boinc/slots/1"}, lab.now)
    assert said() == 2
    number = hosts.find_host(db, 1).volunteer_id
    with db.transaction():
        forget_volunteer(db, *accounts.find_account(db, number), lab.now)
    assert said() == 0
    assert lab.broken() == {}
