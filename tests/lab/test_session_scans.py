"""A laboratory has millions of tasks, and sessions are held often: none of their questions walks all of a table."""

import re

LARGE = ("task", "result", "award", "entry", "workunit", "replicate", "observation")
_NAMED = re.compile(rf"(?:FROM|JOIN|UPDATE)\s+({'|'.join(LARGE)})\b(?:\s+(?:AS\s+)?([a-z]))?\b")
_WALKED = re.compile(
    r"(?:SCAN (\w+)|SEARCH (\w+) USING INTEGER PRIMARY KEY \(rowid[<>]\?\))(?: USING (?:COVERING )?INDEX (\w+))?"
)
_FROM_THE_FIRST = re.compile(r"\bid > 0\b")  # what goes on from where the last session left off reads new rows alone
# Indexes of few rows: what is out, what waits, what checks another, what several compute.
FEW = re.compile(r"task_(sent|unsent|returned|unpaid|unthanked|said)\w*|workunit_(checking|open|copied)\w*")


def walks(connection, sql: str) -> list[str]:
    """The large tables that a statement reads from one end to the other."""
    aliases = {alias or table: table for table, alias in _NAMED.findall(sql)}
    plan = [
        row["detail"] if isinstance(row, dict) else row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}")
    ]
    found = [one for one in map(_WALKED.match, plan) if one and (one[1] or _FROM_THE_FIRST.search(sql))]
    return [
        f"{aliases[name]}: {' '.join(sql.split())[:200]}"
        for one in found
        if (name := one[1] or one[2]) in aliases and not (one[3] and FEW.fullmatch(one[3]))
    ]


def test_no_statement_of_a_session_walks_a_large_table(due_rounds):
    due_rounds.hold()
    due_rounds.compute(2)
    due_rounds.lab.later(seconds=60)
    connection, statements = due_rounds.db._connection, []
    connection.set_trace_callback(statements.append)
    due_rounds.hold()
    connection.set_trace_callback(None)
    asked = [sql for sql in set(statements) if re.match(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT)\b", sql)]
    assert len(asked) > 50
    assert [walk for sql in asked for walk in walks(connection, sql)] == []


def test_a_statement_that_walks_a_large_table_is_seen(rounds):
    for sql, table in (
        ("SELECT count(*) FROM result", "result"),
        ("SELECT id FROM task WHERE state = 'sent' AND id > 0 ORDER BY id LIMIT 5", "task"),
        ("DELETE FROM progress WHERE task_id IN (SELECT t.id FROM task t WHERE t.state <> 'sent')", "task"),
        ("SELECT sum(a.amount) FROM award a", "award"),
    ):
        assert [walk.split(":")[0] for walk in walks(rounds.db._connection, sql)] == [table]
