"""Whose an experiment's name is: the audit tells who was the first to publish one of it."""

from axiom.store.engine.database import Database

_PUBLISHER = """
SELECT caller, arguments ->> '$.by' AS author FROM audit
WHERE command = 'experiment.publish' AND outcome = 'done' AND dry_run = 0 AND arguments ->> '$.experiment' = :experiment
ORDER BY id LIMIT 1
"""


def find_first_publisher(db: Database, experiment: str) -> str | None:
    """Who was the first to publish an experiment of this name, as far as somebody gave the command."""
    return db.scalar(str, _PUBLISHER, experiment=experiment)


def find_first_author(db: Database, experiment: str) -> str | None:
    """In whose name an experiment of this name was first published, as far as somebody gave the command."""
    row = db.row(_PUBLISHER, experiment=experiment)
    return str(row["author"]) if row and row["author"] else None
