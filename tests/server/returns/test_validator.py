"""Success is proven: whatever is cut, flipped or forged is found out, and nothing of it is stored."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.work import Outcome, TaskState, WorkunitState
from axiom.errors import OutputError
from axiom.server.returns.validator import Validator
from axiom.signed.outputs import CellError, cell_line, footer_line, header_line, read_output
from axiom.store.hosts import hosts
from axiom.store.tasks import results, workunits


def truncated(lab, order):
    return lab.output(order)[:-20]


def without_a_cell(lab, order):
    first, *_ = lab.cells(order)
    return header_line(lab.header(order)) + cell_line(first) + footer_line(1)


def flipped(lab, order):
    whole = bytearray(lab.output(order))
    whole[len(whole) // 2] ^= 1
    return bytes(whole)


def of_another_task(lab, order):
    cells = b"".join(cell_line(cell) for cell in lab.cells(order))
    return header_line(replace(lab.header(order), task=order.task + 1)) + cells + footer_line(2)


def of_another_seed(lab, order):
    return lab.output(order, seed=1)


def empty(_lab, _order):
    return b""


@pytest.mark.parametrize("forge", [truncated, without_a_cell, flipped, of_another_task, of_another_seed, empty])
def test_an_output_that_proves_nothing_is_invalid_and_made_good(working_lab, forge):
    order = working_lab.order(1)
    assert working_lab.report(order, forge(working_lab, order)).state is TaskState.RETURNED
    working_lab.validate()
    tasks = workunits.tasks_of(working_lab.db, 1)
    assert [task.state for task in tasks] == [TaskState.INVALID, TaskState.UNSENT]
    assert tasks[0].reason
    assert results.of_task(working_lab.db, order.task) == []
    assert workunits.workunit(working_lab.db, 1).state is WorkunitState.OPEN
    assert working_lab.broken() == {}


def test_an_output_larger_than_allowed_is_invalid(working_lab):
    order = working_lab.order(1)
    working_lab.report(order, b"x" * (16 * 2**20 + 1))
    working_lab.validate()
    assert workunits.task(working_lab.db, order.task).state is TaskState.INVALID


def test_a_cell_whose_code_raised_fails_its_task(working_lab):
    order = working_lab.order(1)
    error = CellError(kind="KeyError", where="tiny_sum.py:9")
    working_lab.report(order, working_lab.output(order, outcome=Outcome.FAILED, measures=None, error=error))
    working_lab.validate()
    task = workunits.task(working_lab.db, order.task)
    assert (task.state, task.reason) == (TaskState.FAILED, "replicate 0, config 0 raised KeyError at tiny_sum.py:9")


def test_an_output_is_judged_by_the_ticket_that_ordered_it_even_when_that_ran_out(working_lab):
    order = working_lab.order(1)
    working_lab.later(days=60)
    working_lab.report(order, working_lab.output(order))
    working_lab.validate()
    assert workunits.task(working_lab.db, order.task).state is TaskState.VALID


@pytest.mark.parametrize("damage", ["UPDATE task SET ticket = NULL", "UPDATE task SET sent_at = NULL"])
def test_a_task_that_was_never_ordered_can_prove_nothing(working_lab, damage):
    order = working_lab.order(1)
    working_lab.report(order, working_lab.output(order))
    working_lab.db.execute(damage)
    working_lab.validate()
    assert workunits.task(working_lab.db, order.task).reason == "it has no ticket or no output to be judged by"


def test_an_output_whose_bytes_are_gone_is_invalid(working_lab):
    order = working_lab.order(1)
    working_lab.report(order, working_lab.output(order))
    working_lab.db.execute("DELETE FROM blob WHERE size < 5000")
    working_lab.validate()
    assert workunits.task(working_lab.db, order.task).state is TaskState.INVALID


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
def test_an_output_that_was_cut_is_never_read(whole, data):
    with pytest.raises(OutputError):
        read_output(whole[: data.draw(st.integers(0, len(whole) - 1))], limit=2**20)


@settings(max_examples=80)
@given(data=st.data())
def test_a_flipped_bit_is_refused_or_changes_what_is_read(whole, data):
    flipped = bytearray(whole)
    flipped[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = read_output(bytes(flipped), limit=2**20)
    except OutputError:
        return
    assert read != read_output(whole, limit=2**20)


def test_an_output_over_which_judging_stumbles_is_invalid_and_holds_up_no_other(working_lab, caplog):
    working_lab.deploy(workunits=1)
    first, second = working_lab.ask(1, wanted=2).orders
    for order in (first, second):
        working_lab.report(order, working_lab.output(order))
    working_lab.db.execute(
        f"CREATE TRIGGER stumble BEFORE INSERT ON result WHEN new.task_id = {first.task} "
        "BEGIN SELECT raise(ABORT, 'nobody foresaw this'); END"
    )
    working_lab.validate()
    stumbled, well = (workunits.task(working_lab.db, order.task) for order in (first, second))
    assert (stumbled.state, well.state) == (TaskState.INVALID, TaskState.VALID)
    assert "IntegrityError" in stumbled.reason
    assert "nobody foresaw this" in caplog.text
    assert "Traceback" in caplog.text
    assert results.of_task(working_lab.db, first.task) == []
    working_lab.sweep()
    assert [task.state for task in workunits.tasks_of(working_lab.db, 1)] == [TaskState.INVALID, TaskState.UNSENT]
    working_lab.db.execute("DROP TRIGGER stumble")
    assert working_lab.broken() == {}


def test_a_number_larger_than_any_float_is_no_measure(working_lab):
    order = working_lab.order(1)
    huge = working_lab.output(order).replace(b'"total":0.5', b'"total":1' + b"0" * 400)
    working_lab.report(order, huge)
    working_lab.validate()
    task = workunits.task(working_lab.db, order.task)
    assert task.state is TaskState.INVALID
    assert "'total' is not a finite number" in task.reason


def returned_many(lab, amount: int, *, spoil=lambda _lab, _number: None) -> list:
    """So many tasks are back; `spoil` may make another output of the task at a place."""
    lab.deploy(workunits=amount - 1)
    lab.host("large", cores=64, memory_mb=64_000)
    orders = lab.ask(2, wanted=amount).orders
    for number, order in enumerate(orders):
        lab.report(order, spoil(order, number) or lab.output(order))
    return list(orders)


def test_a_whole_slice_is_judged_at_once_and_a_bad_output_among_good_ones_harms_none(working_lab):
    bad = {3: truncated, 7: of_another_seed, 11: of_another_task}
    orders = returned_many(
        working_lab, 20, spoil=lambda order, number: bad[number](working_lab, order) if number in bad else None
    )
    assert working_lab.validate() == 20
    states = [workunits.task(working_lab.db, order.task).state for order in orders]
    assert {number for number, state in enumerate(states) if state is TaskState.INVALID} == set(bad)
    assert states.count(TaskState.VALID) == 17
    assert working_lab.db.one("SELECT count(*) AS n FROM result")["n"] == 34
    done = [wanted.state for wanted in workunits.workunits(working_lab.db)].count(WorkunitState.DONE)
    assert done == 17
    assert working_lab.broken() == {}
    assert working_lab.validate() == 0


def test_one_that_nobody_foresaw_among_many_is_found_and_the_others_are_judged_all_the_same(working_lab, caplog):
    orders = returned_many(working_lab, 9)
    working_lab.db.execute(
        f"CREATE TRIGGER stumble BEFORE INSERT ON result WHEN new.task_id = {orders[4].task} "
        "BEGIN SELECT raise(ABORT, 'nobody foresaw this'); END"
    )
    assert working_lab.validate() == 9
    states = [workunits.task(working_lab.db, order.task).state for order in orders]
    assert states == [TaskState.VALID] * 4 + [TaskState.INVALID] + [TaskState.VALID] * 4
    assert "tasks.unjudged" in caplog.text
    working_lab.db.execute("DROP TRIGGER stumble")
    assert working_lab.broken() == {}


def test_an_output_with_more_cells_than_were_ordered_is_refused_before_they_are_read(working_lab):
    order = working_lab.order(1)
    cells = b"".join(cell_line(cell) for cell in working_lab.cells(order))
    output = header_line(working_lab.header(order)) + cells + b"not even a cell\n" * 100_000 + footer_line(100_002)
    working_lab.report(order, output)
    working_lab.validate()
    task = workunits.task(working_lab.db, order.task)
    assert task.state is TaskState.INVALID
    assert task.reason == "The output has more lines than the 2 cells that were ordered. It is not read."


def test_large_outputs_are_judged_a_few_at_once(working_lab):
    """Each has 600 kB, so that two are more than what is read in one go."""
    orders = returned_many(working_lab, 4, spoil=lambda _order, number: b"%d" % number + b"x" * 600_000)
    validator = Validator(working_lab.folder, b"a secret")
    judged = []
    for _ in range(5):
        with working_lab.db.transaction():
            judged.append(validator.judge(working_lab.db, working_lab.now))
    assert judged == [1, 1, 1, 1, 0]
    assert {workunits.task(working_lab.db, order.task).state for order in orders} == {TaskState.INVALID}


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


def test_the_same_cell_twice_in_one_slice_is_a_result_and_a_duplicate(working_lab):
    late = working_lab.order(1)
    working_lab.later(hours=49)
    working_lab.sweep()
    prompt = working_lab.order(working_lab.host("second", volunteer="Bob"))
    for order in (prompt, late):
        working_lab.report(order, working_lab.output(order))
    assert working_lab.validate() == 2
    counted = [working_lab.db.one(f"SELECT count(*) AS n FROM {table}")["n"] for table in ("result", "duplicate")]  # noqa: S608
    assert counted == [2, 2]
    assert working_lab.broken() == {}


def test_a_valid_task_teaches_how_fast_its_host_is(working_lab):
    order = working_lab.order(1)
    working_lab.later(seconds=90)
    working_lab.report(order, working_lab.output(order))
    working_lab.db.execute("UPDATE task SET elapsed_seconds = 4.0")  # two cells of one reference second each
    working_lab.validate()
    host = hosts.host(working_lab.db, 1)
    assert (host.speed, host.standing.valid_in_row, host.standing.turnaround_seconds) == (0.5, 1, 90.0)
