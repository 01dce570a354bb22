"""Creating and finding an account through a BOINC client, and what an account manager reads and sets.

A client sends these as a query; the route has decoded it. What it may not say is answered with one of BOINC's numbers,
for which the client has a sentence of its own.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import groupby

from axiom.boinc.xml import Facts, escape_xml, in_ascii, write_elements
from axiom.domain.fleet import VENUES
from axiom.limits import accounts as limits

_EMAIL = re.compile(
    r"[^\s@<>\"'(),:;\\\[\]]{1,64}@((?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9\-]+|localhost)"
)
_HASH = re.compile(r"[0-9a-f]{32}")
_LONGEST_EMAIL = 254
_LONGEST_TYPED = 1_000  # that is looked at: to order very many combining marks takes long
_MOST_MARKS = 4  # upon one another: Tibetan and pointed Hebrew need so many, a tower over the lines around it more
# Nothing is seen of these, but Python calls them letters, marks or signs that can be printed.
_FILLERS = (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
_UNSEEN = dict.fromkeys([*_FILLERS, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]) | {0x2800: " "}
LONGEST_WEBSITE = 255
_UNSAFE = frozenset(" <>\"'`\\")  # in an address that pages link to


class AccountError(IntEnum):
    NO_SUCH_ACCOUNT = -136
    NOT_UNIQUE = -137
    PROJECT_DOWN = -183
    BAD_NAME = -188
    BAD_EMAIL = -205
    BAD_PASSWORD = -206
    CREATION_DISABLED = -208
    CONSENT_NEEDED = -242


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    error: AccountError
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CreateAccount:
    """A client asks for a new account, or for the one that it already has under this address and password."""

    email: str  # in lower case
    passwd_hash: str
    name: str
    team_name: str = ""
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LookupAccount:
    email: str  # in lower case
    passwd_hash: str
    password: str = field(default="", repr=False)  # where it was typed at a form of ours


def read_create(fields: Mapping[str, str]) -> CreateAccount | Problem:
    credentials = read_lookup(fields)
    if isinstance(credentials, Problem):
        return credentials
    name, team_name = tidy_name(fields.get("user_name", "")), fields.get("team_name", "")
    if name is None:
        return Problem(
            error=AccountError.BAD_NAME,
            text=f"The name must have 1 to {limits.NAME_CHARACTERS} printable characters, a letter or a digit among "
            "them and none of them < or >.",
        )
    return CreateAccount(
        email=credentials.email,
        passwd_hash=credentials.passwd_hash,
        name=name,
        team_name=tidy_name(team_name) or "",
        source=tidy_name(fields.get("source", "")) or "",
    )


def read_lookup(fields: Mapping[str, str]) -> LookupAccount | Problem:
    """Read a request for an account's key, or say what is wrong with it.

    Without a password there is no answer, so nobody learns from here who has an account.
    """
    email, digest = tidy_email(fields.get("email_addr", "")), fields.get("passwd_hash", "").strip().lower()
    if email is None:
        return Problem(error=AccountError.BAD_EMAIL, text="This is not an email address.")
    if not _HASH.fullmatch(digest):
        return Problem(error=AccountError.BAD_PASSWORD, text="The password is missing.")
    return LookupAccount(email=email, passwd_hash=digest)


def tidy_email(text: str) -> str | None:
    email = text.strip().lower()
    good = email.isascii() and email.isprintable() and len(email) <= _LONGEST_EMAIL and _EMAIL.fullmatch(email)
    return email if good else None


def tidy_name(text: str) -> str | None:
    """Return a name of a volunteer or team in the one form in which we keep it, or None when it cannot be shown as one.

    Signs that look alike because they are variants of one become that one, and what is not seen is left away: a name is
    not for posing as somebody else, nor as nobody.
    """
    if len(text) > _LONGEST_TYPED:
        return None
    name = " ".join(unicodedata.normalize("NFKC", text.translate(_UNSEEN)).split())
    is_short = 1 <= len(name) <= limits.NAME_CHARACTERS
    good = is_short and name.isprintable() and not set("<>") & set(name) and _is_read(name)
    return name if good else None


def _is_read(name: str) -> bool:
    marks = (len(list(letters)) for is_mark, letters in groupby(name, _is_mark) if is_mark)
    return any(letters.isalnum() for letters in name) and max(marks, default=0) <= _MOST_MARKS


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Me"}


def tidy_website(text: str) -> str | None:
    website = text.strip()
    is_web = website.casefold().startswith(("http://", "https://")) and "." in website
    good = is_web and len(website) <= LONGEST_WEBSITE and website.isprintable() and not set(website) & _UNSAFE
    return website if good else None


def account_out(key: str) -> bytes:
    return in_ascii(f"<account_out>\n<authenticator>{escape_xml(key)}</authenticator>\n</account_out>\n")


def error_reply(problem: Problem) -> bytes:
    """Answer with what is wrong. Clients read the text under one name or the other.

    It is in UTF-8, as their window shows it: of a reference to a character they keep one byte.
    """
    words = escape_xml(problem.text)
    return (
        f"<error>\n<error_num>{problem.error.value}</error_num>\n<error_string>{words}</error_string>\n"
        f"<error_msg>{words}</error_msg>\n</error>\n"
    ).encode()


def info_reply(facts: Facts, preferences: str) -> bytes:
    """Answer am_get_info, with elements of preferences as they are stored: well-formed."""
    return in_ascii(f"<am_get_info_reply>\n<success/>\n{write_elements(facts)}{preferences}</am_get_info_reply>\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountChange:
    """What an account manager sets; None is left as it is."""

    name: str | None = None
    country: str | None = None
    website: str | None = None
    global_preferences: str | None = None  # XML as it came: to be read before it is stored
    project_preferences: str | None = None
    shows_hosts: bool | None = None
    team_id: int | None = None  # 0: leave the team
    venue: str | None = None
    email: str | None = None
    passwd_hash: str | None = None


def read_change(fields: Mapping[str, str]) -> AccountChange | Problem:
    filled = {name: value.strip() for name, value in fields.items() if value.strip()}
    tidy: dict[str, str | None] = {}
    for name, (read, problem) in _SETTABLE.items():
        tidy[name] = read(filled[name]) if name in filled else None
        if name in filled and tidy[name] is None:
            return problem
    return AccountChange(
        name=tidy["name"],
        country=tidy["country"],
        website=tidy["url"],
        global_preferences=filled.get("global_prefs"),
        project_preferences=filled.get("project_prefs"),
        shows_hosts=_flag(tidy["show_hosts"]),
        team_id=int(tidy["teamid"]) if tidy["teamid"] else None,
        venue=tidy["venue"],
        email=tidy["email_addr"],
        passwd_hash=tidy["password_hash"],
    )


def _tidy_hash(text: str) -> str | None:
    return text.lower() if _HASH.fullmatch(text.lower()) else None


def _tidy_team(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9]{1,18}", text) else None


def _tidy_venue(text: str) -> str | None:
    return text if text in VENUES else None


def _tidy_flag(text: str) -> str | None:
    return text if text in {"0", "1"} else None


def _flag(text: str | None) -> bool | None:
    return None if text is None else text == "1"


# Each field of am_set_info: how it is read, and what is said where it cannot be, rather than of a success.
_SETTABLE: Mapping[str, tuple[Callable[[str], str | None], Problem]] = {
    "name": (tidy_name, Problem(error=AccountError.BAD_NAME, text="This name cannot be shown.")),
    "country": (tidy_name, Problem(error=AccountError.BAD_NAME, text="This country cannot be shown.")),
    "email_addr": (tidy_email, Problem(error=AccountError.BAD_EMAIL, text="This is not an email address.")),
    "password_hash": (_tidy_hash, Problem(error=AccountError.BAD_PASSWORD, text="This is no password hash.")),
    "url": (tidy_website, Problem(error=AccountError.BAD_NAME, text="This is no address of the web.")),
    "venue": (_tidy_venue, Problem(error=AccountError.BAD_NAME, text="A venue is home, work or school.")),
    "teamid": (_tidy_team, Problem(error=AccountError.BAD_NAME, text="This is no number of a team.")),
    "send_email": (_tidy_flag, Problem(error=AccountError.BAD_NAME, text="To send e-mail is 0 or 1.")),
    "show_hosts": (_tidy_flag, Problem(error=AccountError.BAD_NAME, text="To show hosts is 0 or 1.")),
}


def change_reply() -> bytes:
    return b"<am_set_info_reply>\n<success/>\n</am_set_info_reply>\n"


_NO_HOST = Problem(error=AccountError.NO_SUCH_ACCOUNT, text="This account has no such host. Nothing was changed.")


def read_place(fields: Mapping[str, str]) -> tuple[int, str] | Problem:
    number, venue = fields.get("hostid", "").strip(), fields.get("venue", "").strip()
    if not re.fullmatch(r"[0-9]{1,18}", number):
        return _NO_HOST
    if venue not in VENUES:
        return Problem(error=AccountError.BAD_NAME, text="A venue is home, work or school. Nothing was changed.")
    return int(number), venue


def place_reply() -> bytes:
    return b"<am_set_host_info_reply>\n<success/>\n</am_set_host_info_reply>\n"


def percent_encode(text: str) -> str:
    """The way addresses write it, in which account managers expect what a volunteer has written."""
    plain = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    return "".join(chr(byte) if byte in plain else f"%{byte:02X}" for byte in text.encode("utf-8", "replace"))
