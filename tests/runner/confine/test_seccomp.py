import errno
import os
import struct
import sys

import pytest
from processes import ran

from axiom.runner.confine import seccomp

OWN = 4711
MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOWED, REFUSED, UNKNOWN, KILLED = "allowed", errno.EPERM, errno.ENOSYS, "killed"


def verdict(machine: str, number: int, *arguments: int, architecture: int | None = None, devices: bool = False):
    """Carry out the filter as the kernel does, over what it is shown of a call."""
    raw = seccomp.program(machine, OWN, devices=devices)
    steps = [struct.unpack_from("=HBBI", raw, place) for place in range(0, len(raw), 8)]
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, architecture or MACHINES[machine], 0, *padded)
    place = held = 0
    while True:
        code, if_so, if_not, value = steps[place]
        place += 1
        if code == 0x20:
            held = struct.unpack_from("=I", data, value)[0]
        elif code == 0x54:
            held &= value
        elif code == 0x06:
            kind = value & 0xFFFF0000
            return {0x7FFF0000: ALLOWED, 0x80000000: KILLED}.get(kind, value & 0xFFFF)
        else:
            place += if_so if (held == value if code == 0x15 else held >= value) else if_not


OF_A_FILE = os.O_TRUNC | os.O_CREAT
JUDGED = {  # the arguments with which a call is allowed, and those with which it is refused
    "read": ([(0,)], []),
    "mprotect": ([(0, 4096, 7)], []),
    "clone": ([(0x3D0F00,)], [(0x01200011,), (0x10000000,)]),  # a thread; another process, another world
    "kill": ([(OWN, 9)], [(0, 9), (2**32 - 1, 9), (1, 0)]),
    "tgkill": ([(OWN, OWN, 6)], [(1, 1, 9)]),
    "fcntl": ([(3, 1)], [(3, 8, 1), (3, 10, 9)]),
    "ioctl": ([(0, 0x5401)], [(0, 0x5412), (0, 0xFFFF_FFFF_0000_5412)]),
    "prctl": ([(15,)], [(1, 0), (4, 0)]),
    "prlimit64": ([(0, 7, 0), (OWN, 7, 0)], [(0, 7, 0x7F00_0000_0000), (0, 7, 0x1000), (1, 7, 0)]),
    "openat": (
        [(0, 0, os.O_RDONLY), (0, 0, os.O_WRONLY | OF_A_FILE), (0, 0, os.O_RDWR | os.O_TRUNC), (0, 0, os.O_RDWR)],
        [
            *((0, 0, os.O_RDONLY | os.O_TRUNC), (0, 0, os.O_RDONLY | OF_A_FILE | os.O_CLOEXEC)),
            *((0, 0, 0xFFFF_FFFF_0000_0000 | os.O_TRUNC), (0, 0, 0o20000000 | 0o200000 | 2)),
            *((0, 0, 3), (0, 0, 3 | os.O_TRUNC)),
        ],
    ),
    "mmap": ([(0, 4096, 3, 0x22), (0, 4096, 1, 0x01)], [(0, 4096, 3, 0x21), (0, 4096, 3, 0x23)]),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_is_judged_by_its_number_and_its_arguments(machine):
    numbers = seccomp.table(machine)
    for name, (allowed, refused) in JUDGED.items():
        assert {verdict(machine, numbers[name], *arguments) for arguments in allowed} == {ALLOWED}, name
        assert {verdict(machine, numbers[name], *arguments) for arguments in refused} <= {REFUSED}, name
    for name in ("clone3", "openat2"):
        assert verdict(machine, numbers[name]) == UNKNOWN
    assert verdict(machine, numbers["fallocate"], 3, 0, 0, 4096) == errno.EOPNOTSUPP


REFUSED_NUMBERS = {
    "x86_64": (
        *(41, 42, 53, 57, 58, 59, 82, 87, 90, 92, 101, 109, 112, 160, 165, 248, 272, 298, 308, 310, 319, 321, 322, 323),
        *(425, 434, 40 + 0x40000000),
    ),
    "aarch64": (198, 203, 221, 117, 40, 97, 241, 270, 279, 280, 282, 425, 434, 35, 38, 52),
}


@pytest.mark.parametrize("machine", MACHINES)
def test_calls_that_computing_does_not_take_are_refused_and_future_ones_do_not_exist(machine):
    assert {verdict(machine, number) for number in REFUSED_NUMBERS[machine]} == {REFUSED}
    assert verdict(machine, 467) == UNKNOWN
    assert len(seccomp.program(machine, OWN)) // 8 <= 4_096, "jumps reach no further"


def test_code_of_a_foreign_kind_is_killed_and_older_ways_into_a_file_judged_alike():
    assert verdict("x86_64", 20, architecture=0x40000003) == KILLED
    for flags in (os.O_RDONLY | os.O_TRUNC, 3 | os.O_TRUNC):
        assert verdict("x86_64", 2, 0, flags) == REFUSED
    assert verdict("x86_64", 2, 0, os.O_RDONLY) == ALLOWED
    assert verdict("x86_64", 85, 0) == REFUSED  # creat


@pytest.mark.parametrize("machine", MACHINES)
def test_a_graphics_card_obeys_orders_of_its_own_and_a_terminal_none_beside_it(machine):
    numbers = seccomp.table(machine)
    assert verdict(machine, numbers["ioctl"], 3, 0xC0204E2A, devices=True) == ALLOWED
    assert verdict(machine, numbers["mmap"], 0, 4096, 3, 0x21, devices=True) == ALLOWED
    for order in (0x5412, 0x541C, 0x8901, 0x8902, 0x5452):
        assert verdict(machine, numbers["ioctl"], 3, order, devices=True) == REFUSED


BESIDE_A_CARD = {  # the numbers of a call, with what it is asked
    ALLOWED: [
        ((41, 198), (1, 0x80005)),  # socket: what NVIDIA's driver asks for
        *(((49, 200), (3,)), ((50, 201), (3,))),  # bind, listen
    ],
    REFUSED: [
        *(((41, 198), (1, 1)), ((41, 198), (2, 0x80005)), ((53, 199), (1, 1))),  # socket, socketpair
        *(((42, 203), (3,)), ((43, 202), (3,)), ((288, 242), (3,))),  # connect, accept, accept4
        *(((44, 206), (3,)), ((46, 211), (3,)), ((47, 212), (3,))),  # sendto, sendmsg, recvmsg
        ((319, 279), (0, 0)),  # memfd_create
    ],
    errno.ENOENT: [((87, 35), (0,))],  # unlink, unlinkat
}


@pytest.mark.parametrize("machine", MACHINES)
def test_beside_a_card_a_socket_may_be_named_and_nobody_is_spoken_to(machine):
    for expected, calls in BESIDE_A_CARD.items():
        for numbers, arguments in calls:
            number = numbers[list(MACHINES).index(machine)]
            assert verdict(machine, number, *arguments, devices=True) == expected, number


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone has seccomp")
def test_the_kernel_takes_the_filter_from_anybody():
    code = (
        "import ctypes, os\nfrom axiom.runner.confine import seccomp\n"
        "libc = ctypes.CDLL(None)\n"
        "[libc.prctl(24, number, 0, 0, 0) for number in range(64)]\n"  # nothing that only root may
        "assert libc.prctl(38, 1, 0, 0, 0) == 0\n"
        "assert seccomp.install_seccomp()\n"
        "try:\n    os.fork()\nexcept PermissionError:\n    print('held')"
    )
    done = ran([sys.executable, "-c", code])
    assert (done.stdout, done.stderr) == ("held\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone has seccomp")
@pytest.mark.parametrize("flags", ["os.O_RDONLY | os.O_TRUNC", "3 | os.O_TRUNC"])
def test_a_file_that_is_only_read_cannot_be_emptied_where_landlock_is_old(flags, tmp_path):
    file = tmp_path / "library.py"
    file.write_text("of the runtime")
    code = (
        "import ctypes, os, sys\nfrom axiom.runner.confine import seccomp\n"
        "assert ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0\n"
        "if sys.argv[2] == 'held':\n    assert seccomp.install_seccomp()\n"
        f"try:\n    os.open(sys.argv[1], {flags})\nexcept PermissionError:\n    print('refused')"
    )
    for held, said, left in (("held", "refused\n", "of the runtime"), ("free", "", "")):
        words = [sys.executable, "-c", code, str(file), held]
        done = ran(words)
        assert done.stdout == said
        assert done.stderr == ""
        assert file.read_text() == left
