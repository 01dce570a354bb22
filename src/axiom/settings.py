"""Every knob: one frozen dataclass, read once, from flags, then AXIOM_* variables, then axiom.toml, then defaults."""

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from axiom.errors import UnknownName, WrongUse

# Variables that start with AXIOM_ but say where the laboratory is or how to talk, not how it behaves; and secrets,
# which no list of settings may show.
NOT_SETTINGS = frozenset({"AXIOM_DATA", "AXIOM_DEBUG", "AXIOM_MAIL_PASSWORD", "AXIOM_MODEL_KEY", "AXIOM_TOKEN"})

_ADDRESS = r"([^\s@<>,;\"]+@[^\s@<>,;\"]+)?"
_WEB_ADDRESS = r"(https?://[!-~]+)?"
_ORCID = r"[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]"
_CITED = rf"[^;()]+(\({_ORCID}\))?\s*"
_PATHS = r"/[A-Za-z0-9.\-_~/]*\s*=\s*/[A-Za-z0-9.\-_~/]*"
AUTHOR = rf"(?P<name>[^;()]+?)\s*(\((?P<orcid>{_ORCID})\))?"  # the parts of one of `authors`


def _knob(
    default: Any, about: str, *, least: float | None = None, most: float | None = None, form: str = "", words: str = ""
) -> Any:
    """`form` is the expression that a text must fit, `words` say it to a person."""
    return field(default=default, metadata={"about": about, "least": least, "most": most, "form": form, "words": words})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may choose. Each knob says what it does in its `about`, a number also its least and most."""

    name: str = _knob("Axiom", "the laboratory's name, as its pages show it")
    authors: str = _knob(
        "",
        "who is cited beside the laboratory, apart by semicolons, each with an ORCID in brackets or without",
        form=rf"({_CITED}(;\s*{_CITED})*)?",
        words="names such as Ada Example (0000-0002-1825-0097); Bo Example",
    )
    talk: str = _knob(
        "",
        "the address of a forum or chat where volunteers talk with each other and with you, to which pages then link",
        form=r"(https?://[A-Za-z0-9.\-_~:/\[\]%#?=&+@]+)?",
        words="empty or an address such as https://forum.example/c/lab",
    )
    url: str = _knob(
        "",
        "the address under which others find the laboratory, with a path or without; empty for one that they do not",
        form=r"(https?://[A-Za-z0-9.\-_~:/\[\]%]+)?",
        words="empty or an address such as https://lab.example/, of letters, digits and . - _ ~ : / alone",
    )
    aliases: str = _knob(
        "",
        "further paths that are answered, such as those of a server that the laboratory succeeds, each with the path "
        "that answers in its place, apart by commas",
        form=rf"({_PATHS}(\s*,\s*{_PATHS})*)?",
        words="empty or pairs such as /old_cgi/cgi=/scheduler, /old_cgi/file_upload_handler=/file_upload_handler",
    )
    names: str = _knob(
        "",
        "other names under which the site is asked, such as that of a container, apart by commas",
        form=r"([A-Za-z0-9.\-_]+(\s*,\s*[A-Za-z0-9.\-_]+)*)?",
        words="empty or names such as axiom.example, lab",
    )
    other_pages: str = _knob(
        "",
        "what pages of other sites may do here: read, which is to fetch all that is public; empty: nothing",
        form="(read)?",
        words="empty or read",
    )
    host: str = _knob(
        "127.0.0.1",
        "the address on which the site listens",
        form=r"\S+",
        words="an address or a name, such as 127.0.0.1; 0.0.0.0 is every address of this computer",
    )
    port: int = _knob(
        8080, "the port on which the site listens; 0 picks a free one and prints it", least=0, most=65_535
    )
    api: bool = _knob(
        False,
        "answer programs that have a token at /api/ of the site: true or false; the socket D/programs.sock always does",
    )
    mcp: bool = _knob(
        False,
        "offer tools to the language models of programs that have a token, at /mcp of the site: true or false; "
        "`axiom mcp` offers them without this",
    )
    only: str = _knob(
        "", "the experiments that are published of those that Axiom brings along, apart by commas; empty: all"
    )
    workers: int = _knob(-1, "how many cores of this computer compute; -1 is all of them, 0 none", least=-1, most=1_024)
    priority: str = _knob(
        "low",
        "how these cores compute beside other programs: low, which lets them come first, or normal",
        form="low|normal",
        words="low or normal",
    )
    task_seconds: float = _knob(
        8.0, "how long a task of the local engine should take, in seconds of one core", least=0.1, most=86_400
    )
    queue_per_core: int = _knob(3, "how many tasks per core the laboratory keeps waiting", least=1, most=1_000)
    approvals: str = _knob(
        "",
        "what somebody approves before volunteers get it: code, which is every bundle; empty: nothing",
        form="(code)?",
        words="empty or code",
    )
    plan_mix: str = _knob(
        "", 'shares of what is ordered, in percent by purpose or experiment, as "new=50,nearest=30"; empty: by worth'
    )
    plan_priority: str = _knob(
        "", 'what is ordered first, by purpose or experiment, as "new,nearest,negatives,fill"; empty: by worth'
    )
    plan_floor: float = _knob(
        0.0,
        "a block that is expected to tell fewer bits a core-hour than this is not ordered; 0 is the built-in floor",
        least=0,
        most=1_000_000,
    )
    followup_core_hours: float = _knob(
        24.0,
        "how many core-hours the open follow-ups of the autopilot may likely cost; 0: it approves none by itself",
        least=0,
        most=1_000_000,
    )
    scientist_code: str = _knob(
        "ask",
        "new code of a program that passed all gates: ask, so that a person decides; own, so that it runs on the "
        "laboratory's own computers; volunteers get it once a person approved it",
        form="ask|own",
        words="ask or own",
    )
    stamp_authority: str = _knob(
        "",
        "the address of an RFC 3161 authority that stamps each registration before its first task; empty: none does",
        form=_WEB_ADDRESS,
        words="empty or an address that starts with https:// or http://",
    )
    stamp_roots: str = _knob(
        "stamp-roots.pem", "the file with the root certificates of that authority, seen from the data folder"
    )
    tasks_per_core: int = _knob(
        16, "how many tasks for each of its cores a volunteer's host may have in hand", least=1, most=1_000
    )
    daily_per_core: int = _knob(
        10_000,
        "how many tasks a day for each of its cores a volunteer's host may have",
        least=1,
        most=1_000_000,
    )
    deadline_hours: float = _knob(
        48.0,
        "by when a host must return a task; sessions give up sooner on one that is out for 12 hours at a host that was "
        "silent for 6, and on any after 48",
        least=0.01,
        most=8_760,
    )
    pilot_lease_seconds: float = _knob(
        600.0,
        "how long a cluster's pilot may be silent before its tasks go to others, in seconds",
        least=1,
        most=86_400,
    )
    max_failures: int = _knob(3, "after so many failed tasks a workunit is given up", least=1, most=100)
    ticket_days: float = _knob(30.0, "how long after its deadline a ticket is still obeyed", least=0.01, most=3_650)
    archive_days: float = _knob(
        90.0,
        "a month that is over for so many days moves out of the database: tickets and outputs of its tasks; 0: never; "
        "needs the extra data",
        least=0,
        most=36_500,
    )
    bundle_days: float = _knob(90.0, "how long the signature over a bundle is good", least=0.01, most=3_650)
    new_accounts: int = _knob(
        100, "how many accounts may be opened from one address in an hour; 0 opens none", least=0, most=100_000
    )
    metrics: str = _knob(
        "",
        "who may read /metrics: site, which is everybody who reaches the site; empty: the operator's socket alone",
        form="(site)?",
        words="empty or site",
    )
    journal: str = _knob(
        "journal", "the folder of the journal, seen from the data folder; another disk survives the loss of this one"
    )
    model_address: str = _knob(
        "",
        "the address of the language model's service, or of a server of your own; empty: there is no model",
        form=r"(https?://[A-Za-z0-9.\-_~:/\[\]%]+)?",
        words="empty or an address such as http://127.0.0.1:11434/v1, of letters, digits and . - _ ~ : / alone",
    )
    model_protocol: str = _knob(
        "chat",
        "what that service speaks: chat, which is Chat Completions, or messages, which Claude speaks",
        form="chat|messages",
        words="chat or messages",
    )
    model_name: str = _knob("", "which model of that service answers, as the service names it")
    model_key_file: str = _knob(
        "", "a file of mode 0600 with the key of that service; empty: AXIOM_MODEL_KEY, and none where that is not set"
    )
    model_prices: str = _knob(
        "",
        'what a million tokens cost, as "input=2,output=10,cached=0.2"; empty: unknown, then tokens alone are limited',
        form=r"(input=\d{1,6}(\.\d{1,6})?,output=\d{1,6}(\.\d{1,6})?,cached=\d{1,6}(\.\d{1,6})?)?",
        words="empty or three prices such as input=2,output=10,cached=0.2",
    )
    mail_server: str = _knob(
        "",
        "the name of the server that takes the laboratory's mail; empty: the laboratory sends none",
        form=r"([A-Za-z0-9][A-Za-z0-9.\-]*)?",
        words="empty or a name such as smtp.example.org, without a port",
    )
    mail_port: int = _knob(587, "the port of that server", least=1, most=65_535)
    mail_security: str = _knob(
        "starttls",
        "how the way to that server is kept private: starttls, tls from the first byte (usually port 465), or none",
        form="none|starttls|tls",
        words="none, starttls or tls",
    )
    mail_user: str = _knob(
        "", "as whom the laboratory signs in there; empty: it does not. The password is in AXIOM_MAIL_PASSWORD"
    )
    mail_from: str = _knob(
        "",
        "the address from which the laboratory's mail comes; mail needs one",
        form=_ADDRESS,
        words="empty or an address such as axiom@lab.example",
    )
    alert_mail: str = _knob(
        "",
        "the address to which trouble of the laboratory is mailed; empty: to none",
        form=_ADDRESS,
        words="empty or an address such as ada@lab.example",
    )
    alert_webhook: str = _knob(
        "",
        "the address to which trouble of the laboratory is posted as JSON; empty: to none",
        form=_WEB_ADDRESS,
        words="empty or an address that starts with https:// or http://",
    )
    alert_ntfy: str = _knob(
        "",
        "the topic of an ntfy server to which trouble of the laboratory is posted as text; empty: to none",
        form=_WEB_ADDRESS,
        words="empty or an address such as https://ntfy.sh/a-topic-that-nobody-guesses",
    )
    log: str = _knob(
        "info",
        "how much is logged: debug, info, warning or error",
        form="debug|info|warning|error",
        words="debug, info, warning or error",
    )

    @property
    def sends_mail(self) -> bool:
        return bool(self.mail_server)


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One knob with its value and where it comes from."""

    name: str
    value: Any
    origin: str
    about: str


def read_settings(
    file: Path, environment: Mapping[str, str], flags: Mapping[str, Any]
) -> tuple[Settings, list[Setting]]:
    """The settings in force, and where each comes from. An unknown name is an error that suggests the nearest."""
    chosen: dict[str, tuple[Any, str]] = {}
    for name, value in _from_file(file).items():
        chosen[name] = (value, str(file))
    for name, text in _from_environment(environment).items():
        chosen[name] = (text, f"AXIOM_{name.upper()}")
    for name, value in flags.items():
        if value is not None:
            chosen[name] = (value, f"--{name.replace('_', '-')}")
    values = {name: _typed(name, value, origin) for name, (value, origin) in chosen.items()}
    settings = Settings(**values)
    listed = [
        Setting(
            name=knob.name,
            value=getattr(settings, knob.name),
            origin=chosen[knob.name][1] if knob.name in chosen else "default",
            about=knob.metadata["about"],
        )
        for knob in fields(Settings)
    ]
    return settings, listed


def read_process_settings(file: Path, **flags: Any) -> tuple[Settings, list[Setting]]:
    return read_settings(file, os.environ, flags)


def write_settings(file: Path, values: Mapping[str, str | int]) -> None:
    """TOML writes texts and numbers as JSON does, but for one sign that JSON leaves as it is."""
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in values.items()]
    file.write_text("".join(lines).replace("\x7f", "\\u007f"), encoding="utf-8")


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
        import tomllib  # who has no such file does not wait for what reads it

        table = tomllib.loads(text)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RecursionError) as error:  # no file, no text, no TOML or one without end
        raise WrongUse(f"{file} cannot be read as TOML ({error}). Mend the file; nothing was started.") from error
    for name in table:
        _demand_known(name)
    return table


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    values = {}
    for variable, text in environment.items():
        if variable.startswith("AXIOM_") and variable not in NOT_SETTINGS:
            name = variable.removeprefix("AXIOM_").lower()
            _demand_known(name)
            values[name] = text
    return values


def _demand_known(name: str) -> None:
    names = [knob.name for knob in fields(Settings)]
    if name not in names:
        raise UnknownName("setting", name, names)


def _typed(name: str, value: Any, origin: str) -> Any:
    knob = next(knob for knob in fields(Settings) if knob.name == name)
    typed = _read(knob.type, value)
    if typed is None:
        kind = getattr(knob.type, "__name__", str(knob.type))
        raise WrongUse(
            f"The setting {name} ({origin}) must be of type {kind}, and {value!r} is not. Nothing was started."
        )
    form, least, most = knob.metadata["form"], knob.metadata["least"], knob.metadata["most"]
    if form and not re.fullmatch(form, typed):
        words = knob.metadata["words"]
        raise WrongUse(f"The setting {name} ({origin}) must be {words}, and {value!r} is not. Nothing was started.")
    if least is not None and not least <= typed <= most:
        raise WrongUse(
            f"The setting {name} ({origin}) must be from {least:g} to {most:,g}, and {value!r} is not. "
            "Nothing was started."
        )
    return typed


def _read(wanted: Any, value: Any) -> Any:
    """The value as it is wanted, or None when it is of another type."""
    try:
        if wanted is int and not isinstance(value, bool):
            return int(str(value))
        if wanted is float and not isinstance(value, bool) and math.isfinite(number := float(value)):
            return number
        if wanted is bool:
            return {"true": True, "false": False}.get(str(value).lower())
    except (TypeError, ValueError, OverflowError):  # a table or a date of TOML is no number
        return None
    return value if wanted is str and isinstance(value, str) else None
