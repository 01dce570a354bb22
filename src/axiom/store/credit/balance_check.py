"""Do the books balance? Every award adds up to zero, and everybody has just what was awarded and carried over."""

from collections.abc import Iterator, Mapping

from axiom.store.credit import settlements
from axiom.store.engine.database import Database, Row
from axiom.store.tasks.sql_rules import MAY_BE_THANKED
from axiom_weigh.grouping import group_pairs

_UNBALANCED = """
SELECT a.id FROM award a LEFT JOIN entry e ON e.award_id = a.id GROUP BY a.id, a.amount
HAVING coalesce(sum(e.amount), 0) <> 0 OR count(e.id) <> 2 OR max(e.amount) <> abs(a.amount)
"""
_MISPLACED = f"""
SELECT a.id, a.reason, t.state, t.is_paid FROM award a JOIN task t ON t.id = a.task_id
WHERE (a.reason = 'computed' AND t.state <> 'valid')
    OR (a.reason IN ('failed', 'broken') AND NOT {MAY_BE_THANKED})
    OR (a.reason IN ('computed', 'failed', 'broken') AND t.is_paid = 0)
"""
_UNPAID = f"""
SELECT t.id FROM task t WHERE t.is_paid = 1 AND NOT {MAY_BE_THANKED}
    AND NOT EXISTS (SELECT 1 FROM award a WHERE a.task_id = t.id)
"""
_LABORATORY = """
SELECT coalesce(sum(amount), 0) AS booked, (SELECT coalesce(sum(amount), 0) FROM award) AS awarded
FROM entry WHERE account = 'laboratory'
"""
_ACCOUNTS = """
SELECT e.account, sum(e.amount) AS booked FROM entry e WHERE e.account <> 'laboratory' GROUP BY e.account
"""
_EARNED = {
    holder: f"""
SELECT id, sum(amount) AS amount FROM (
    SELECT {holder}_id AS id, amount FROM award WHERE {holder}_id IS NOT NULL
    UNION ALL SELECT holder_id, amount FROM carried WHERE holder = '{holder}')
GROUP BY id
"""
    for holder in ("volunteer", "host", "team")
}
_ENTERED = """
SELECT a.created_at / 86400000000 AS day, a.tariff_id, a.reason, a.tier, count(*) AS awards, sum(e.amount) AS amount
FROM award a JOIN entry e ON e.award_id = a.id WHERE e.account <> 'laboratory' GROUP BY 1, 2, 3, 4
"""
_EXTENT = """
SELECT (SELECT count(*) FROM entry) AS entries, (SELECT count(*) FROM carried) AS carried,
    count(*) AS awards, coalesce(sum(amount), 0) AS thousandths FROM award
"""
_SETTLED = """
SELECT s.session_id, s.awards, s.amount, s.capped, s.session_cap, count(a.id) AS there,
    coalesce(sum(a.amount), 0) AS sum,
    coalesce(sum(CASE WHEN a.is_capped = 1 THEN a.amount ELSE 0 END), 0) AS capped_sum,
    (SELECT min(r.id) FROM session r WHERE r.id >= s.session_id AND r.told <> '') AS told_in
FROM settlement s LEFT JOIN award a ON a.id > s.after_award AND a.id <= s.last_award
GROUP BY s.session_id, s.awards, s.amount, s.capped, s.session_cap ORDER BY s.session_id
"""
_APART = """
SELECT session_id FROM (SELECT session_id, after_award, lag(last_award) OVER (ORDER BY session_id) AS before_it
    FROM settlement) s
WHERE before_it <> after_award ORDER BY session_id
"""
_AWARDED = "SELECT volunteer_id, sum(amount) AS amount FROM award GROUP BY volunteer_id"
_KEPT = "SELECT holder_id AS id, total AS amount FROM balance WHERE holder = :holder"


def list_ledger_problems(db: Database) -> list[str]:
    """I3: what is wrong with the ledger, to the last thousandth; nothing when all is well."""
    return list(iterate_ledger_problems(db))


def iterate_ledger_problems(db: Database) -> Iterator[str]:
    """What is wrong with the ledger, one after the other: whoever wants the first alone waits for no other."""
    for row in db.select(_UNBALANCED):
        yield f"award {row['id']} is not booked on two equal sides"
    for row in db.select(_MISPLACED):
        yield f"award {row['id']} is for a task {_why_misplaced(row)}"
    for row in db.select(_UNPAID):
        yield f"task {row['id']} counts as paid and has no award"
    yield from _accounts(db)
    yield from _balances(db)
    yield from _days(db)


def count_ledger_rows(db: Database) -> dict[str, int]:
    return db.read_row(dict, _EXTENT) or {}


def list_cap_violations(db: Database) -> list[str]:
    """I4: which session's settlement is not what was booked, or is more than its cap."""
    return [*_settlements(db), *_unsettled(db)]


def _why_misplaced(row: Row) -> str:
    if row["is_paid"] == 0:
        return "that still waits for credit"
    return (
        "that is not valid"
        if row["reason"] == "computed"
        else f"that is {row['state']} and was paid as {row['reason']}"
    )


def _accounts(db: Database) -> Iterator[str]:
    laboratory = db.row(_LABORATORY)
    if laboratory is not None and laboratory["booked"] != -laboratory["awarded"]:
        yield f"the laboratory's account says {laboratory['booked']}, and {laboratory['awarded']} were awarded"
    booked = {row["account"]: row["booked"] for row in db.select(_ACCOUNTS)}
    awarded = {f"volunteer:{row['volunteer_id']}": row["amount"] for row in db.select(_AWARDED)}
    for account in sorted(booked.keys() | awarded.keys()):
        if booked.get(account, 0) != awarded.get(account, 0):
            yield f"account {account} says {booked.get(account, 0)}, and {awarded.get(account, 0)} were awarded"


def _days(db: Database) -> Iterator[str]:
    entered = {_page(row): (row["awards"], row["amount"]) for row in db.select(_ENTERED)}
    daybook = {_page(row): (row["awards"], row["amount"]) for row in db.select("SELECT * FROM daybook")}
    for page in sorted(entered.keys() | daybook.keys()):
        booked, written = entered.get(page, (0, 0)), daybook.get(page, (0, 0))
        if booked != written:
            day, tariff_id, reason, tier = page
            yield (
                f"the daybook has {written[0]} awards and {written[1]} on day {day} under tariff {tariff_id} "
                f"for {reason} ({tier}), and there are {booked[0]} and {booked[1]}"
            )


def _page(row: Row) -> tuple[int, int, str, str]:
    return row["day"], row["tariff_id"], row["reason"], row["tier"]


def _settlements(db: Database) -> Iterator[str]:
    for row in db.select(_APART):
        yield f"session {row['session_id']} did not begin to settle where the one before it ended"
    rows = db.select(_SETTLED)
    for row in rows:
        if (row["awards"], row["amount"], row["capped"]) != (row["there"], row["sum"], row["capped_sum"]):
            yield (
                f"session {row['session_id']} settled {row['awards']} awards and {row['amount']}, and there are "
                f"{row['there']} and {row['sum']}"
            )
    for told_in, settled in group_pairs((row["told_in"], row) for row in rows).items():
        cap = settlements.join_caps([row["session_cap"] for row in settled])
        awarded = sum(row["capped_sum"] for row in settled)
        if cap is not None and awarded > cap:
            yield f"session {told_in or 'that is to come'} awarded {awarded}, and its cap is {cap}"


def _unsettled(db: Database) -> Iterator[str]:
    booked, counted = settlements.count_unsettled_credit(db), settlements.sum_unsettled_credit(db)
    if booked != counted:
        yield f"{counted} count against the cap of the next session, and there are {booked}"


def _balances(db: Database) -> Iterator[str]:
    for holder in _EARNED:
        earned: Mapping[int, int] = {row["id"]: row["amount"] for row in db.select(_EARNED[holder])}
        totals: Mapping[int, int] = {row["id"]: row["amount"] for row in db.select(_KEPT, holder=holder)}
        for number in sorted(earned.keys() | totals.keys()):
            if earned.get(number, 0) != totals.get(number, 0):
                yield f"{holder} {number} has {totals.get(number, 0)}, and earned {earned.get(number, 0)}"
