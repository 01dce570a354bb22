import errno
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import axiom
from axiom.domain.work import Exit, Outcome
from axiom.laboratory.failures.rules.tracebacks import find_last_print
from axiom.runner.child.pause import PauseGate, RunEnded
from axiom.runner.files import slot as slots
from axiom.runner.platform.host import platform_here
from axiom.runner.tasks import ProgressTeller, answer_data, expected_seconds
from axiom.signed.bundles import pack_files, read_bundle_files
from axiom.signed.manifests import read_manifest
from axiom.signed.outputs import read_output, ticket_digest
from axiom.signed.tickets import write_ticket


def output(answer):
    return read_output(Path(answer.output).read_bytes(), limit=10**6)


def test_orders_become_outputs_with_every_cell_and_the_child_stays_warm(obey, lab):
    reports = []
    order = lab.order({"act": "ok", "amount": 0.0}, {"act": "diverge"}, places=(4, 6))
    answer = obey(order, report=lambda *words: reports.append(words))
    written = output(answer)
    assert (answer.exit, answer.message, answer.task) == (Exit.DONE, "", order.task)
    assert [(cell.replicate, cell.config, cell.outcome) for cell in written.cells] == [
        (1, 4, Outcome.OK),
        (1, 6, Outcome.DIVERGED),
        (2, 4, Outcome.OK),
        (2, 6, Outcome.DIVERGED),
    ]
    assert [cell.seed for cell in written.cells[::2]] == list(order.seeds)
    assert written.cells[0].measures["value"] == order.seeds[0] / 2**63
    assert answer.cpu_seconds == sum(cell.cpu_seconds for cell in written.cells)
    assert answer.elapsed_seconds > 0
    assert reports == [(order.task, n / 4, n) for n in range(1, 5)]
    header = written.header
    assert header.task == order.task
    assert header.host == 1
    assert header.experiment == "probe_cells"
    assert header.version == 1
    assert (header.bundle, header.ticket) == (lab.digest, ticket_digest(order.ticket))
    assert (header.runner, header.platform) == (axiom.__version__, platform_here())
    assert answer_data(answer)["exit"] == 0

    obey(lab.order(), "next")
    assert len({line.split()[-1] for line in lab.computed}) == 1


def test_a_cell_that_raised_fails_its_task_and_a_late_one_does_not(obey, lab):
    answer = obey(lab.order({"act": "ok"}, {"act": "refuse"}), "raises")
    assert answer.exit is Exit.CELL_FAILED
    assert "2 of 4 cells raised, first replicate 1 at config 1: KeyError at axiom/catalogue/" in answer.message
    assert "secret words" not in answer.message
    assert "secret words" in lab.home.log.read_text()
    assert [cell.outcome for cell in output(answer).cells] == [Outcome.OK, Outcome.FAILED] * 2
    answer = obey(lab.order({"act": "spin"}, {"act": "ok"}, cell_seconds=(0.2, 20.0)), "late")
    assert (answer.exit, answer.message) == (Exit.DONE, "")
    assert [cell.outcome for cell in output(answer).cells] == [Outcome.LATE, Outcome.OK] * 2


def test_the_laboratorys_own_computer_tells_what_was_printed_last(obey_anew, lab):
    message = obey_anew(lab, lab.order({"act": "refuse"}), tells_words=True).message
    assert "secret words" in find_last_print(message)


@pytest.mark.parametrize(
    ("act", "status", "words"),
    [("vanish", Exit.CHILD_LOST, "status 7"), ("hog", Exit.MEMORY_LIMIT, "the ticket allows 200")],
)
def test_a_lost_child_ends_the_task(act, status, words, obey, lab):
    answer = obey(lab.order({"act": act}))
    assert (answer.exit, answer.output) == (status, None)
    assert words in answer.message
    assert obey(slot="next").exit is Exit.DONE


REFUSALS = {
    "no words at all": (lambda _: [], "The order is empty"),
    "an empty ticket": (lambda lab: [*lab.order().argv()[:-1], ""], "--ticket is empty"),
    "another task": (lambda lab: replace(lab.order(), task=6), "says task 6"),
    "another seed": (lambda lab: replace(lab.order(), seeds=(42, 43)), "says seeds (42, 43)"),
    "another bundle": (lambda lab: replace(lab.order(), bundle="00" * 32), "says bundle 0000"),
    "words for another host": (lambda lab: replace(lab.order(), host=2), "says host 2"),
    "a ticket for another host": (lambda lab: lab.order(host=2), "for host 2, and this is host 1"),
    "one seed for two replicates": (lambda lab: lab.order(seeds=(42, 42)), "list of seeds"),
    "a cut ticket": (lambda lab: replace(lab.order(), ticket=lab.order().ticket[:-5]), "cannot be read"),
    "half a ticket": (lambda lab: replace(lab.order(), ticket=lab.order().ticket.split(".")[0]), "two parts"),
    "a ticket of the bundle key": (
        lambda lab: replace(lab.order(), ticket=write_ticket(lab.ticket(), lab.keys.bundle)),
        "may not sign as ticket",
    ),
}


def test_a_bad_order_is_refused_in_one_sentence_and_nothing_is_computed(obey, lab, strangers, tmp_path):
    foreign = replace(lab.order(), ticket=write_ticket(lab.ticket(), strangers.ticket))
    for name, (make, words) in {**REFUSALS, "another laboratory's": (lambda _: foreign, "")}.items():
        answer = obey(make(lab))
        assert answer.exit == Exit.BAD_TICKET, name
        assert answer.output is None, name
        assert lab.nothing_was_imported, name
        assert words in answer.message
        assert not (tmp_path / "slot").exists()


def test_an_order_is_refused_after_its_time_and_not_before(obey, lab, now):
    for later in (timedelta(hours=72), timedelta(days=3_650)):
        late = obey(at=now + later)
        assert late.exit == Exit.BAD_TICKET
        assert late.output is None
        assert lab.nothing_was_imported
    behind = obey(at=now - timedelta(days=3_650))  # a clock years behind computes what is right
    assert behind.exit is Exit.DONE
    assert 0 <= behind.elapsed_seconds < 86_400


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
    first = obey()
    assert first.exit is Exit.DONE
    assert output(obey()) == output(first)
    assert len(lab.computed) == 2
    obey(lab.order(task=6))
    assert len(lab.computed) == 4


def test_an_output_that_was_torn_or_meddled_with_goes_on_behind_its_last_whole_line(obey, lab, tmp_path):
    def facts():
        (tmp_path / "slot" / "starts").unlink(missing_ok=True)
        return [replace(cell, cpu_seconds=0) for cell in output(obey(order)).cells]

    order, path = lab.order({"act": "ok"}, {"act": "diverge"}), tmp_path / "slot" / "output.jsonl"
    whole = facts()
    for keep, computed in ((0, 4), (10, 4), (500, 4), (-1, 0), (-30, 1)):
        before = len(lab.computed)
        path.write_bytes(path.read_bytes()[:keep])
        assert facts() == whole
        assert len(lab.computed) - before == computed
    for old, new in ((b'"replicate":2', b'"replicate":9'), (b'"seed":', b'"sead":'), (b'"ok"', b'"OK"')):
        before, raw = len(lab.computed), path.read_bytes()
        assert old in raw
        path.write_bytes(raw.replace(old, new))
        assert facts() == whole
        assert len(lab.computed) > before


def test_an_output_or_a_memory_that_cannot_be_written_is_said(obey, lab, tmp_path):
    (tmp_path / "slot" / "output.jsonl").mkdir(parents=True)
    answer = obey()
    assert answer.exit == Exit.NO_ROOM
    assert answer.output is None
    assert lab.nothing_was_imported
    (lab.home.path / "seen.json").unlink(missing_ok=True)
    (lab.home.path / "seen.json").mkdir()
    order = lab.order()
    answer = obey(order)
    assert (answer.exit, answer.task, answer.output) == (Exit.RUNNER_FAULT, order.task, None)
    assert "IsADirectoryError" in answer.message
    assert "Traceback" in lab.home.log.read_text()


def test_the_log_stays_bounded(runner, lab):
    for _ in range(5):
        runner.note("x" * 600_000)
    assert sum(path.stat().st_size for path in lab.home.path.glob("runner.*")) < 4_000_000
    assert lab.home.log.stat().st_size < 1_300_000


def test_an_experiment_that_cannot_be_imported_here_fails_the_task(obey, lab):
    name = "axiom/catalogue/probe_cells.py"
    broken = lab.with_bundle(pack_files(read_bundle_files(lab.archive) | {name: b"import nowhere_to_be_found\n"}))
    answer = obey(broken.order())
    assert (answer.exit, answer.output) == (Exit.CELL_FAILED, None)
    assert f"ModuleNotFoundError at {name}:1" in answer.message


def test_a_stop_on_a_full_disk_is_a_stop(lab, obey_anew, monkeypatch):
    gate = PauseGate()

    def report(*_):
        monkeypatch.setattr(slots, "write_atomically", full)
        gate.end()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(RunEnded):
        obey_anew(lab, lab.order({"act": "steps", "amount": 3.0}), gate=gate, report=report)


def test_shares_follow_what_the_cells_cost():
    shares = []
    progress = ProgressTeller(lambda *what: shares.append(what), (1.0, 3.0, 4.0))
    progress.move(0.5)
    progress.finish()
    progress.move(0.5)
    progress.keep(0.5)
    progress.finish()
    progress.finish()
    assert shares == [(0.0625, 0), (0.125, 1), (0.3125, 1), (0.3125, 2), (0.5, 3), (1.0, 4)]


@given(st.lists(st.tuples(st.sampled_from(["move", "keep", "next"]), st.floats(0, 1)), max_size=30))
def test_a_share_never_falls_and_ends_at_one(events):
    shares, cells = [], 0
    progress = ProgressTeller(lambda *what: shares.append(what), (2.0, 0.1, 5.0, 1.0))
    for kind, fraction in events:
        if kind == "next":
            cells += 1
            if cells <= 4:
                progress.finish()
        elif cells < 4:
            getattr(progress, kind)(fraction)
    for _ in range(cells, 4):
        progress.finish()
    assert shares == sorted(shares)
    assert shares[-1][0] == pytest.approx(1.0)


def test_a_task_that_goes_on_begins_where_it_stood():
    shares = []
    progress = ProgressTeller(lambda *what: shares.append(what), (1.0, 1.0), cells=1)
    progress.move(0.5)
    progress.move(0.1)  # of what is computed again
    progress.keep(0.6)
    assert shares == [(0.75, 0), (0.75, 0), (0.8, 1)]


def test_what_cells_cost_stands_in_their_bundle_or_limits_are_the_measure(lab):
    manifest = read_manifest(read_bundle_files(lab.archive)["manifest.json"])
    ok, refuse, other = ({"act": act, "amount": amount} for act, amount in (("ok", 0.0), ("refuse", 0.0), ("ok", 2.0)))
    ticket = lab.ticket(ok, refuse, cell_seconds=(60.0, 90.0))
    assert expected_seconds(manifest, tuple(ticket.cells)) == (1.0,) * 4
    ticket = lab.ticket(ok, other, cell_seconds=(60.0, 90.0))  # the second is not in the bundle's sweep
    assert expected_seconds(manifest, tuple(ticket.cells)) == (60.0, 90.0) * 2
