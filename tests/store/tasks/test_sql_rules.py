"""What SQL says of a task is what Python says of it, and no query names a state or a cause that there is not."""

import itertools
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import axiom.store
from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import GPU_KINDS, KNOWN_SYSTEMS
from axiom.domain.work import TaskState, WorkunitState
from axiom.rules.tasks.reports import may_be_reported
from axiom.store.hosts import hosts
from axiom.store.tasks import sql_rules, tasks

RULES = {
    sql_rules.IS_ALIVE: lambda task: task.state.is_alive,
    sql_rules.IS_IN_VAIN: lambda task: task.state.is_in_vain,
    sql_rules.MAY_BE_THANKED: lambda task: task.state.may_be_thanked,
    sql_rules.MAY_BE_REPORTED: may_be_reported,
}


def test_a_rule_says_the_same_in_sql_as_in_python_of_every_task(ordered, now):
    for state, cause, returned_at in itertools.product(TaskState, ("", *Cause), (None, now)):
        ordered.change("task", 1, state=state, cause=cause, returned_at=returned_at)
        task = tasks.find_task(ordered, 1)
        told = {rule: bool(ordered.number(f"SELECT {rule} FROM task t")) for rule in RULES}  # noqa: S608  our own
        assert told == {rule: says(task) for rule, says in RULES.items()}, task


def test_a_platform_has_the_same_name_in_sql_as_in_python(ordered):
    for system, gpu in itertools.product((*KNOWN_SYSTEMS, "haiku", ""), ("", *GPU_KINDS)):
        ordered.change("host", 1, system=system)
        ordered.change("task", 1, host_id=1, gpu=gpu)
        asked = f"SELECT {sql_rules.PLATFORM} FROM task t JOIN host h ON h.id = t.host_id"  # noqa: S608  our own
        named = ordered.scalar(str, asked)
        assert named == hosts.find_host(ordered, 1).platform.counted_as(gpu)


STORE = Path(axiom.store.__file__).parent
TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+([a-z])\b)?")
COMPARED = re.compile(r"(?<![:.\w])(?:([a-z])\.)?(state|cause) (?:=|<>|(?:NOT )?IN) (\('[^)]*\)|'[^']*')")
WORDS = {"task": {"state": {*TaskState}, "cause": {*Cause}}, "workunit": {"state": {*WorkunitState}}}


def statements() -> Iterator[str]:
    for path in STORE.rglob("*.py"):
        module = import_module(".".join(("axiom.store", *path.relative_to(STORE).with_suffix("").parts)))
        for value in vars(module).values():
            yield from (
                text for text in (value.values() if isinstance(value, dict) else (value,)) if isinstance(text, str)
            )


def named_words(sql: str) -> Iterator[tuple[str, bool]]:
    """The states and causes with which it compares those of tasks and workunits, and is each one of theirs?"""
    tables = TABLE.findall(sql)
    for short, column, words in COMPARED.findall(sql):
        meant = {table for table, alias in tables if alias == short}
        if meant and meant <= WORDS.keys():
            known = set().union(*(WORDS[table].get(column, ()) for table in meant))
            yield from ((word, word in known) for word in re.findall(r"'([^']*)'", words))


def test_a_state_or_cause_that_a_query_names_is_one_of_a_task_or_of_a_workunit():
    assert [*named_words("SELECT 1 FROM task t WHERE t.state IN ('sent', 'out')")] == [("sent", True), ("out", False)]
    assert [*named_words("SELECT 1 FROM task t, tile WHERE state = 'drawn'")] == []
    words = [(word, is_known, sql) for sql in statements() for word, is_known in named_words(sql)]
    assert len(words) > 100
    assert [(word, sql) for word, is_known, sql in words if not is_known] == []
