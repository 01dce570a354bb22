"""Sockets, taken before anything else is touched, so that a port in use leaves no trace."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from axiom.errors import CannotStart, PortInUse
from axiom_weigh.terminal import make_printable

_LISTENS = "0A"  # as the kernel writes the state of a socket
_MOST_SIGNS = 80


def listen_on_port(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} on {host} is in use by {_who_listens(port)}, so the site cannot be shown there; nothing "
                f"was started. Choose another: --port {port + 1}, or --port 0 for any that is free."
            ) from error
        reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
        raise CannotStart(f"The site cannot listen on {host}:{port} ({reason}). Nothing was started.") from error
    taken.listen(1024)
    return taken


def listen_on_path(path: Path, mode: int = 0o600) -> socket.socket:
    """A listening socket in the data folder, by default for its operator. Whoever calls holds the folder's lock."""
    from axiom.gate.client import short_socket_name  # speaks HTTP, which a port in use need not wait for

    path.unlink(missing_ok=True)
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_socket_name(path) as name:
            taken.bind(name)
        path.chmod(mode)  # before anybody is heard: a umask would be every thread's
    except OSError as error:
        taken.close()
        raise CannotStart(
            f"The socket {path} cannot be made ({error.strerror or error}). Nothing was started. "
            "A data folder on a local disk, with a shorter path, helps."
        ) from error
    taken.listen(128)
    return taken


def socket_address(taken: socket.socket) -> str:
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _who_listens(port: int) -> str:
    """In words, as in process 7 (axiom lab --port 8080), where the system lets us look; else another program."""
    wanted = {f"socket:[{inode}]" for family in ("tcp", "tcp6") for inode in _listening(family, port)}
    if not wanted:
        return "another program"
    for process in sorted(int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()):
        with contextlib.suppress(OSError):  # somebody else's, or it has ended
            if any(str(opened.readlink()) in wanted for opened in Path(f"/proc/{process}/fd").iterdir()):
                return f"process {process} ({_typed(process)})"
    return "another program"


def _listening(family: str, port: int) -> Iterator[str]:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == _LISTENS and int(columns[1].rpartition(":")[2], 16) == port:
                yield columns[9]


def _typed(process: int) -> str:
    words = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace").split("\0")
    words[0] = Path(words[0]).name
    text = " ".join(words).strip()
    return make_printable(text[:_MOST_SIGNS]) + "…" * (len(text) > _MOST_SIGNS)
