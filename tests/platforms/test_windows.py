"""The runner on Windows' own code paths, run by Wine: each story is a row of the record."""

import random
import subprocess
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from emulated_host import WINDOWS, windows_python
from patience import until

from axiom.domain.work import Exit, Outcome
from axiom.runner.direct import describe_here
from axiom.signed import bundles
from axiom.signed.tickets import Order, write_ticket

STEPS = {"act": "steps", "amount": 1.5}
SLEEPY = {"act": "sleep", "amount": 60.0}
KILLS = 20


def test_a_task_is_computed_and_its_output_lies_where_the_link_leads(windows):
    started = windows.start(windows.slot(cpu=40.0), windows.lab.order(STEPS, {"act": "diverge"}))
    assert started.end() == 0
    assert started.finished == ["0"]
    assert started.stderr == ""
    assert [cell.outcome for cell in windows.read().cells] == [Outcome.OK, Outcome.DIVERGED] * 2
    fractions = [status["fraction_done"] for status in started.told]
    assert fractions == sorted(fractions)
    assert any(0 < fraction < 1 for fraction in fractions)


def test_an_experiment_of_jax_is_computed(host_in, lab_with_jax, tmp_path):
    windows = host_in(WINDOWS, tmp_path / "data", lab_with_jax)
    started = windows.start(windows.slot(), lab_with_jax.order({"act": "arrays"}, memory_mb=900))
    assert (started.end(), started.stderr) == (0, "")
    assert len(windows.read().cells) == 2


def test_an_order_that_is_over_or_was_not_signed_is_refused_and_nothing_runs(windows, strangers):
    ticket = windows.lab.ticket(STEPS)
    foreign = Order.of(ticket, write_ticket(ticket, strangers.ticket))
    late = windows.lab.order(
        STEPS,
        expires=ticket.issued - timedelta(hours=1),
        deadline=ticket.issued - timedelta(hours=2),
        issued=ticket.issued - timedelta(hours=9),
    )
    for number, order in enumerate((foreign, late)):
        started = windows.start(windows.slot(number), order)
        assert (started.end(), started.finished[0]) == (Exit.BAD_TICKET, "13")
    assert windows.lab.nothing_was_imported


def test_too_much_memory_ends_the_task(windows):
    started = windows.start(windows.slot(), windows.lab.order({"act": "hog"}))
    assert started.end() == Exit.MEMORY_LIMIT


def test_a_suspended_task_stands_still_and_goes_on(windows):
    order = windows.lab.order({"act": "slow", "amount": 8.0}, cell_seconds=(60.0,))
    started = windows.start(windows.slot(), order)
    started.until(lambda: started.told and started.told[-1]["fraction_done"] > 0.1)
    started.say(0, "<suspend/>")
    before = len(started.told)
    started.until(lambda: len(started.told) >= before + 3)
    assert started.told[-1]["fraction_done"] == started.told[-2]["fraction_done"] < 0.5
    started.say(0, "<resume/>")
    assert started.end() == 0
    assert [cell.outcome for cell in windows.read().cells] == [Outcome.OK] * 2


def test_a_task_that_was_asked_to_quit_goes_on_from_its_checkpoint(windows):
    """Wine tells the time of no process but one's own, so that only states count that were kept by the clock."""
    slot, ticket = windows.slot(), windows.lab.ticket()
    order = windows.lab.order(
        {"act": "slow", "amount": 30.0}, cell_seconds=(90.0,), replicates=ticket.replicates[:1], seeds=ticket.seeds[:1]
    )
    started = windows.start(slot, order)
    started.until(lambda: started.told and started.told[-1]["fraction_done"] > 0.6)
    started.say(0, "<quit/>")
    assert (started.end(), started.finished) == (0, None)
    first = len(windows.lab.blocks)
    windows.slot()
    started = windows.start(slot, order)
    assert (started.end(), started.finished) == (0, ["0"])
    again = windows.lab.blocks[first:]
    assert again == list(range(again[0], 80))
    assert again[0] > 0


@pytest.mark.parametrize("how", ["abort", "the client is gone", "no heartbeat"])
def test_a_task_that_has_to_stop_leaves_no_process_behind(how, windows):
    started = windows.start(windows.slot(), windows.lab.order(SLEEPY))
    started.until(lambda: windows.lab.computed)
    assert windows.computing() != []
    if how == "abort":
        started.say(0, "<abort/>")
        assert (started.end(), started.finished) == (0, None)
    elif how == "no heartbeat":
        until(lambda: started.process.poll() is not None)
    else:
        started.process.kill()
        started.process.wait()
    until(lambda: windows.computing() == [])


def test_two_tasks_at_once_share_what_one_of_them_unpacks(windows):
    both = [windows.start(windows.slot(number), windows.lab.order(STEPS)) for number in (0, 1)]
    until(lambda: [_beats(started) for started in both] == [True, True])
    assert [(started.finished, started.stderr) for started in both] == [(["0"], "")] * 2
    first, second = ([replace(cell, cpu_seconds=0.0) for cell in windows.read(number).cells] for number in (0, 1))
    assert first == second


def _beats(started) -> bool:
    started.hear()
    return started.process.poll() is not None


def test_a_task_that_loses_power_at_twenty_places_ends_as_one_left_alone(windows):
    ticket = windows.lab.ticket()
    order = windows.lab.order(
        {"act": "slow", "amount": 20.0}, cell_seconds=(90.0,), replicates=ticket.replicates[:1], seeds=ticket.seeds[:1]
    )
    started = windows.start(windows.slot(7), order)
    assert started.end() == 0
    alone = windows.read(7).cells
    (windows.project / "task_5_7").unlink()
    slot, dice, kills = windows.slot(), random.Random(5), 0
    while kills < KILLS:
        windows.slot()
        (slot / "later").unlink(missing_ok=True)
        (slot / "task" / "starts").unlink(missing_ok=True)  # else it is given up after the third
        started = windows.start(slot, order)
        end = time.monotonic() + dice.uniform(0.2, 9.0) + (11.0 if kills % 5 == 0 else 0.0)  # beyond a kept state
        while time.monotonic() < end and not _beats(started):
            time.sleep(0.02)
        if started.finished:
            break
        windows.cut_the_power()
        started.process.wait()
        kills += 1
    started = windows.start(slot, order)
    assert (started.end(), started.finished) == (0, ["0"])
    assert [replace(cell, cpu_seconds=0.0) for cell in windows.read().cells] == [
        replace(cell, cpu_seconds=0.0) for cell in alone
    ]
    assert kills == KILLS


def test_a_disk_that_is_full_puts_the_task_off_with_a_sentence_until_there_is_room(host_in, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "-o", "size=220m", "tmpfs", str(disk)], check=True)
    try:
        windows = host_in(WINDOWS, disk / "data")
        windows.cut_the_power()  # Wine's server sees only the disks that were there when it began
        started = windows.start(windows.slot(), windows.lab.order(STEPS))
        assert started.end() == 0, started.stderr
        assert started.finished is None, started.stderr
        seconds, sentence = (started.slot / "boinc_temporary_exit").read_text().splitlines()
        assert seconds == "600"
        assert "Make room" in sentence
        subprocess.run(["/usr/bin/mount", "-o", "remount,size=2g", str(disk)], check=True)
        assert windows.start(started.slot, windows.lab.order(STEPS)).end() == 0
        windows.end_all()
    finally:
        subprocess.run(["/usr/bin/umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("which", ["axiom_runtime_*", "axiom_code_*"])
def test_a_damaged_file_is_refused_by_name_and_nothing_of_it_runs(which, windows):
    slot = windows.slot()
    damaged = next(windows.project.glob(which))
    raw = bytearray(damaged.read_bytes())
    raw[len(raw) // 2] ^= 1
    damaged.write_bytes(raw)
    started = windows.start(slot, windows.lab.order(STEPS))
    assert (started.end(), started.finished[0]) == (Exit.RUNNER_DAMAGED, "17")
    assert damaged.name in started.stderr
    assert windows.lab.nothing_was_imported


def test_a_changed_file_of_the_runtime_is_noticed_and_all_is_unpacked_anew(windows):
    assert windows.start(windows.slot(), windows.lab.order(STEPS)).end() == 0
    (library,) = windows.project.glob("axiom/runtime-*/Lib/site-packages/numpy/__init__.py")
    whole = library.read_bytes()
    library.write_bytes(whole + b"\nraise SystemExit(9)\n")
    assert windows.start(windows.slot(1), windows.lab.order(STEPS)).end() == 0
    assert library.read_bytes() == whole


@pytest.mark.parametrize("length", [60, 120], ids=["60 characters", "120 characters"])
def test_a_folder_may_have_spaces_umlauts_and_a_long_name(length, host_in, tmp_path):
    windows = host_in(WINDOWS, long_folder(tmp_path, length))
    started = windows.start(windows.slot(), windows.lab.order(STEPS))
    assert started.end() == 0
    assert started.finished == ["0"]
    assert started.stderr == ""


def test_a_folder_of_200_characters_is_too_long_for_windows_and_tasks_go_elsewhere(host_in, tmp_path):
    windows = host_in(WINDOWS, long_folder(tmp_path, 200))
    started = windows.start(windows.slot(), windows.lab.order(STEPS))
    assert (started.end(), started.finished[0]) == (Exit.CHILD_LOST, "11")


def long_folder(place, length):
    folder = place / "Ein Rechner für Grüße & mehr"
    rest = length - len(str(folder)) - len("/projects/lab.example_axiom")
    while rest > 1:
        folder /= "x" * min(60, rest - 1)
        rest -= 61
    return folder


def test_files_that_may_only_be_read_are_enough(windows):
    slot = windows.slot()
    for path in (*windows.project.glob("axiom_*"), *windows.project.glob("file_*")):
        path.chmod(0o444)
    assert windows.start(slot, windows.lab.order(STEPS)).end() == 0


def test_an_output_that_another_program_holds_is_delivered_once_it_lets_go(windows):
    slot = windows.slot()
    target = windows.project / "task_5_0"
    target.write_bytes(b"")
    hold = (
        "import ctypes, sys\n"
        "handle = ctypes.windll.kernel32.CreateFileW(sys.argv[1], 0x80000000, 0, None, 3, 0, None)\n"  # alone
        "print('holds', handle, flush=True)\n"
        "sys.stdin.read()\n"
    )
    command = windows.emulation.start(windows_python(windows.emulation), "-I", "-c", hold, str(target))
    words = windows.emulation.words(command, windows.seen)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().startswith(b"holds")
        started = windows.start(slot, windows.lab.order(STEPS))
        assert (started.end(), started.finished) == (0, None)
        assert "The output cannot be written" in started.stderr
        holder.stdin.close()
    started = windows.start(slot, windows.lab.order(STEPS))
    assert (started.end(), started.finished) == (0, ["0"])
    assert len(windows.lab.computed) == len(windows.read().cells) == 2


def test_lines_may_end_as_windows_ends_them(windows):
    slot = windows.slot()
    for path in (slot / "init_data.xml", *(slot / name for name in ("axiom.pyz", "trust.json", "output.jsonl"))):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert windows.start(slot, windows.lab.order(STEPS)).end() == 0


REACHES = '''
def outside(config, seed):
    """What code of a bundle reaches: by Python's own words, and by machine code, which asks nobody."""
    import ctypes, pathlib, socket, subprocess
    found = []
    for number, reach in enumerate((
        lambda: pathlib.Path("C:/windows/win.ini").read_bytes(),
        lambda: pathlib.Path("C:/users").iterdir().__next__(),
        lambda: socket.create_connection(("127.0.0.1", 9)),
        lambda: subprocess.run(["cmd", "/c", "exit"]),
        lambda: ctypes.windll.kernel32.CreateFileW("C:/windows/win.ini", 0x80000000, 3, None, 3, 0, None) + 1 or 1 / 0,
    )):
        try:
            reach()
            found.append(float(number))
        except Exception:
            pass
    return Measures(value=0.0, curve=tuple(found))
'''


def test_python_s_own_words_reach_nothing_outside_and_machine_code_is_not_held(host_in, lab, files, tmp_path):
    name = "axiom/catalogue/probe_cells.py"
    text = files[name].replace(b"\n# How a cell ends.", REACHES.encode() + b"\n# How a cell ends.")
    assert text != files[name]
    changed = files | {name: text}
    reaching = lab.with_bundle(bundles.pack_files(changed | {"manifest.json": describe_here(changed)}))
    windows = host_in(WINDOWS, tmp_path / "data", reaching)
    started = windows.start(windows.slot(), reaching.order({"act": "outside"}))
    assert (started.end(), started.stderr) == (0, "")
    reached = {value for cell in windows.read().cells for value in dict(cell.measures or {})["curve"]}
    assert reached == {4.0}
