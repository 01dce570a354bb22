"""Programs that take without end, or spoil what they are asked for. Each comes to a named end, and soon."""

import pytest
from patience import PATIENCE

from axiom.domain.work import Exit, Outcome
from axiom.limits import runner as limits
from axiom.runner.direct import describe_files

TAKING = {
    "asks for 100 GB at once": ("MemoryError", "bytearray(100 * 10**9)"),
    "takes memory bit by bit": (
        "MEMORY_LIMIT no cell  The computing process held",
        "held = []\nwhile True:\n    held.append(b'x' * 10**7)\n    time.sleep(0.005)",
    ),
    "takes memory as fast as it can": (
        "MEMORY_LIMIT no cell  The computing process held|FAILED MemoryError",
        "held = []\nwhile True:\n    held.append(b'x' * 10**8)",
    ),
    "looks at memory that it never writes": (
        "MEMORY_LIMIT no cell  The computing process held",
        "held = mmap.mmap(-1, 2**40, flags=mmap.MAP_PRIVATE | 0x4020, prot=mmap.PROT_READ)\n"
        "held.madvise(mmap.MADV_NOHUGEPAGE)\n"
        "any(held[place] for place in range(0, 2**38, 2**21))\ntime.sleep(0.5)",
    ),
    "writes a file without end": ("OSError", "with open('big', 'wb') as file:\n    file.truncate(10**12)"),
    "fills the disk": (
        "CHILD_LOST no cell  The computing process is lost: it wrote",
        "import itertools\nfor number in itertools.count():\n"
        "    Path(str(number)).write_bytes(b'x' * 2**24)\n    time.sleep(0.01)",
    ),
    "takes the whole disk at once": (
        "OSError|it wrote",
        "for number in range(20):\n"
        "    with open(str(number), 'wb') as file:\n"
        "        if LIBC.fallocate(file.fileno(), 0, ctypes.c_long(0), ctypes.c_long(10**8)) == 0:\n"
        "            raise ValueError('it took room that it did not write')\n"
        "native(-1)",
    ),
    "fills the disk with empty files": (
        "CHILD_LOST no cell  The computing process is lost: it wrote",
        "import itertools\nfor number in itertools.count():\n    os.close(os.open(str(number), os.O_CREAT))",
    ),
    "fills the disk where no path leads": (
        "CHILD_LOST no cell  The computing process is lost: it wrote to the disk where it cannot be seen how much",
        "for _ in range(20):\n    os.mkdir('x' * 250)\n    os.chdir('x' * 250)\n"
        "while True:\n    Path('some').write_bytes(b'x' * 2**20)\n    time.sleep(0.01)",
    ),
    "digs deeper than anybody climbs": (
        "DONE OK|cannot be seen how much",
        "for _ in range(1500):\n    os.mkdir('x')\n    os.chdir('x')",
    ),
    "calls itself by what is no text": ("DONE OK", "LIBC.prctl(15, b'\\xff\\xfex')\ntime.sleep(0.7)"),
    "lays folders where its state goes": (
        "DONE OK",
        "from axiom.kit import progress\n"
        "for end in ('', '.now', '.0', '.1'):\n    os.makedirs(f'{progress._door.keeper._path}{end}/more')",
    ),
    "lays folders where its state might go": (
        "DONE OK",
        "for end in ('', '.now', '.0', '.1'):\n    os.mkdir(f'kept-{os.getppid()}{end}')",
    ),
    "opens files without end": ("OSError", "held = [open('/dev/null') for _ in range(10**6)]"),
    "starts threads without end": (
        "RuntimeError|threads",
        "while True:\n    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    ),
    "opens pipes without end": ("OSError", "held = [os.pipe() for _ in range(10**6)]"),
    "computes without end": ("DONE LATE", "while True:\n    pass"),
    "waits without end": ("DONE LATE", "time.sleep(3600)"),
    "hears no signal": (
        "DONE LATE",
        "for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):\n"
        "    signal.signal(number, signal.SIG_IGN)\nwhile True:\n    pass",
    ),
    "prints without end": ("DONE LATE", "while True:\n    print('x' * 1000)"),
    "traces everything": ("DONE LATE", "sys.settrace(lambda *words: None)\nwhile True:\n    len('x')"),
    "is a program of another kind": (
        "CHILD_LOST no cell  The computing process is lost: it was ended by SIGSYS",
        "code = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)\n"
        "code.write(bytes.fromhex('b814000000cd80c3'))\n"  # getpid as 32-bit code asks for it
        "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()",
    ),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits a minute here for a cell that only waits."""
    monkeypatch.setattr("axiom.limits.runner.LEAST_CELL_SECONDS", 1.0)
    monkeypatch.setattr("axiom.limits.runner.TIMES_CPU_LIMIT", 1)


@pytest.fixture
def narrow(monkeypatch):
    """A disk that is full soon; with the real bound the programs do the same for longer."""
    monkeypatch.setattr(limits, "DISK_MB", 50.0)
    monkeypatch.setattr(limits, "LOOK_EVERY_SECONDS", 0.1)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("name", TAKING)
def test_a_program_without_measure_comes_to_a_named_end(name, host):
    words, body = TAKING[name]
    before = host.marks()
    ended = host.attack(body, seconds=0.5 if "LATE" in words else PATIENCE)
    assert any(word in ended.story for word in words.split("|")), ended.story
    assert len(ended.printed) <= 64 * 1024
    after = host.marks()
    assert {path: after[path] for path in before} == before
    assert host.left() == []


def test_a_thread_that_outlives_its_cell_ends_with_the_process(host):
    ended = host.attack("threading.Thread(target=time.sleep, args=(600,)).start()")
    assert ended.answer.exit is Exit.DONE
    assert ended.cell.outcome is Outcome.OK


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("PermissionError", "socket.socket()"),
        ("PermissionError", "Path('/etc/passwd').read_text()"),
        ("PermissionError", "os.kill(os.getppid(), 0)"),
        ("MemoryError", "bytearray(100 * 10**9)"),
    ],
)
def test_what_an_experiment_does_while_it_is_imported_is_held_too(words, line, host):
    text = f"{line}\n\ndef attack():\n    pass\n"
    ended = host.obey(text)
    assert ended.answer.exit is Exit.CELL_FAILED
    assert f"axiom.catalogue.hostile cannot be used: {words}" in ended.answer.message
    (described,) = describe_files(host.bundle(text), ["axiom.catalogue.hostile"])
    assert described.manifest is None
    assert words == described.fault["kind"]


def test_an_import_that_takes_memory_or_time_without_end_is_ended(host, monkeypatch):
    monkeypatch.setattr(limits, "IMPORT_MB", 100.0)
    ended = host.obey("held = [b'x' * 10**7 for _ in range(15)]\ntime.sleep(600)\n")
    assert ended.answer.exit is Exit.MEMORY_LIMIT
    monkeypatch.setattr(limits, "STILL_SECONDS", 3.0)
    ended = host.obey("time.sleep(600)\n")
    assert ended.answer.exit is Exit.CHILD_LOST
    assert "said nothing for " in ended.answer.message
    monkeypatch.setattr(limits, "IMPORT_CPU_SECONDS", 0.5)
    assert host.obey("while True:\n    pass\n").answer.exit is Exit.CHILD_LOST
