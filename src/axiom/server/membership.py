"""Who belongs to which team: the one place where a volunteer joins, changes or leaves one."""

from axiom.domain.fleet import Volunteer
from axiom.store import accounts, teams
from axiom.store.database import Database


def belong(db: Database, volunteer: Volunteer, team_id: int | None) -> None:
    """Belong to this team from now on, or to none. What was earned for the old one stays with it.

    A team whose founder leaves is looked after by the one of its volunteers who has been here longest.
    """
    if team_id == volunteer.team_id:
        return
    old = teams.by_id(db, volunteer.team_id) if volunteer.team_id is not None else None
    if old is not None and old.founder_id == volunteer.id:
        heir = teams.eldest(db, old.id, besides=volunteer.id)
        if heir is not None:
            teams.hand_over(db, old.id, heir)
    accounts.join(db, volunteer.id, team_id)
