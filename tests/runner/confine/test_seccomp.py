import errno
import os
import struct
import subprocess
import sys

import pytest

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


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("read", (0,), ALLOWED),
        ("futex", (), ALLOWED),
        ("mprotect", (0, 4096, 7), ALLOWED),
        ("clone", (0x3D0F00,), ALLOWED),  # a thread
        ("clone", (0x01200011,), REFUSED),  # another process
        ("clone", (0x10000000,), REFUSED),  # another world
        ("clone3", (), UNKNOWN),
        ("openat2", (), UNKNOWN),
        ("fallocate", (3, 0, 0, 4096), errno.EOPNOTSUPP),
        ("kill", (OWN, 9), ALLOWED),
        ("kill", (0, 9), REFUSED),
        ("kill", (2**32 - 1, 9), REFUSED),
        ("kill", (1, 0), REFUSED),
        ("tgkill", (OWN, OWN, 6), ALLOWED),
        ("tgkill", (1, 1, 9), REFUSED),
        ("fcntl", (3, 1), ALLOWED),
        ("fcntl", (3, 8, 1), REFUSED),
        ("fcntl", (3, 10, 9), REFUSED),
        ("ioctl", (0, 0x5401), ALLOWED),
        ("ioctl", (0, 0x5412), REFUSED),
        ("ioctl", (0, 0xFFFF_FFFF_0000_5412), REFUSED),
        ("prctl", (15,), ALLOWED),
        ("prctl", (1, 0), REFUSED),
        ("prctl", (4, 0), REFUSED),
        ("prlimit64", (0, 7, 0), ALLOWED),
        ("prlimit64", (OWN, 7, 0), ALLOWED),
        ("prlimit64", (0, 7, 0x7F00_0000_0000), REFUSED),
        ("prlimit64", (0, 7, 0x1000), REFUSED),
        ("prlimit64", (1, 7, 0), REFUSED),
        ("openat", (0, 0, os.O_RDONLY), ALLOWED),
        ("openat", (0, 0, 0o20000000 | 0o200000 | 2), REFUSED),
        ("openat", (0, 0, os.O_RDONLY | os.O_TRUNC), REFUSED),
        ("openat", (0, 0, os.O_RDONLY | os.O_TRUNC | os.O_CREAT | os.O_CLOEXEC), REFUSED),
        ("openat", (0, 0, 0xFFFF_FFFF_0000_0000 | os.O_TRUNC), REFUSED),
        ("openat", (0, 0, 3), REFUSED),
        ("openat", (0, 0, 3 | os.O_TRUNC), REFUSED),
        ("openat", (0, 0, os.O_WRONLY | os.O_TRUNC | os.O_CREAT), ALLOWED),
        ("openat", (0, 0, os.O_RDWR | os.O_TRUNC), ALLOWED),
        ("openat", (0, 0, os.O_RDWR | os.O_APPEND), ALLOWED),
        ("mmap", (0, 4096, 3, 0x22), ALLOWED),
        ("mmap", (0, 4096, 1, 0x01), ALLOWED),
        ("mmap", (0, 4096, 3, 0x21), REFUSED),
        ("mmap", (0, 4096, 3, 0x23), REFUSED),
    ],
)
def test_a_call_is_judged_by_its_number_and_its_arguments(machine, name, arguments, expected):
    assert verdict(machine, seccomp.table(machine)[name], *arguments) == expected


@pytest.mark.parametrize(
    ("machine", "number"),
    [
        *(("x86_64", number) for number in (41, 42, 53, 57, 58, 59, 101, 165, 272, 298, 310, 319, 321, 323, 425, 434)),
        *(("x86_64", number) for number in (82, 87, 90, 92, 109, 112, 160, 248, 308, 322, 40 + 0x40000000)),
        *(
            ("aarch64", number)
            for number in (198, 203, 221, 117, 40, 97, 241, 270, 279, 280, 282, 425, 434, 35, 38, 52)
        ),
    ],
)
def test_what_computing_does_not_take_is_refused(machine, number):
    assert verdict(machine, number) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_from_the_future_does_not_exist(machine):
    assert verdict(machine, 467) == UNKNOWN


def test_code_of_a_foreign_kind_is_killed():
    assert verdict("x86_64", 20, architecture=0x40000003) == KILLED


@pytest.mark.parametrize("machine", MACHINES)
def test_a_graphics_card_obeys_orders_of_its_own(machine):
    numbers = seccomp.table(machine)
    assert verdict(machine, numbers["ioctl"], 3, 0xC0204E2A, devices=True) == ALLOWED
    assert verdict(machine, numbers["mmap"], 0, 4096, 3, 0x21, devices=True) == ALLOWED


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("numbers", "arguments", "expected"),
    [
        ((41, 198), (1, 0x80005), ALLOWED),  # socket: what NVIDIA's driver asks for
        ((41, 198), (1, 1), REFUSED),
        ((41, 198), (2, 0x80005), REFUSED),
        ((49, 200), (3,), ALLOWED),  # bind
        ((50, 201), (3,), ALLOWED),  # listen
        ((42, 203), (3,), REFUSED),  # connect
        ((43, 202), (3,), REFUSED),  # accept
        ((288, 242), (3,), REFUSED),  # accept4
        ((44, 206), (3,), REFUSED),  # sendto
        ((46, 211), (3,), REFUSED),  # sendmsg
        ((47, 212), (3,), REFUSED),  # recvmsg
        ((53, 199), (1, 1), REFUSED),  # socketpair
        ((319, 279), (0, 0), REFUSED),  # memfd_create
        ((87, 35), (0,), errno.ENOENT),  # unlink, unlinkat
    ],
)
def test_beside_a_card_a_socket_may_be_named_and_nobody_is_spoken_to(machine, numbers, arguments, expected):
    assert verdict(machine, numbers[list(MACHINES).index(machine)], *arguments, devices=True) == expected


@pytest.mark.parametrize("request_", [0x5412, 0x541C, 0x8901, 0x8902, 0x5452])
def test_a_terminal_takes_no_orders_where_there_is_a_card_either(request_):
    assert verdict("x86_64", 16, 3, request_, devices=True) == REFUSED


def test_jumps_reach_no_further_than_a_filter_can_jump():
    for machine in MACHINES:
        assert len(seccomp.program(machine, OWN)) // 8 <= 4_096


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone has seccomp")
def test_the_kernel_takes_the_filter_from_anybody():
    code = (
        "import ctypes, os\nfrom axiom.runner.confine import seccomp\n"
        "libc = ctypes.CDLL(None)\n"
        "[libc.prctl(24, number, 0, 0, 0) for number in range(64)]\n"  # nothing that only root may
        "assert libc.prctl(38, 1, 0, 0, 0) == 0\n"
        "assert seccomp.install()\n"
        "try:\n    os.fork()\nexcept PermissionError:\n    print('held')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("held\n", "")


@pytest.mark.parametrize("flags", [os.O_RDONLY | os.O_TRUNC, 3 | os.O_TRUNC])
def test_older_ways_into_a_file_are_judged_alike(flags):
    assert verdict("x86_64", 2, 0, flags) == REFUSED
    assert verdict("x86_64", 2, 0, os.O_RDONLY) == ALLOWED
    assert verdict("x86_64", 85, 0) == REFUSED  # creat


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone has seccomp")
@pytest.mark.parametrize("flags", ["os.O_RDONLY | os.O_TRUNC", "3 | os.O_TRUNC"])
def test_a_file_that_is_only_read_cannot_be_emptied_where_landlock_is_old(flags, tmp_path):
    file = tmp_path / "library.py"
    file.write_text("of the runtime")
    code = (
        "import ctypes, os, sys\nfrom axiom.runner.confine import seccomp\n"
        "assert ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0\n"
        "if sys.argv[2] == 'held':\n    assert seccomp.install()\n"
        f"try:\n    os.open(sys.argv[1], {flags})\nexcept PermissionError:\n    print('refused')"
    )
    for held, said, left in (("held", "refused\n", "of the runtime"), ("free", "", "")):
        words = [sys.executable, "-c", code, str(file), held]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.stdout, done.stderr, file.read_text()) == (said, "", left)
