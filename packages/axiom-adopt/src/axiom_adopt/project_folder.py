"""What Axiom has to know of the folder of a project on an official server: its addresses and its keys."""

import html
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from axiom.errors import NotFound, Refused
from axiom.signed.boinc_code_signing import CodeKey

_LARGEST_FILE = 2**20
_SCHEDULER = re.compile(r"<scheduler>\s*([^<\s]{1,500})|rel=\"boinc_scheduler\" href=\"([^\"<\s]{1,500})\"")


class CodeKeyState(StrEnum):
    USABLE = "usable"
    ENCRYPTED = "encrypted, or no key as BOINC writes it"
    DAMAGED = "damaged"  # or of a length that no client takes
    UNPAIRED = "unpaired"  # not the private half of code_sign_public
    ABSENT = "absent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    long_name: str
    master_url: str
    download_url: str
    upload_url: str
    schedulers: tuple[str, ...]  # addresses that its master page tells
    code_key_state: CodeKeyState
    code_key: CodeKey | None = field(repr=False)  # where it is usable
    code_public: str
    upload_public: str  # with which the old upload handler checks what it is sent


def read_project(folder: Path) -> Project:
    """Read it as it lies there; nothing in it is changed, and no password of its database is looked at."""
    config = _without_comments(_text(folder / "config.xml"))
    if not config:
        raise NotFound(
            f"{folder} has no config.xml, so it is no project of an official server. Nothing was done; name the folder "
            "in which config.xml and keys/ are."
        )
    master_url = _setting(config, "master_url")
    if not master_url.startswith(("http://", "https://")):
        raise Refused(
            f"{folder / 'config.xml'} has no <master_url>, by which clients know the project. Nothing was done."
        )
    keys = folder / "keys" if (folder / "keys").is_dir() else folder / (_setting(config, "key_dir") or "keys")
    code_public = _text(keys / "code_sign_public")
    state, code_key = _code_key(_text(keys / "code_sign_private"), code_public)
    pages = _text(folder / "html" / "user" / "schedulers.txt")
    return Project(
        long_name=_setting(config, "long_name"),
        master_url=master_url,
        download_url=_setting(config, "download_url"),
        upload_url=_setting(config, "upload_url"),
        schedulers=tuple(dict.fromkeys(html.unescape(tag or link) for tag, link in _SCHEDULER.findall(pages))),
        code_key_state=state,
        code_key=code_key,
        code_public=code_public,
        upload_public=_text(keys / "upload_public"),
    )


def _code_key(private: str, public: str) -> tuple[CodeKeyState, CodeKey | None]:
    if not private:
        return CodeKeyState.ABSENT, None
    if not re.match(r"\s*[0-9]+\s*\n", private):
        return CodeKeyState.ENCRYPTED, None
    try:
        key = CodeKey.parse(private)
    except ValueError:
        return CodeKeyState.DAMAGED, None
    if key.public_text.split() != public.split():
        return CodeKeyState.UNPAIRED, None
    return CodeKeyState.USABLE, key


def _setting(config: str, name: str) -> str:
    value = re.search(rf"<{name}>([^<]{{0,1000}})</{name}>", config)
    return html.unescape(value[1]).strip() if value else ""


def _without_comments(text: str) -> str:
    first, *others = text.split("<!--")
    return first + "".join(part.partition("-->")[2] for part in others)


def _text(path: Path) -> str:
    """What a file says, whatever bytes it has; nothing where there is none."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST_FILE).decode(errors="replace")
    except FileNotFoundError:
        return ""
    except OSError as fault:
        raise Refused(f"{path} cannot be read: {fault.strerror}. Nothing was done.") from None
