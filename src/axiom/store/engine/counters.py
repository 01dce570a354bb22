"""How many there are of each state, without counting: to count ten million tasks takes a second, to look here nothing.

Whoever changes a row changes its counter in the same transaction. `problems` counts, and says where the two differ.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from axiom.store.engine.database import Database

_ADD = """
INSERT INTO counter (noun, experiment_id, state, amount) VALUES (:noun, :experiment_id, :state, :amount)
ON CONFLICT (noun, experiment_id, state) DO UPDATE SET amount = counter.amount + excluded.amount"""
_ADD_TWO = """
INSERT INTO counter (noun, experiment_id, state, amount)
VALUES (:noun, :experiment_id, :state, :amount), (:other_noun, :other_experiment_id, :other_state, :other_amount)
ON CONFLICT (noun, experiment_id, state) DO UPDATE SET amount = counter.amount + excluded.amount"""
_AMOUNT = "SELECT amount FROM counter WHERE noun = :noun AND experiment_id = :experiment_id AND state = :state"
_IN_ALL = "SELECT coalesce(sum(amount), 0) FROM counter WHERE noun = :noun AND experiment_id = :experiment_id"
_COUNT = """
SELECT 'task' AS noun, experiment_id, state, count(*) AS amount FROM task GROUP BY experiment_id, state
UNION ALL
SELECT 'workunit' AS noun, experiment_id, state, count(*) AS amount FROM workunit GROUP BY experiment_id, state
UNION ALL
SELECT 'result' AS noun, experiment_id, outcome AS state, count(*) AS amount
FROM result GROUP BY experiment_id, outcome
UNION ALL
SELECT 'cause' AS noun, experiment_id, cause AS state, count(*) AS amount
FROM task WHERE cause <> '' GROUP BY experiment_id, cause
UNION ALL
SELECT 'issued' AS noun, experiment_id, CAST(registration_id AS TEXT) AS state, count(*) AS amount
FROM replicate GROUP BY experiment_id, registration_id
UNION ALL
SELECT 'tile' AS noun, experiment_id, CAST(level AS TEXT) AS state, count(*) AS amount
FROM tile WHERE state = 'drawn' GROUP BY experiment_id, level"""
_COUNTED = {"task", "workunit", "result", "cause", "issued", "tile"}

Key = tuple[str, int, str]


def add_to_counter(db: Database, noun: str, experiment_id: int, state: str, amount: int) -> None:
    db.execute(_ADD, noun=noun, experiment_id=experiment_id, state=state, amount=amount)


def add_to_counters(db: Database, changes: Mapping[Key, int]) -> None:
    wanted = [(*key, amount) for key, amount in changes.items() if amount]
    if len(wanted) % 2:
        add_to_counter(db, *wanted.pop())
    for first, other in zip(
        wanted[::2], wanted[1::2], strict=True
    ):  # nearly always what left a state came into another
        db.execute(
            _ADD_TWO,
            noun=first[0],
            experiment_id=first[1],
            state=first[2],
            amount=first[3],
            other_noun=other[0],
            other_experiment_id=other[1],
            other_state=other[2],
            other_amount=other[3],
        )


def count_moves(db: Database, noun: str, moves: Iterable[tuple[int, str, str]]) -> None:
    """Rows of these versions have gone from one state into another; an empty one is none, and is not counted."""
    changes: Counter[Key] = Counter()
    for experiment_id, was, becomes in moves:
        changes[noun, experiment_id, was] -= 1
        changes[noun, experiment_id, becomes] += 1
    add_to_counters(db, {key: amount for key, amount in changes.items() if key[2]})


def note_experiment_change(db: Database) -> None:
    """An experiment or what is let out of it has changed: whoever keeps experiments at hand reads them again."""
    db.experiment_changes += 1
    add_to_counter(db, "experiment", 0, "changed", 1)


def read_counter(db: Database, noun: str, experiment_id: int, state: str) -> int:
    return db.number(_AMOUNT, noun=noun, experiment_id=experiment_id, state=state)


def count_of_experiment(db: Database, noun: str, experiment_id: int) -> int:
    """In every state; few rows are read, where `read_counters` reads those of all experiments."""
    return db.number(_IN_ALL, noun=noun, experiment_id=experiment_id)


def read_counters(db: Database) -> dict[Key, int]:
    return _amounts(db, "SELECT noun, experiment_id, state, amount FROM counter")


def group_counters_by_state(counted: Mapping[Key, int]) -> Mapping[tuple[str, int], Mapping[str, int]]:
    """Counters by noun and experiment, for whoever asks of one experiment after the other; nothing where none is."""
    amounts: defaultdict[tuple[str, int], dict[str, int]] = defaultdict(dict)
    for (noun, experiment_id, state), amount in counted.items():
        amounts[noun, experiment_id][state] = amount
    return amounts


def sum_counters(counted: Mapping[Key, int], noun: str, state: str | None = None, *, of: int | None = None) -> int:
    """How many there are, in this state and of this experiment where these are said."""
    return sum(
        amount
        for (what, experiment_id, how), amount in counted.items()
        if what == noun and state in {None, how} and of in {None, experiment_id}
    )


def list_counter_problems(db: Database) -> list[str]:
    kept = {key: amount for key, amount in read_counters(db).items() if key[0] in _COUNTED}
    counted = _amounts(db, _COUNT)
    return [
        f"counter {noun} {state} of experiment {experiment_id} says {kept.get(key, 0)}, there are {counted.get(key, 0)}"
        for key in sorted(kept.keys() | counted.keys())
        for noun, experiment_id, state in [key]
        if kept.get(key, 0) != counted.get(key, 0)
    ]


def _amounts(db: Database, sql: str) -> dict[Key, int]:
    return {(noun, experiment_id, state): amount for noun, experiment_id, state, amount in db.fetch_tuples(sql)}
