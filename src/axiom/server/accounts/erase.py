"""Joins, changes, leaves a team, and erases an account: a number is left, under which work and credit stay.

Results, evidence and the ledger would no longer add up without them, and say nothing about anybody. Who was in the
statistics files stands there as erased for some weeks, so that the sites which copied them can do the same.
"""

from datetime import datetime

from axiom.boinc.account_keys import exported_host_cpid, external_cpid
from axiom.domain.fleet import Account, Team, Volunteer
from axiom.limits import accounts as limits
from axiom.rules.accounts.profile_visibility import hide_team_profile
from axiom.store.accounts import accounts, credit_sites, operators, teams, tombstones
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts, notices
from axiom.store.mail import outbox, subscriptions
from axiom.store.registrations import ideas
from axiom.store.tasks import tasks


def belong(db: Database, volunteer: Volunteer, team_id: int | None) -> None:
    """Belong to this team from now on, or to none. What was earned for the old one stays with it.

    A team whose founder leaves is looked after by the one of its volunteers who has been here longest, and one to which
    nobody belonged by who joins it: so nobody looks after two teams to which somebody belongs.
    """
    if team_id == volunteer.team_id:
        return
    old = teams.find_team(db, volunteer.team_id) if volunteer.team_id is not None else None
    if old is not None and old.founder_id == volunteer.id:
        heir = teams.find_eldest_member(db, old.id, besides=volunteer.id)
        if heir is not None:
            _hand_over(db, old, heir)
    new = teams.find_team(db, team_id) if team_id is not None else None
    if new is not None and new.founder_id != volunteer.id and not teams.count_team_members(db, new.id):
        _hand_over(db, new, volunteer.id)
    accounts.set_volunteer_team(db, volunteer.id, team_id)


def _hand_over(db: Database, team: Team, heir: int) -> None:
    """What a founder without credit wrote is not shown by the credit of another."""
    read = hide_team_profile(team, ledger.find_balance(db, ledger.VOLUNTEER, team.founder_id))
    teams.update_team(db, team.id, country=read.country, website=read.website, about=read.about)
    teams.set_team_founder(db, team.id, heir)


def erase(db: Database, volunteer: Volunteer, account: Account, now: datetime) -> int:
    """Forget who this volunteer is; how many tasks that their hosts hold are for others from now on."""
    tombstones.delete_old_tombstones(db, now - limits.ERASED_TOLD_FOR)
    if account.is_exported and account.email is not None:
        tombstones.add_tombstone(
            db, tombstones.VOLUNTEER, volunteer.id, external_cpid(account.cross_id, account.address), now
        )
        for host in credit_sites.list_exported_hosts(db, [volunteer.id]):
            if host.cpid:
                tombstones.add_tombstone(
                    db, tombstones.HOST, host.id, exported_host_cpid(host.cpid, account.address), now
                )
    belong(db, volunteer, None)
    left = tasks.expire_volunteer_tasks(db, volunteer.id, now)
    notices.delete_volunteer_notices(db, volunteer.id)
    hosts.erase_hosts(db, volunteer.id)
    ideas.delete_volunteer_ideas(db, volunteer.id)
    outbox.delete_volunteer_messages(db, volunteer.id)
    subscriptions.delete_subscriptions(db, volunteer.id)
    accounts.sign_out_everywhere(db, volunteer.id)
    operators.revoke_operator_role(db, volunteer.id, now)
    accounts.erase_volunteer(db, volunteer.id)
    return left
