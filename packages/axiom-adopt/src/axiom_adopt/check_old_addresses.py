"""Asks at the addresses of the server before whether the laboratory answers there, as clients will."""

import urllib.error
import urllib.request

from axiom.boinc.replies import SCHEDULER_VERSION
from axiom_adopt.project_addresses import ProjectAddresses

_SECONDS = 20.0
_MOST = 1_000_000  # bytes of an answer that are looked at
_NOBODY = b"<scheduler_request>\n<authenticator></authenticator>\n</scheduler_request>\n"
_SIZE = b"<data_server_request>\n<get_file_size>nobody_has_this</get_file_size>\n</data_server_request>\n"


def find_strangers(addresses: ProjectAddresses) -> list[str]:
    """The addresses at which nobody answers, or somebody else does; each with what came."""
    master = addresses.master_url.rstrip("/")
    ours = f"<scheduler_version>{SCHEDULER_VERSION}<"
    questions = (
        (f"{master}/", None, "<scheduler>"),
        (f"{master}/get_project_config.php", None, "<project_config>"),
        (addresses.scheduler_url, _NOBODY, ours),
        (addresses.upload_url, _SIZE, "<file_size>0<"),
        (f"{master}/stats/tables.xml", None, "<tables>"),
    )
    return [
        f"{address}: {answer}"
        for address, body, sign in questions
        if (answer := _unexpected(address, body, sign)) is not None
    ]


def _unexpected(address: str, body: bytes | None, sign: str) -> str | None:
    try:
        with urllib.request.urlopen(address, data=body, timeout=_SECONDS) as reply:  # noqa: S310  http by its form
            text = reply.read(_MOST).decode(errors="replace")
    except (OSError, urllib.error.HTTPError) as fault:
        return f"nobody answers ({fault})"
    return None if sign in text else "it is not the laboratory that answers"
