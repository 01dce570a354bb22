"""Do the books balance? Every award adds up to zero, and everybody has just what was awarded and carried over."""

from collections.abc import Iterator, Mapping

from axiom.store.database import Database

_UNBALANCED = """
SELECT a.id FROM award a LEFT JOIN entry e ON e.award_id = a.id GROUP BY a.id, a.amount
HAVING coalesce(sum(e.amount), 0) <> 0 OR count(e.id) <> 2 OR max(e.amount) <> abs(a.amount)
"""
_UNDESERVED = "SELECT a.id FROM award a JOIN task t ON t.id = a.task_id WHERE t.state <> 'valid'"
_UNMARKED = "SELECT a.id FROM award a JOIN task t ON t.id = a.task_id WHERE t.is_paid = 0"
_UNPAID = """
SELECT t.id FROM task t WHERE t.is_paid = 1 AND NOT EXISTS (SELECT 1 FROM award a WHERE a.task_id = t.id)
"""
_LABORATORY = """
SELECT coalesce(sum(amount), 0) AS booked, (SELECT coalesce(sum(amount), 0) FROM award) AS awarded
FROM entry WHERE account = 'laboratory'
"""
_ACCOUNTS = """
SELECT e.account, sum(e.amount) AS booked FROM entry e WHERE e.account <> 'laboratory' GROUP BY e.account
"""
_EARNED = {
    "volunteer": """
SELECT volunteer_id AS id, sum(amount) AS amount FROM (
    SELECT volunteer_id, amount FROM award UNION ALL SELECT volunteer_id, amount FROM carried)
GROUP BY volunteer_id
""",
    "host": "SELECT host_id AS id, sum(amount) AS amount FROM award GROUP BY host_id",
    "team": "SELECT team_id AS id, sum(amount) AS amount FROM award WHERE team_id IS NOT NULL GROUP BY team_id",
}
_AWARDED = "SELECT volunteer_id, sum(amount) AS amount FROM award GROUP BY volunteer_id"
_KEPT = "SELECT holder_id AS id, total AS amount FROM balance WHERE holder = :holder"


def problems(db: Database) -> list[str]:
    """I3: what is wrong with the ledger, to the last thousandth; nothing when all is well."""
    found = [f"award {row['id']} is not booked on two equal sides" for row in db.select(_UNBALANCED)]
    found += [f"award {row['id']} is for a task that is not valid" for row in db.select(_UNDESERVED)]
    found += [f"award {row['id']} is for a task that still waits for credit" for row in db.select(_UNMARKED)]
    found += [f"task {row['id']} counts as paid and has no award" for row in db.select(_UNPAID)]
    return [*found, *_accounts(db), *_balances(db)]


def _accounts(db: Database) -> Iterator[str]:
    laboratory = db.one(_LABORATORY)
    if laboratory is not None and laboratory["booked"] != -laboratory["awarded"]:
        yield f"the laboratory's account says {laboratory['booked']}, and {laboratory['awarded']} were awarded"
    booked = {row["account"]: row["booked"] for row in db.select(_ACCOUNTS)}
    awarded = {f"volunteer:{row['volunteer_id']}": row["amount"] for row in db.select(_AWARDED)}
    for account in sorted(booked.keys() | awarded.keys()):
        if booked.get(account, 0) != awarded.get(account, 0):
            yield f"account {account} says {booked.get(account, 0)}, and {awarded.get(account, 0)} were awarded"


def _balances(db: Database) -> Iterator[str]:
    for holder in _EARNED:
        earned: Mapping[int, int] = {row["id"]: row["amount"] for row in db.select(_EARNED[holder])}
        kept: Mapping[int, int] = {row["id"]: row["amount"] for row in db.select(_KEPT, holder=holder)}
        for number in sorted(earned.keys() | kept.keys()):
            if earned.get(number, 0) != kept.get(number, 0):
                yield f"{holder} {number} has {kept.get(number, 0)}, and earned {earned.get(number, 0)}"
