"""Every promise can fail: the database is damaged in one way, and exactly that promise is reported."""

from axiom.domain.experiments import seed_of
from axiom.store.registrations import registrations


def counts(noun: str, state: str, amount: int) -> str:
    return f"UPDATE counter SET amount = {amount} WHERE noun = '{noun}' AND state = '{state}'"  # noqa: S608


def counted(noun: str, state: str) -> str:
    return f"INSERT INTO counter VALUES ('{noun}', 1, '{state}', 1)"  # noqa: S608


NO_PROOF, NO_TASK = "task 1 counts as success without a proof", "result 1 belongs to no task that was sent and proven"
NO_HOST, LIVES_ON = "task 2 is out without a host or a deadline", "lives on after its workunit was closed"
UNTOLD = "is held, and its blob does not say so"
SECOND_TASK = "(workunit_id, experiment_id, ordinal, state, created_at) VALUES (3, 1, 1, 'unsent', 0)"
NAMED = seed_of("tiny_sum", 1, 0)  # as of a registration that has no secret
SEEDED = (("replicate", "number"), ("result", "replicate"))
OTHER = "of a replicate that another registration was given"
DAMAGE = [
    ("I1", "task 1 was acknowledged, and its output is gone", "DELETE FROM blob WHERE brought > 0"),
    ("I1", f"the output of task 1 {UNTOLD}", "UPDATE blob SET brought = 0"),
    ("I1", f"the output of task 9 {UNTOLD}", "INSERT INTO upload VALUES (9, 'x', 'none', 1, '', 0)"),
    (
        "I1",
        "outputs are held by 1 more tasks and uploads than their blobs say",
        "INSERT INTO upload SELECT 9, 'x', output_digest, 1, '', 0 FROM task WHERE id = 1",
    ),
    ("I1", NO_PROOF, "UPDATE task SET exit_status = 10 WHERE id = 1"),
    ("I1", NO_PROOF, "UPDATE task SET output_digest = NULL WHERE id = 1"),
    (
        "I1",
        "task 1 was ordered 2 cells and has 1 results and 0 duplicates",
        "DELETE FROM result WHERE id = 2",
        "UPDATE counter SET amount = 1 WHERE noun = 'result'",
    ),
    (
        "I1",
        "task 1 was ordered 2 cells and has 2 results and 1 duplicates",
        "INSERT INTO duplicate VALUES (1, 1, 1, 'ok', '{}', '[]', 0, 0)",
    ),
    ("I2", NO_TASK, "UPDATE task SET ticket = NULL WHERE id = 1"),
    ("I2", NO_TASK, "UPDATE task SET host_id = NULL WHERE id = 1"),
    ("I2", NO_TASK, "UPDATE task SET sent_at = returned_at + 1"),
    (
        "I5",
        "task 2 is on another host than the one it is meant for",
        "UPDATE task SET target_host_id = 7 WHERE id = 2",
    ),
    (
        "I5",
        "workunit 3 has more living tasks than it needs",
        f"INSERT INTO task {SECOND_TASK}",
        counts("task", "unsent", 2),
    ),
    (
        "I6",
        "result 2 was computed with a seed that is not its replicate's",
        "UPDATE result SET seed = 1 WHERE id = 2",
    ),
    ("I6", "replicate 2 of tiny_sum@1 has another's seed", "UPDATE replicate SET seed = 1 WHERE number = 2"),
    (
        "I7",
        "workunit 3 is open and nothing is done for it",
        *("UPDATE task SET state = 'aborted' WHERE id = 3", counts("task", "unsent", 0), counted("task", "aborted")),
    ),
    ("I7", NO_HOST, "UPDATE task SET deadline = NULL WHERE id = 2"),
    ("I7", NO_HOST, "UPDATE task SET host_id = NULL WHERE id = 2"),
    (
        "I8",
        f"result 1 is {OTHER}",
        "UPDATE replicate SET registration_id = 2 WHERE number = 0",
        *("UPDATE counter SET amount = 2 WHERE noun = 'issued'", counted("issued", "2")),
        *(f"UPDATE {table} SET seed = {NAMED} WHERE {number} = 0" for table, number in SEEDED),  # noqa: S608
    ),
    (
        "I8",
        f"task 3 {LIVES_ON}",
        "UPDATE workunit SET state = 'cancelled', closed_at = created_at WHERE id = 3",
        *(counts("workunit", "open", 1), counted("workunit", "cancelled")),
    ),
    ("I8", f"task 1 {LIVES_ON}", "UPDATE workunit SET closed_at = created_at WHERE id = 1"),
    (
        "I8",
        "task 2 was sent after its experiment was retired",
        *("UPDATE experiment SET retired_at = created_at", "UPDATE task SET sent_at = created_at WHERE id = 1"),
    ),
    (
        "I8",
        "workunit 1 was ordered before or beside its registration",
        "UPDATE workunit SET created_at = 0 WHERE id = 1",
    ),
]


def test_a_promise_that_does_not_hold_is_reported_and_no_other(busy_lab, taken_back):
    for promise, problem, *damage in DAMAGE:
        with taken_back(busy_lab.db):
            for sql in damage:
                assert busy_lab.db.execute(sql) >= 1, problem
            broken = busy_lab.broken()
            assert (list(broken), broken[promise][0]) == ([promise], problem)
    assert busy_lab.broken() == {}


def test_what_another_registration_or_a_late_prediction_would_change_is_reported(busy_lab, prepared, taken_back):
    said = {"estimand": "grows", "forecaster": "Ada", "positive": 0.0, "negative": 1.0, "absent": 0.0}
    with taken_back(busy_lab.db):
        registrations.add_prediction(
            busy_lab.db, 1, {**said, "low": -1.0, "high": 0.0, "because": "a test"}, busy_lab.now
        )
        assert busy_lab.broken() == {"I8": ["prediction 2 was made when a result was back"]}
    busy_lab.publish(prepared(version=2))
    busy_lab.db.execute("UPDATE workunit SET registration_id = 2 WHERE id = 3")
    assert busy_lab.broken() == {"I8": ["workunit 3 was ordered before or beside its registration"]}
