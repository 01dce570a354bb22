"""Success is proven: whatever is cut, flipped or forged is found out, and nothing of it is stored."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.work import Outcome, TaskState, WorkunitState
from axiom.errors import OutputError
from axiom.server.returns.validator import Validator
from axiom.signed.outputs import CellError, cell_line, footer_line, header_line, read_output
from axiom.store.hosts import hosts, notices
from axiom.store.tasks import results, workunits
from axiom.store.tasks import tasks as task_store


def made(lab, order, cells, between: bytes = b"", says: int | None = None, **header) -> bytes:
    """An output of these cells under another header, with something between them and its end."""
    lines = b"".join(map(cell_line, cells)) + between
    return header_line(replace(lab.header(order), **header)) + lines + footer_line(says or len(cells))


FORGERIES = {  # and what the reason names
    "truncated": (lambda lab, order: lab.output(order)[:-20], ""),
    "without a cell": (lambda lab, order: made(lab, order, lab.cells(order)[:1]), ""),
    "flipped": (lambda lab, order: flipped(lab.output(order)), ""),
    "of another task": (lambda lab, order: made(lab, order, lab.cells(order), task=order.task + 1), ""),
    "of another seed": (lambda lab, order: lab.output(order, seed=1), ""),
    "too large": (lambda _lab, _order: b"x" * (16 * 2**20 + 1), ""),
    "larger than any float": (
        lambda lab, order: lab.output(order).replace(b'"total":0.5', b'"total":1' + b"0" * 400),
        "'total'",
    ),
    "more cells than ordered": (
        lambda lab, order: made(lab, order, lab.cells(order), b"not even a cell\n" * 100_000, 100_002),
        "2 cells",
    ),
}


def flipped(whole: bytes) -> bytes:
    middle = len(whole) // 2
    return whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]


@pytest.mark.parametrize(("forge", "fact"), FORGERIES.values(), ids=FORGERIES)
def test_an_output_that_proves_nothing_is_invalid_and_made_good(working_lab, forge, fact):
    order = working_lab.order(1)
    assert working_lab.report(order, forge(working_lab, order)).state is TaskState.RETURNED
    working_lab.validate()
    tasks = task_store.list_workunit_tasks(working_lab.db, 1)
    assert [task.state for task in tasks] == [TaskState.INVALID, TaskState.UNSENT]
    assert tasks[0].reason
    assert fact in tasks[0].reason
    assert results.list_task_results(working_lab.db, order.task) == []
    assert workunits.find_workunit(working_lab.db, 1).state is WorkunitState.OPEN
    assert working_lab.broken() == {}


def test_an_output_is_judged_by_the_ticket_that_ordered_it_even_when_that_ran_out(working_lab):
    order = working_lab.order(1)
    working_lab.later(days=60)
    working_lab.report(order, working_lab.output(order))
    working_lab.db.execute("UPDATE task SET elapsed_seconds = 4.0")  # two cells of one reference second each
    working_lab.validate()
    assert task_store.find_task(working_lab.db, order.task).state is TaskState.VALID
    host = hosts.find_host(working_lab.db, 1)  # a valid task teaches how fast its host is
    taught = (host.speed, host.standing.valid_in_row, host.standing.turnaround_seconds)
    assert taught == (0.5, 1, 60 * 86_400.0)


def test_a_task_without_order_or_output_proves_nothing_and_a_cell_that_raised_fails(working_lab):
    for damage in (
        "UPDATE task SET ticket = NULL",
        "UPDATE task SET ticket = 'damaged'",
        "UPDATE task SET sent_at = NULL",
        "DELETE FROM blob WHERE size < 5000",
    ):
        working_lab.deploy()
        order = working_lab.order(1)
        working_lab.report(order, working_lab.output(order))
        working_lab.db.execute(damage)
        working_lab.validate()
        assert task_store.find_task(working_lab.db, order.task).state is TaskState.INVALID, damage
    told = notices.list_host_notices(working_lab.db, 1, working_lab.now)
    assert (hosts.find_host(working_lab.db, 1).standing.quota, told) == (None, [])  # the damage is ours
    working_lab.deploy()
    order = working_lab.order(1)
    error = CellError(kind="KeyError", where="tiny_sum.py:9")
    working_lab.report(order, working_lab.output(order, outcome=Outcome.FAILED, measures=None, error=error))
    working_lab.validate()
    task = task_store.find_task(working_lab.db, order.task)
    assert task.state is TaskState.FAILED
    assert task.reason.endswith(", config 0 raised KeyError at tiny_sum.py:9")


@pytest.fixture(scope="module")
def whole(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("whole") / "lab")
    lab.publish(prepared())
    lab.deploy()
    output = lab.output(lab.order(lab.host()))
    lab.db.close()
    return output


@settings(max_examples=50)
@given(data=st.data())
def test_an_output_that_was_cut_is_never_read_and_a_flipped_bit_is_refused_or_seen(whole, data):
    with pytest.raises(OutputError):
        read_output(whole[: data.draw(st.integers(0, len(whole) - 1))], limit=2**20)
    flipped = bytearray(whole)
    flipped[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = read_output(bytes(flipped), limit=2**20)
    except OutputError:
        return
    assert read != read_output(whole, limit=2**20)


def returned_many(lab, amount: int, *, spoil=lambda _lab, _number: None) -> list:
    """So many tasks are back; `spoil` may make another output of the task at a place."""
    lab.deploy(workunits=amount - 1)
    lab.host("large", cores=64, memory_mb=64_000)
    orders = lab.ask(2, wanted=amount)
    for number, order in enumerate(orders):
        lab.report(order, spoil(order, number) or lab.output(order))
    return list(orders)


def test_an_output_over_which_judging_stumbles_is_invalid_and_harms_no_other(working_lab, caplog):
    orders = returned_many(working_lab, 5)
    stumbling = orders[2].task
    working_lab.db.execute(
        f"CREATE TRIGGER stumble BEFORE INSERT ON result WHEN new.task_id = {stumbling} "
        "BEGIN SELECT raise(ABORT, 'nobody foresaw this'); END"
    )
    assert working_lab.validate() == 5
    judged = [task_store.find_task(working_lab.db, order.task) for order in orders]
    assert [task.state for task in judged] == [TaskState.VALID] * 2 + [TaskState.INVALID] + [TaskState.VALID] * 2
    assert "IntegrityError" in judged[2].reason
    assert all(word in caplog.text for word in ("tasks.unjudged", "nobody foresaw this", "Traceback"))
    assert results.list_task_results(working_lab.db, stumbling) == []
    working_lab.sweep()
    again = task_store.list_workunit_tasks(working_lab.db, judged[2].workunit_id)
    assert [task.state for task in again] == [TaskState.INVALID, TaskState.UNSENT]
    working_lab.db.execute("DROP TRIGGER stumble")
    assert working_lab.broken() == {}


def test_large_outputs_are_judged_a_few_at_once(working_lab):
    """Each has 600 kB, so that two are more than what is read in one go."""
    orders = returned_many(working_lab, 4, spoil=lambda _order, number: b"%d" % number + b"x" * 600_000)
    validator = Validator(working_lab.folder, b"a secret")
    judged = []
    for _ in range(5):
        with working_lab.db.transaction():
            judged.append(validator.judge(working_lab.db, working_lab.now))
    assert judged == [1, 1, 1, 1, 0]
    assert {task_store.find_task(working_lab.db, order.task).state for order in orders} == {TaskState.INVALID}


class Killed(Exception):
    """The process is gone before the commit."""


def test_a_slice_that_is_cut_short_leaves_nothing_behind_and_is_judged_again(working_lab):
    def whole() -> list:
        tables = ("task", "workunit", "result", "counter", "host")
        return [working_lab.db.select(f"SELECT * FROM {table}") for table in tables]  # noqa: S608  our own tables

    returned_many(working_lab, 5)
    before = whole()
    validator = Validator(working_lab.folder, b"a secret")

    def killed_before_the_commit() -> None:
        with working_lab.db.transaction():
            assert validator.judge(working_lab.db, working_lab.now) == 5
            raise Killed

    with pytest.raises(Killed):
        killed_before_the_commit()
    assert whole() == before
    with working_lab.db.transaction():
        assert validator.judge(working_lab.db, working_lab.now) == 5
    assert working_lab.broken() == {}
