"""Erases a volunteer's account: what is left of a person is a number, under which computed work and credit stay.

Results, evidence and the ledger would no longer add up without them, and say nothing about anybody. Who was in the
statistics files stands there as erased for some weeks, so that the sites which copied them can do the same.
"""

from datetime import datetime, timedelta

from axiom.boinc.account_keys import exported_host_cpid, external_cpid
from axiom.domain.fleet import Account, Volunteer
from axiom.server.accounts.membership_membership import belong
from axiom.store.accounts import accounts, credit_sites, tombstones
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts, notices
from axiom.store.tasks import tasks

TOLD_FOR = timedelta(days=60)  # by the statistics files, as in other projects


def erase(db: Database, volunteer: Volunteer, account: Account, now: datetime) -> int:
    """Forget who this volunteer is; how many tasks that their hosts hold are for others from now on."""
    tombstones.forget(db, now - TOLD_FOR)
    if account.is_exported and account.email is not None:
        tombstones.add(db, tombstones.VOLUNTEER, volunteer.id, external_cpid(account.cross_id, account.email), now)
        for host in credit_sites.hosts(db, [volunteer.id]):
            if host.cpid:
                tombstones.add(db, tombstones.HOST, host.id, exported_host_cpid(host.cpid, account.email), now)
    belong(db, volunteer, None)
    left = tasks.give_up(db, volunteer.id, now)
    notices.forget(db, volunteer.id)
    hosts.erase(db, volunteer.id)
    accounts.sign_out_everywhere(db, volunteer.id)
    accounts.erase(db, volunteer.id)
    return left
