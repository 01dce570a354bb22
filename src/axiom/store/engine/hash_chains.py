"""Lists in which each entry covers, through the hash before it, all that was written earlier."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.store.engine import counters
from axiom.store.engine.database import Database, Row

_HEADS = {
    "audit": "SELECT hash FROM audit ORDER BY id DESC LIMIT 1",
    "prediction": "SELECT hash FROM prediction WHERE hash IS NOT NULL ORDER BY id DESC LIMIT 1",
    "registration": "SELECT hash FROM registration ORDER BY id DESC LIMIT 1",
    "seed_secret": "SELECT hash FROM seed_secret ORDER BY id DESC LIMIT 1",
    "transcript": "SELECT hash FROM transcript ORDER BY id DESC LIMIT 1",
}
_LINKS = {
    "audit": "SELECT * FROM audit ORDER BY id",
    "prediction": "SELECT * FROM prediction WHERE hash IS NOT NULL ORDER BY id",
    "registration": "SELECT * FROM registration ORDER BY id",
    "seed_secret": "SELECT * FROM seed_secret ORDER BY id",
    "transcript": "SELECT * FROM transcript ORDER BY id",
}
FIRST = "0" * 64  # what the first link of a chain calls its predecessor


@dataclass(frozen=True, kw_only=True)
class HashChain:
    """One table whose rows are links: what a link covers, and what it is called in a sentence."""

    table: str
    covered: Collection[str]
    where_known: Collection[str] = ()  # also covered, except where it is NULL: older links were written without it

    def link(self, db: Database, facts: Mapping[str, Any]) -> dict[str, str]:
        """The hashes that the next link carries; counted, so that cutting off the newest would be seen too."""
        previous = db.scalar(str, _HEADS[self.table]) or FIRST
        counters.add_to_counter(db, self.table, 0, "written", 1)
        return {"previous_hash": previous, "hash": self._hash(previous, self._covered_facts(facts))}

    def rows(self, db: Database) -> list[Row]:
        return db.select(_LINKS[self.table])

    def problems(self, db: Database, rows: Sequence[Row]) -> list[str]:
        sentences, previous = [], FIRST
        for row in rows:
            if row["previous_hash"] != previous:
                sentences.append(
                    f"{self.table} {row['id']} does not follow the entry before it: one was removed or inserted"
                )
            if row["hash"] != self._hash(row["previous_hash"], self._covered_facts(row)):
                sentences.append(f"{self.table} {row['id']} was altered after it was written")
            previous = row["hash"]
        written = counters.read_counters(db).get((self.table, 0, "written"), 0)
        if written != len(rows):
            sentences.append(
                f"{self.table} holds {len(rows)} entries, and {written} were written: the newest were removed"
            )
        return sentences

    def _covered_facts(self, row: Mapping[str, Any]) -> dict[str, Any]:
        optional = {name: row[name] for name in self.where_known if row[name] is not None}
        return {name: row[name] for name in self.covered} | optional

    def _hash(self, previous: str, facts: Mapping[str, Any]) -> str:
        text = json.dumps([previous, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(f"axiom-{self.table}-1|{text}".encode()).hexdigest()
