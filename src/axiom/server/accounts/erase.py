"""Erases an account: a number is left, under which work and credit stay.

Results, evidence and the ledger would no longer add up without them, and say nothing about anybody. Who was in the
statistics files, and is erased or no longer agrees to be there, stands there as erased for some weeks, so that the
sites which copied them can do the same.
"""

from datetime import datetime

from axiom.boinc.account_keys import exported_host_cpid, external_cpid
from axiom.domain.fleet import Account, Volunteer
from axiom.limits import accounts as limits
from axiom.server.accounts.team_membership import change_team
from axiom.store.accounts import accounts, credit_sites, operators, teams, tombstones
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts, notices
from axiom.store.mail import outbox, subscriptions
from axiom.store.registrations import ideas
from axiom.store.tasks import foreign_tasks, tasks


def forget_volunteer(db: Database, volunteer: Volunteer, account: Account, now: datetime) -> int:
    """Forget who this volunteer is; how many tasks that their hosts hold are for others from now on."""
    withdraw_from_statistics(db, volunteer, account, now)
    change_team(db, volunteer, None)
    teams.erase_founded_teams(db, volunteer.id)
    left = tasks.expire_volunteer_tasks(db, volunteer.id, now)
    tasks.erase_volunteer_messages(db, volunteer.id)
    foreign_tasks.erase_volunteer_reports(db, volunteer.id)
    notices.delete_volunteer_notices(db, volunteer.id)
    hosts.erase_hosts(db, volunteer.id)
    ideas.delete_volunteer_ideas(db, volunteer.id)
    outbox.delete_volunteer_messages(db, volunteer.id)
    subscriptions.delete_subscriptions(db, volunteer.id)
    accounts.sign_out_everywhere(db, volunteer.id)
    operators.revoke_operator_role(db, volunteer.id, now)
    accounts.erase_volunteer(db, volunteer.id)
    return left


def withdraw_from_statistics(db: Database, volunteer: Volunteer, account: Account, now: datetime) -> None:
    """Sites that copied the files are asked to forget who was in them until now."""
    tombstones.delete_old_tombstones(db, now - limits.ERASED_TOLD_FOR)
    if not account.is_exported or account.email is None:
        return
    tombstones.add_tombstone(
        db, tombstones.VOLUNTEER, volunteer.id, external_cpid(account.cross_id, account.address), now
    )
    for host in credit_sites.list_exported_hosts(db, [volunteer.id]):
        if host.cpid:
            tombstones.add_tombstone(db, tombstones.HOST, host.id, exported_host_cpid(host.cpid, account.address), now)
