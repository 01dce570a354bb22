"""Sockets, taken before anything else is touched, so that a port in use leaves no trace."""

import errno
import socket
from pathlib import Path

from axiom.errors import CannotStart, PortInUse


def on_port(host: str, port: int) -> socket.socket:
    """A listening socket on this address; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
    except (OSError, OverflowError) as error:
        taken.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortInUse(
                f"Port {port} on {host} is in use by another program, so the site cannot be shown there; nothing was "
                f"started. Choose another: --port {port + 1}, or --port 0 for any that is free."
            ) from error
        reason = error.strerror if isinstance(error, OSError) else "a port is a number from 0 to 65535"
        raise CannotStart(f"The site cannot listen on {host}:{port} ({reason}). Nothing was started.") from error
    taken.listen(1024)
    return taken


def on_path(path: Path) -> socket.socket:
    """A listening socket in the data folder, for its operator alone. Whoever calls holds the folder's lock."""
    from axiom.commands.remote import short_name  # speaks HTTP, which a port in use need not wait for

    path.unlink(missing_ok=True)
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with short_name(path) as name:
            taken.bind(name)
        path.chmod(0o600)  # before anybody is heard: a umask would be every thread's
    except OSError as error:
        taken.close()
        raise CannotStart(
            f"The socket {path} cannot be made ({error.strerror or error}). Nothing was started. "
            "A data folder on a local disk, with a shorter path, helps."
        ) from error
    taken.listen(128)
    return taken


def address_of(taken: socket.socket) -> str:
    """The URL at which a browser finds it."""
    host, port = taken.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
