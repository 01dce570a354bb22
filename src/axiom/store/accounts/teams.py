from datetime import datetime

from axiom.domain.fleet import Team
from axiom.store.accounts.names import fold_name, write_looks
from axiom.store.engine.database import Database, to_microseconds

_LIKE = """
SELECT * FROM team t WHERE name LIKE :pattern ESCAPE '!'
    AND EXISTS (SELECT 1 FROM volunteer v WHERE v.team_id = t.id) ORDER BY name LIMIT :limit
"""
_ALL = """
SELECT * FROM team t WHERE EXISTS (SELECT 1 FROM volunteer v WHERE v.team_id = t.id) ORDER BY id LIMIT :limit
"""
_FILL_LOOKS = "UPDATE team SET look = j.value FROM json_each(:looks) j WHERE team.id = CAST(j.key AS INTEGER)"
_ELDEST = "SELECT min(id) AS id FROM volunteer WHERE team_id = :id AND id <> :besides"


def create_team(
    db: Database, *, name: str, founder_id: int, country: str, website: str, about: str, now: datetime
) -> int | None:
    """Found a team; None where another has this name, or one that looks like it."""
    look = fold_name(name)
    if db.row("SELECT id FROM team WHERE look = :look", look=look) is not None:
        return None
    words = {"name": name, "look": look, "country": country, "website": website, "about": about}
    return db.add("team", **words, founder_id=founder_id, created_at=to_microseconds(now))


def find_team(db: Database, team_id: int) -> Team | None:
    return db.value(Team, "SELECT * FROM team WHERE id = :id", id=team_id)


def find_team_by_name(db: Database, name: str) -> Team | None:
    return db.value(Team, "SELECT * FROM team WHERE name = :name", name=name)


def search_teams(db: Database, part: str, limit: int) -> list[Team]:
    """Teams whose names hold these words, and to which somebody belongs."""
    escaped = part.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return db.values(Team, _LIKE, pattern=f"%{escaped}%", limit=limit)


def list_active_teams(db: Database, limit: int) -> list[Team]:
    return db.values(Team, _ALL, limit=limit)


def count_team_members(db: Database, team_id: int) -> int:
    return db.number("SELECT count(*) AS amount FROM volunteer WHERE team_id = :id", id=team_id)


def count_founded_teams(db: Database, founder_id: int) -> int:
    return db.number("SELECT count(*) AS amount FROM team WHERE founder_id = :founder_id", founder_id=founder_id)


def find_eldest_member(db: Database, team_id: int, *, besides: int) -> int | None:
    return db.scalar(int, _ELDEST, id=team_id, besides=besides)


def update_team(db: Database, team_id: int, *, country: str, website: str, about: str) -> None:
    db.change("team", team_id, country=country, website=website, about=about)


def set_team_founder(db: Database, team_id: int, founder_id: int) -> None:
    db.change("team", team_id, founder_id=founder_id)


def erase_founded_teams(db: Database, founder_id: int) -> None:
    """Of teams that this founder has handed to nobody a number is left."""
    for row in db.select("SELECT id FROM team WHERE founder_id = :founder_id", founder_id=founder_id):
        name = f"erased team {row['id']}"
        while db.row("SELECT id FROM team WHERE look = :look AND id <> :id", look=fold_name(name), id=row["id"]):
            name += "x"
        db.change("team", row["id"], name=name, look=fold_name(name), country="", website="", about="")


def fill_team_looks(db: Database) -> None:
    db.execute(_FILL_LOOKS, looks=write_looks(db.select("SELECT id, name FROM team")))
