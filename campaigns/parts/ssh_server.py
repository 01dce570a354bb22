"""An ssh server on 127.0.0.1 with keys of its own, which lets in whoever runs the tests and nobody else."""

import contextlib
import getpass
import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patience import PATIENCE
from processes import free_port
from real_parts import part, part_environment

_CONF = """ListenAddress 127.0.0.1
Port {port}
HostKey {place}/host_key
AuthorizedKeysFile {place}/key.pub
AllowUsers {user}
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
SetEnv HOME={place}/home
"""
_CLIENT = """Host *
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {place}/key
  IdentitiesOnly yes
  UserKnownHostsFile {place}/known_hosts
  StrictHostKeyChecking yes
"""


@dataclass
class SshServer:
    """Where it listens, and with which key one gets in. Who does has a home of their own, `place/home`."""

    place: Path
    port: int
    process: subprocess.Popen[bytes]

    @property
    def client(self) -> str:
        """The beginning of an ssh command line that reaches it, whatever the host's name."""
        return shlex.join([str(part("ssh")), "-F", f"{self.place}/client.conf"])

    def asyncssh_options(self) -> dict[str, Any]:
        """The same for Dask's SSHCluster."""
        return {
            "port": self.port,
            "username": getpass.getuser(),
            "client_keys": [f"{self.place}/key"],
            "known_hosts": f"{self.place}/known_hosts",
            "config": None,
        }


@contextlib.contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Serve, and end afterwards."""
    place = folder.absolute()
    (place / "home").mkdir(parents=True)
    for name in ("host_key", "key"):
        subprocess.run([part("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    port = free_port()
    words = {"place": place, "port": port, "user": getpass.getuser()}
    (place / "server.conf").write_text(_CONF.format(**words))
    (place / "client.conf").write_text(_CLIENT.format(**words))
    host_key = (place / "host_key.pub").read_text()
    (place / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
    with (place / "sshd.log").open("wb") as log:
        command = [*_as_installed(place), str(part("sshd")), "-D", "-e", "-f", f"{place}/server.conf"]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=part_environment())
    try:
        _wait_for(port, process, place / "sshd.log")
        yield SshServer(place=place, port=port, process=process)
    finally:
        process.terminate()
        process.wait()


def _as_installed(place: Path) -> list[str]:
    """As root sshd needs an account and a folder that its installation makes. It sees both, and nobody else does."""
    if os.geteuid() != 0:
        return []
    accounts = Path("/etc/passwd").read_text()
    (place / "passwd").write_text(f"{accounts}sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin\n")
    shown = f'mount --bind "{place}/passwd" /etc/passwd && mount -t tmpfs tmpfs /run && mkdir -m 755 /run/sshd'
    return ["unshare", "--mount", "sh", "-c", f'{shown} && exec "$@"', "sh"]


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
            return
        time.sleep(0.1)
    raise AssertionError(f"sshd does not listen: {log.read_text()}")
