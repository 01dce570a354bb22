"""The audit remembers every command, and nobody can change, remove or add an entry unnoticed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.store.engine import blobs, hash_chains
from axiom.store.upkeep import audit, figures, spent_allowances
from axiom.store.upkeep.audit import AuditEntry

WORDS = {"caller": "Ada", "command": "experiment.deploy", "arguments": '{"workunits":2}', "answer": '{"made":2}'}
ENTRY = AuditEntry(**WORDS, dry_run=False, key="first", outcome="done", workunits=2, aborts=1)


@pytest.fixture
def chain(database, now):
    """Audit entries 1 to 4."""
    for number in range(4):
        audit.append_audit_entry(database, replace(ENTRY, key=f"key {number}"), now + timedelta(hours=number))
    return database


INSERTED = """
INSERT INTO audit (at, caller, command, arguments, dry_run, outcome, answer, workunits, aborts, previous_hash, hash)
SELECT at, caller, command, arguments, 0, outcome, answer, 0, 0, hash, 'f' FROM audit WHERE id = 4
"""
ALTERED = {
    "at": 0,
    "caller": "Bob",
    "command": "experiment.retire",
    "arguments": "{}",
    "dry_run": 1,
    "key": None,
    "outcome": "refused",
    "answer": "{}",
    "workunits": 0,
    "aborts": 0,
    "hash": "f",
}
DAMAGES = {
    "DELETE FROM audit WHERE id = 1": "audit 2 does not follow the entry before it",
    "DELETE FROM audit WHERE id IN (2, 3)": "audit 4 does not follow the entry before it",
    "DELETE FROM audit WHERE id = 4": "audit holds 3 entries, and 4 were written",
    "DELETE FROM audit WHERE id > 0": "audit holds 0 entries, and 4 were written",
    "UPDATE audit SET previous_hash = 'f' WHERE id = 2": "audit 2 does not follow the entry before it",
    INSERTED: "audit 5 was altered after it was written",
}


def test_an_entry_is_found_by_its_callers_key_and_an_altered_one_is_seen(chain, taken_back, now):
    for column, value in ALTERED.items():
        with taken_back(chain):
            chain.execute(f"UPDATE audit SET {column} = :value WHERE id = 2", value=value)  # noqa: S608
            assert audit.check_audit_chain(chain)[0] == "audit 2 was altered after it was written"
    for damage, problem in DAMAGES.items():
        with taken_back(chain):
            assert chain.execute(damage) >= 1
            assert audit.check_audit_chain(chain)[0].startswith(problem)
    assert audit.find_audit_by_key(chain, "Ada", "key 2")["id"] == 3
    assert audit.find_audit_by_key(chain, "Bob", "key 2") is None
    assert [row["id"] for row in audit.list_audit_entries(chain, 2)] == [4, 3]
    assert audit.count_audit_entries(chain) == 4
    assert audit.list_audit_entries(chain, 9)[-1]["previous_hash"] == hash_chains.FIRST
    assert audit.check_audit_chain(chain) == []
    for changes in ({"dry_run": True}, {"outcome": "refused"}, {"caller": "Bob"}):
        audit.append_audit_entry(chain, replace(ENTRY, key=None, **changes), now)
    for hours, workunits, aborts in ((0, 8, 4), (3, 2, 1), (4, 0, 0)):
        spent = {"workunits": workunits, "aborts": aborts, "core_seconds": 0}
        assert spent_allowances.sum_caller_spending(chain, "Ada", now + timedelta(hours=hours)) == spent


def test_a_picture_takes_the_place_of_the_one_before(database, folder, now):
    assert figures.list_figure_contents(database) == {}
    digests = [blobs.store_blob(database, folder, body, now) for body in (b"<svg/>", b"<svg>2</svg>")]
    figures.store_figure(database, folder, name="finding/1/strip/660", shown="one", svg=digests[0], now=now)
    figures.store_figure(database, folder, name="finding/1/strip/326", shown="one", svg=digests[0], now=now)
    figures.store_figure(database, folder, name="finding/1/strip/660", shown="two", svg=digests[1], now=now)
    assert figures.list_figure_contents(database) == {"finding/1/strip/660": "two", "finding/1/strip/326": "one"}
    row = database.row("SELECT svg FROM figure WHERE name = 'finding/1/strip/660'")
    assert blobs.read_blob(database, folder, row["svg"]) == b"<svg>2</svg>"
