"""A computer with an arm64 processor: qemu makes it whole, with Debian's kernel, and Debian's boinc-client runs on it.

What runs the arm64 programs of one process (qemu's other way) does not do for a task: it has a thread of its own, which
the process that computes takes for one that would stay free, and no kernel of its own that would confine anything.
"""

import io
import os
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from build_runner.emulation import Emulation, find_emulation
from build_runner.helpers import have
from build_runner.plan import PLATFORMS

_MODULES = ("virtio_pci", "virtio_net")
_MEMORY = "4G"
_LEFT_OUT = ("var/cache", "var/lib/apt", "usr/share/doc", "usr/share/man", "usr/share/locale", "debootstrap", "boot")
_INIT = """#!/bin/sh
# The whole of this computer lies in its memory.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm; mount -t tmpfs tmpfs /dev/shm
for module in {modules}; do modprobe $module; done
hostname arm; echo "127.0.0.1 localhost arm" >/etc/hosts
ip link set lo up
device=$(ls /sys/class/net | grep -v "^lo$" | head -n 1)
ip link set "$device" up; ip address add 10.0.2.15/24 dev "$device"; ip route add default via 10.0.2.2
socat TCP-LISTEN:{port},bind=127.0.0.1,fork,reuseaddr TCP:10.0.2.2:{port} &
cd {folder}
{words} --allow_remote_gui_rpc
echo o >/proc/sysrq-trigger
"""


def fetch_kernel(emulation: Emulation, place: Path) -> Path:
    """Return Debian's kernel for arm64; with its modules it lies below the place."""
    if not any(place.glob("boot/vmlinuz-*")):
        place.mkdir(parents=True, exist_ok=True)
        depends = emulation.run(["apt-cache", "depends", "linux-image-arm64"])
        package = next(word for word in depends.split() if word.startswith("linux-image-6"))
        emulation.run(["sh", "-c", f"cd {place} && apt-get download {package}"], [place])
        subprocess.run(["dpkg", "-x", str(next(place.glob("*.deb"))), str(place)], check=True)
        (version,) = (path.name for path in (place / "lib" / "modules").iterdir())
        subprocess.run([have("depmod", "kmod"), "-b", str(place), version], check=True)
    return next(place.glob("boot/vmlinuz-*"))


def words_of_machine(
    emulation: Emulation, kernel: Path, folder: Path, words: Sequence[str], *, port: int, control: int
) -> list[str]:
    """Return the command that starts the computer, with this folder in it, and these words as what it does.

    It reaches the laboratory at the port as a program here would, and its client's own port is on 127.0.0.1 here.
    """
    disk = folder.with_name(f"{folder.name}.cpio")
    init = _INIT.format(modules=" ".join(_MODULES), port=port, folder=folder, words=" ".join(words))
    place = kernel.parents[1]
    with disk.open("wb") as file:
        _pack(file, emulation.root, "", _files(emulation.root))
        _pack(file, place, "usr", [path for path in _files(place) if path.relative_to(place).parts[0] == "lib"])
        _pack(file, folder, str(folder)[1:], _files(folder), parents=True)
        _entry(file, "init", stat.S_IFREG | 0o755, init.encode())
        _entry(file, "TRAILER!!!", 0, b"")
    machine = [have("qemu-system-aarch64", "qemu-system-arm"), "-M", "virt", "-cpu", "cortex-a72", "-m", _MEMORY]
    machine += ["-nographic", "-no-reboot", "-kernel", str(kernel), "-initrd", str(disk)]
    machine += ["-append", "console=ttyAMA0 quiet panic=-1", "-device", "virtio-net-pci,netdev=net,romfile="]
    return [*machine, "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{control}-:{control}"]


def main(arguments: Sequence[str]) -> None:
    """Become the computer: KERNEL FOLDER PORT PROGRAM WORD..., of which the client's words name its own port."""
    kernel, folder, port, *words = arguments
    control = int(words[words.index("--gui_rpc_port") + 1])
    emulation = find_emulation(PLATFORMS["aarch64-unknown-linux-gnu"])
    machine = words_of_machine(emulation, Path(kernel), Path(folder), words, port=int(port), control=control)
    os.execv(machine[0], machine)  # noqa: S606  no shell is meant


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        if not str(path.relative_to(folder)).startswith(_LEFT_OUT):
            yield path


def _pack(
    file: io.BufferedWriter, folder: Path, below: str, paths: Sequence[Path] | Iterator[Path], *, parents: bool = False
) -> None:
    if parents:
        for parent in [*reversed(Path(below).parents[:-1]), Path(below)]:
            _entry(file, str(parent), stat.S_IFDIR | 0o755, b"")
    for path in paths:
        mode = path.lstat().st_mode
        name = str(Path(below) / path.relative_to(folder))
        if stat.S_ISLNK(mode):
            _entry(file, name, mode, os.fsencode(path.readlink()))
        elif stat.S_ISREG(mode):
            _entry(file, name, mode, path.read_bytes())
        elif stat.S_ISDIR(mode):
            _entry(file, name, mode, b"")


def _entry(file: io.BufferedWriter, name: str, mode: int, body: bytes) -> None:
    """One entry of the archive that the kernel unpacks into its memory; everything is root's."""
    raw = name.encode() + b"\0"
    fields = (0, mode, 0, 0, 1, 0, len(body), 0, 0, 0, 0, len(raw), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + raw
    file.write(head + bytes(-len(head) % 4) + body + bytes(-len(body) % 4))


if __name__ == "__main__":
    main(sys.argv[1:])
