"""Programs that reach for what is not theirs: each gets it where nothing holds it, and fails where it is held."""

import pytest

from axiom.domain.work import Exit, Outcome

REACHING = {
    "reads the account's key": "(Path(AT['slot']) / 'init_data.xml').read_text()",
    "reads who the laboratory is": "(Path(AT['home']) / 'trust.json').read_bytes()",
    "lists the folder of its task": "os.listdir(AT['slot'])",
    "reads the person's diary": "(Path(AT['person']) / 'diary').read_text()",
    "reads the diary through machine code": "native(LIBC.open(os.fsencode(AT['person'] + '/diary'), os.O_RDONLY))",
    "reads the accounts of the computer": "Path('/etc/passwd').read_text()",
    "reads the environment of its parent": "Path(f'/proc/{os.getppid()}/environ').read_bytes()",
    "opens the memory of its parent": "open(f'/proc/{os.getppid()}/mem', 'rb').close()",
    "climbs out by way of /proc": "Path('/proc/self/root' + AT['person'] + '/diary').read_text()",
    "writes what a shell starts with": "print('echo hello', file=(Path(AT['person']) / '.bashrc').open('a'))",
    "writes beside its own folder": "Path('../../left').write_text('here')\nos.unlink('../../left')",
    "leaves a link in its folder that leads out": "os.symlink(AT['person'], 'way')\nPath('way/diary').read_text()",
    "has another name for a file of the person's": "os.link(AT['person'] + '/diary', 'mine')",
    "renames a file of the person's": "os.rename(AT['person'] + '/diary', AT['person'] + '/lost')",
    "removes a file of the person's": "os.unlink(AT['person'] + '/diary')",
    "opens a file of the person's to everybody": "os.chmod(AT['person'] + '/diary', 0o777)",
    "empties a file of the person's": "os.truncate(AT['person'] + '/diary', 0)",
    "lays something ready for another bundle": "(Path(AT['other']) / 'jit_f-cache').write_bytes(b'machine code')",
    "changes its own signed code": "Path(__file__).write_text('other code')",
    "writes into shared memory": "mark = Path('/dev/shm/axiom-was-here')\nmark.write_text('here')\nmark.unlink()",
    "makes a file that nobody can see": "os.open('.', os.O_TMPFILE | os.O_RDWR)",
    "makes memory that nobody counts": "os.memfd_create('hidden')",
    "shares memory that no file stands for": "mmap.mmap(-1, 10**7)",
    "calls a server": "socket.create_connection(('127.0.0.1', AT['port']), timeout=2)",
    "calls a server through machine code": "native(LIBC.socket(2, 1, 0))",
    "asks for a name": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'who?', ('127.0.0.1', AT['port']))",
    "speaks to a service of the computer": "socket.socket(socket.AF_UNIX).connect(os.path.relpath(AT['socket']))",
    "starts a program": "subprocess.run(['/bin/true'], check=True)",
    "splits in two": "if os.fork() == 0:\n    os._exit(0)\nos.wait()",
    "ends a process of the person's": "os.kill(AT['victim'], signal.SIGUSR1)",
    "asks whether its parent is there": "os.kill(os.getppid(), 0)",
    "ends everybody whom it may end": "os.kill(0, 0)",
    "has the system send signals in its name": "fcntl.fcntl(os.open('.', os.O_RDONLY), fcntl.F_SETOWN, AT['victim'])",
    "takes hold of a process": "native(LIBC.ptrace(0x4206, AT['victim'], 0, 0))",
    "reads the memory of a process": "native(LIBC.process_vm_readv(AT['victim'], None, 0, None, 0, 0))",
    "lets go of its parent": "native(LIBC.prctl(1, 0, 0, 0, 0))",
    "lifts its own limits": "native(LIBC.setrlimit(resource.RLIMIT_CORE, (ctypes.c_long * 2)(0, 0)))",
    "pushes itself forward": "os.setpriority(os.PRIO_PROCESS, 0, 0)",
    "makes a world of its own": "native(LIBC.unshare(0x10000000))",
    "talks to the kernel by rings": "native(LIBC.syscall(425, 8, ctypes.create_string_buffer(120)))",
    "opens a terminal": "os.openpty()",
}


@pytest.mark.parametrize("name", REACHING)
def test_a_program_that_reaches_out_fails_by_name_and_leaves_no_mark(name, host):
    before = host.marks()
    ended = host.attack(REACHING[name])
    assert ended.answer.exit is Exit.CELL_FAILED, ended.story
    assert ended.cell.outcome is Outcome.FAILED, ended.story
    assert ended.cell.error.kind in ("PermissionError", "OSError"), ended.story
    assert "Operation not permitted" in ended.printed or "Permission denied" in ended.printed
    after = host.marks()
    assert {path: after[path] for path in before} == before
    assert all("unpacked" in path for path in after.keys() - before.keys())
    assert host.left() == []


@pytest.mark.parametrize("name", REACHING)
def test_the_same_program_reaches_it_where_nothing_holds_it(name, host):
    ended = host.unheld(REACHING[name])
    assert ended.returncode == 0, ended.stderr
