import errno
import os
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import axiom
from axiom.domain.work import Exit, Outcome
from axiom.runner.child.pause import Ended, PauseGate
from axiom.runner.files import slot as slots
from axiom.runner.platform.host import platform_here
from axiom.runner.tasks import Runner, answer_data
from axiom.signed.outputs import read_output, ticket_digest
from axiom.signed.tickets import Order, write_ticket


@pytest.fixture
def runner(lab):
    made = Runner(lab.home, 1)
    yield made
    made.stop()


@pytest.fixture
def obey(runner, now, tmp_path):
    def obey(argv, slot="slot", report=lambda *_: None, at=now):
        words = argv.argv() if isinstance(argv, Order) else argv
        return runner.obey(words, tmp_path / slot, now=at, report=report)

    return obey


def output(answer):
    with open(answer.output, "rb") as file:  # noqa: PTH123
        return read_output(file.read(), limit=10**6)


def test_an_order_becomes_an_output_with_every_cell(obey, lab):
    told = []
    order = lab.order({"act": "ok", "amount": 0.0}, {"act": "diverge"}, places=(4, 6))
    answer = obey(order, report=lambda *what: told.append(what))
    found = output(answer)
    assert (answer.exit, answer.message, answer.task) == (Exit.DONE, "", order.task)
    assert [(cell.replicate, cell.config, cell.outcome) for cell in found.cells] == [
        (1, 4, Outcome.OK),
        (1, 6, Outcome.DIVERGED),
        (2, 4, Outcome.OK),
        (2, 6, Outcome.DIVERGED),
    ]
    assert [cell.seed for cell in found.cells[::2]] == list(order.seeds)
    assert found.cells[0].measures["value"] == order.seeds[0] / 2**63
    assert answer.cpu_seconds == sum(cell.cpu_seconds for cell in found.cells)
    assert answer.elapsed_seconds > 0
    assert told == [(order.task, n / 4, n) for n in range(1, 5)]
    header = found.header
    assert (header.task, header.host, header.experiment, header.version) == (order.task, 1, "probe_cells", 1)
    assert (header.bundle, header.ticket) == (lab.digest, ticket_digest(order.ticket))
    assert (header.runner, header.platform) == (axiom.__version__, platform_here())
    assert answer_data(answer)["exit"] == 0


def test_the_child_stays_warm_while_the_bundle_stays(obey, lab):
    for slot in ("a", "b"):
        obey(lab.order(), slot=slot)
    assert len({line.split()[-1] for line in lab.computed}) == 1


def test_a_late_cell_is_an_outcome_and_the_rest_goes_on(obey, lab):
    answer = obey(lab.order({"act": "spin"}, {"act": "ok"}, cell_seconds=(0.2, 20.0)))
    assert (answer.exit, answer.message) == (Exit.DONE, "")
    assert [cell.outcome for cell in output(answer).cells] == [Outcome.LATE, Outcome.OK] * 2


def test_a_cell_that_raises_fails_the_task_and_says_where(obey, lab):
    answer = obey(lab.order({"act": "ok"}, {"act": "refuse"}))
    assert answer.exit is Exit.CELL_FAILED
    assert (
        "2 of 4 cells raised, first replicate 1 at config 1: KeyError at axiom/catalogue/probe_cells.py:"
        in answer.message
    )
    assert "secret words" not in answer.message
    assert "secret words" in lab.home.log.read_text()
    assert [cell.outcome for cell in output(answer).cells] == [Outcome.OK, Outcome.FAILED] * 2


@pytest.mark.parametrize(
    ("act", "status", "words"),
    [("vanish", Exit.CHILD_LOST, "status 7"), ("hog", Exit.MEMORY_LIMIT, "the ticket allows 200")],
)
def test_a_lost_child_ends_the_task(act, status, words, obey, lab):
    answer = obey(lab.order({"act": act}))
    assert (answer.exit, answer.output) == (status, None)
    assert words in answer.message
    assert obey(lab.order(), slot="next").exit is Exit.DONE


REFUSALS = {
    "no words at all": (lambda _: [], "The order is empty"),
    "an empty ticket": (lambda lab: [*lab.order().argv()[:-1], ""], "--ticket is empty"),
    "another task": (lambda lab: replace(lab.order(), task=6), "says task 6"),
    "another seed": (lambda lab: replace(lab.order(), seeds=(42, 43)), "says seeds (42, 43)"),
    "another bundle": (lambda lab: replace(lab.order(), bundle="00" * 32), "says bundle 0000"),
    "words for another host": (lambda lab: replace(lab.order(), host=2), "says host 2"),
    "a ticket for another host": (lambda lab: lab.order(host=2), "for host 2, and this is host 1"),
    "a seed that is not the replicate's": (lambda lab: lab.order(seeds=(42, 43)), "which is not its own"),
    "a cut ticket": (lambda lab: replace(lab.order(), ticket=lab.order().ticket[:-5]), "cannot be read"),
    "half a ticket": (lambda lab: replace(lab.order(), ticket=lab.order().ticket.split(".")[0]), "two parts"),
    "a ticket of the bundle key": (
        lambda lab: replace(lab.order(), ticket=write_ticket(lab.ticket(), lab.keys.bundle)),
        "may not sign as ticket",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_bad_order_is_refused_in_one_sentence_and_nothing_is_computed(name, obey, lab, tmp_path):
    make, words = REFUSALS[name]
    answer = obey(make(lab))
    assert answer.exit is Exit.BAD_TICKET
    assert words in answer.message
    assert answer.output is None
    assert lab.nothing_was_imported
    assert not (tmp_path / "slot").exists()


def test_an_order_of_another_laboratory_or_time_is_refused(obey, lab, strangers, now):
    foreign = replace(lab.order(), ticket=write_ticket(lab.ticket(), strangers.ticket))
    assert obey(foreign).exit is Exit.BAD_TICKET
    for later in (timedelta(hours=72), timedelta(days=3_650)):
        late = obey(lab.order(), at=now + later)
        assert (late.exit, late.output, lab.nothing_was_imported) == (Exit.BAD_TICKET, None, True)
    behind = obey(lab.order(), at=now - timedelta(days=3_650))  # a clock years behind computes what is right
    assert behind.exit is Exit.DONE
    assert 0 <= behind.elapsed_seconds < 3_600


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.9999), bit=st.integers(0, 6))
def test_a_ticket_with_a_flipped_bit_computes_nothing(place, bit, obey, lab):
    order = lab.order()
    raw = bytearray(order.ticket.encode())
    raw[int(place * len(raw))] ^= 1 << bit
    answer = obey(replace(order, ticket=raw.decode("latin-1")))
    assert (answer.exit, lab.nothing_was_imported) == (Exit.BAD_TICKET, True)


def test_a_task_that_begins_and_never_gets_further_is_given_up(obey, lab):
    order = lab.order({"act": "ok"}, {"act": "vanish"})
    statuses = [obey(order).exit for _ in range(5)]
    # The first start finishes a cell, so the count begins behind it.
    assert statuses == [Exit.CHILD_LOST] * 4 + [Exit.TOO_MANY_STARTS]
    assert [line.split()[0] for line in lab.computed] == ["ok"] + ["vanish"] * 4
    assert obey(lab.order(task=6)).exit is Exit.DONE


def test_a_whole_output_is_not_computed_again_and_another_ticket_begins_anew(obey, lab, tmp_path):
    (tmp_path / "slot").mkdir()
    (tmp_path / "slot" / "starts").write_bytes(b'{"cells":')  # a torn count of starts
    first = obey(lab.order())
    assert first.exit is Exit.DONE
    assert output(obey(lab.order())) == output(first)
    assert len(lab.computed) == 2
    obey(lab.order(task=6))
    assert len(lab.computed) == 4


@pytest.mark.parametrize("keep", [0, 10, 500, -1, -30])
def test_a_torn_output_goes_on_behind_its_last_whole_line(keep, obey, lab, tmp_path):
    order = lab.order({"act": "ok"}, {"act": "diverge"})
    whole = output(obey(order))
    path = tmp_path / "slot" / "output.jsonl"
    path.write_bytes(path.read_bytes()[:keep])
    again = output(obey(order))
    assert [replace(cell, cpu_seconds=0) for cell in again.cells] == [
        replace(cell, cpu_seconds=0) for cell in whole.cells
    ]
    assert len(lab.computed) == {0: 8, 10: 8, 500: 8, -1: 4, -30: 5}[keep]


@pytest.mark.parametrize(
    ("old", "new"), [(b'"replicate":2', b'"replicate":9'), (b'"seed":', b'"sead":'), (b'"ok"', b'"OK"')]
)
def test_lines_that_were_meddled_with_are_computed_again(old, new, obey, lab, tmp_path):
    whole = output(obey(lab.order()))
    path = tmp_path / "slot" / "output.jsonl"
    path.write_bytes(path.read_bytes().replace(old, new))
    again = output(obey(lab.order()))
    assert [cell.measures for cell in again.cells] == [cell.measures for cell in whole.cells]
    assert [cell.seed for cell in again.cells] == [cell.seed for cell in whole.cells]
    assert len(lab.computed) > 2


def test_an_output_that_cannot_be_written_is_said(obey, lab, tmp_path):
    (tmp_path / "slot" / "output.jsonl").mkdir(parents=True)
    answer = obey(lab.order())
    assert (answer.exit, answer.output, lab.nothing_was_imported) == (Exit.NO_ROOM, None, True)


def test_a_fault_of_the_runner_is_answered_and_logged(obey, lab):
    (lab.home.path / "seen.json").mkdir()
    order = lab.order()
    answer = obey(order)
    assert (answer.exit, answer.task, answer.output) == (Exit.RUNNER_FAULT, order.task, None)
    assert "IsADirectoryError" in answer.message
    assert "Traceback" in lab.home.log.read_text()


def test_the_log_stays_bounded(runner, lab):
    for _ in range(5):
        runner.note("x" * 600_000)
    sizes = [path.stat().st_size for path in lab.home.path.glob("runner.*")]
    assert sum(sizes) < 4_000_000
    assert os.path.getsize(lab.home.log) < 1_300_000  # noqa: PTH202


def test_an_experiment_that_cannot_be_imported_here_fails_the_task(obey, lab, keys):
    from axiom.signed.bundles import contents, pack, write_seal

    broken = contents(lab.archive) | {"axiom/catalogue/probe_cells.py": b"import nowhere_to_be_found\n"}
    made = replace(lab, archive=pack(broken))
    made.place(made.archive, write_seal(made.seal(), keys.bundle))
    answer = obey(made.order())
    assert (answer.exit, answer.output) == (Exit.CELL_FAILED, None)
    assert "ModuleNotFoundError at axiom/catalogue/probe_cells.py:1" in answer.message


def test_a_stop_on_a_full_disk_is_a_stop(lab, now, tmp_path, monkeypatch):
    gate = PauseGate()
    runner = Runner(lab.home, 1, gate)

    def report(*_):
        monkeypatch.setattr(slots, "place", full)
        gate.end()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    order = lab.order({"act": "steps", "amount": 3.0})
    try:
        with pytest.raises(Ended):
            runner.obey(order.argv(), tmp_path / "slot", now=now, report=report)
    finally:
        runner.stop()
