"""What a project says of itself: its configuration, the master page's lines, and how busy it is."""

import re
from collections.abc import Iterable

from axiom.boinc.xml import Facts, in_ascii, write_elements
from axiom.errors import WrongUse

# What BOINC calls a platform, in words for a person.
TITLES = {
    "x86_64-pc-linux-gnu": "Linux, 64-bit Intel or AMD",
    "aarch64-unknown-linux-gnu": "Linux, 64-bit ARM",
    "windows_x86_64": "Windows, 64-bit Intel or AMD",
    "windows_arm64": "Windows, 64-bit ARM",
    "arm64-apple-darwin": "macOS, Apple processor",
    "x86_64-apple-darwin": "macOS, Intel processor",
}
# Where no computer of that kind was at hand, what stood in for it when our runner computed there.
STAND_INS = {"windows_x86_64": "Wine", "aarch64-unknown-linux-gnu": "qemu"}
_LONGEST_LINE = 255  # a client reads the master page in pieces of this length
_URL = re.compile(r"https?://[A-Za-z0-9.\-_~:/\[\]%]+")


def config_reply(
    name: str,
    master_url: str,
    *,
    platforms: Iterable[tuple[str, str]],  # each with a plan class
    min_passwd_length: int,
    terms_of_use: str,
    creation_disabled: bool = False,
) -> bytes:
    """Write the project's configuration, in UTF-8: of a reference to a character a client keeps one byte."""
    facts: Facts = {
        "name": name,
        "master_url": master_url,
        "web_rpc_url_base": master_url,
        "web_stopped": 0,
        "sched_stopped": 0,
        "min_passwd_length": min_passwd_length,
    }
    disabled = "<account_creation_disabled/>\n" if creation_disabled else ""
    offered = "".join(f"<platform>\n{write_elements(_platform(*platform))}</platform>\n" for platform in platforms)
    return (
        f"<project_config>\n{write_elements(facts)}{disabled}{write_elements({'terms_of_use': terms_of_use or None})}"
        f"<platforms>\n{offered}</platforms>\n</project_config>\n"
    ).encode()


def _platform(name: str, plan_class: str) -> Facts:
    return {"platform_name": name, "user_friendly_name": TITLES.get(name, name), "plan_class": plan_class or None}


def scheduler_lines(urls: tuple[str, ...]) -> str:
    if not urls:
        raise WrongUse("The master page names no scheduler, so clients would stay away for a day. Name one.")
    lines = [f'<link rel="boinc_scheduler" href="{_plain(url)}">\n' for url in urls]
    lines += [f"<!-- <scheduler>{url}</scheduler> -->\n" for url in urls]
    for line in lines:
        if len(line) > _LONGEST_LINE:
            raise WrongUse(
                f"The scheduler's address makes a line of {len(line)} characters on the master page, and clients read "
                f"{_LONGEST_LINE}: they would not find it and stay away for a day. Take a shorter address."
            )
    return "".join(lines)


def _plain(url: str) -> str:
    """Clients take the address as it stands, so nothing in it may need escaping."""
    if not _URL.fullmatch(url):
        raise WrongUse(
            f"{url!r} cannot stand on the master page: clients do not decode it. Take an address of letters, digits "
            "and . - _ ~ : / alone."
        )
    return url


def status_reply(server: Facts, daemons: Iterable[Facts], counts: Facts, experiments: Iterable[Facts]) -> bytes:
    running = "".join(f"<daemon>\n{write_elements(daemon)}</daemon>\n" for daemon in daemons)
    loads = "".join(f"<app>\n{write_elements(experiment)}</app>\n" for experiment in experiments)
    return in_ascii(
        f"<server_status>\n{write_elements(server)}<daemon_status>\n{running}</daemon_status>\n"
        f"<database_file_states>\n{write_elements(counts)}<tasks_by_app>\n{loads}</tasks_by_app>\n</database_file_states>\n"
        "</server_status>\n"
    )
