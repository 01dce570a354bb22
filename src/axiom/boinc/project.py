"""What a project says of itself: its configuration, the master page's lines, and how busy it is."""

import re
from dataclasses import dataclass

from axiom.boinc.xml import escaped, in_ascii
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
_LONGEST_LINE = 255  # a client reads the master page in pieces of this length
_URL = re.compile(r"https?://[A-Za-z0-9.\-_~:/\[\]%]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class OfferedPlatform:
    name: str
    title: str
    plan_class: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectConfig:
    name: str
    master_url: str
    platforms: tuple[OfferedPlatform, ...]
    min_passwd_length: int = 8
    creation_disabled: bool = False
    terms_of_use: str = ""


def config_reply(config: ProjectConfig) -> bytes:
    """Write the project's configuration, in UTF-8: of a reference to a character a client keeps one byte."""
    url = escaped(config.master_url)
    lines = [
        "<project_config>",
        f"<name>{escaped(config.name)}</name>",
        f"<master_url>{url}</master_url>",
        f"<web_rpc_url_base>{url}</web_rpc_url_base>",
        "<web_stopped>0</web_stopped>",
        "<sched_stopped>0</sched_stopped>",
        f"<min_passwd_length>{config.min_passwd_length}</min_passwd_length>",
        *(["<account_creation_disabled/>"] if config.creation_disabled else []),
        *([f"<terms_of_use>{escaped(config.terms_of_use)}</terms_of_use>"] if config.terms_of_use else []),
        "<platforms>",
        *(line for platform in config.platforms for line in _platform(platform)),
        "</platforms>",
        "</project_config>",
        "",
    ]
    return "\n".join(lines).encode()


def _platform(platform: OfferedPlatform) -> list[str]:
    return [
        "<platform>",
        f"<platform_name>{escaped(platform.name)}</platform_name>",
        f"<user_friendly_name>{escaped(platform.title)}</user_friendly_name>",
        *([f"<plan_class>{escaped(platform.plan_class)}</plan_class>"] if platform.plan_class else []),
        "</platform>",
    ]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Daemon:
    host: str
    command: str
    is_up: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class ExperimentLoad:
    id: int
    name: str
    unsent: int
    in_progress: int
    average_hours: float = 0.0  # of tasks valid of late, and their shortest and longest
    shortest_hours: float = 0.0
    longest_hours: float = 0.0
    volunteers: int = 0  # who brought tasks of it in the last day


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerStatus:
    updated_at: int  # seconds since 1970
    version: str
    daemons: tuple[Daemon, ...]
    tasks_unsent: int
    tasks_in_progress: int
    workunits_to_validate: int
    workunits_to_assimilate: int
    workunits_to_delete: int
    tasks_to_delete: int
    transitioner_backlog_hours: float
    volunteers_with_recent_credit: int
    volunteers_with_credit: int
    volunteers_new_today: int
    hosts_with_recent_credit: int
    hosts_with_credit: int
    hosts_new_today: int
    gigaflops: float
    experiments: tuple[ExperimentLoad, ...]


def status_reply(status: ServerStatus) -> bytes:
    daemons = "".join(
        f"<daemon>\n<host>{escaped(daemon.host)}</host>\n<command>{escaped(daemon.command)}</command>\n"
        f"<status>{'running' if daemon.is_up else 'not running'}</status>\n</daemon>\n"
        for daemon in status.daemons
    )
    counts = {
        "results_ready_to_send": status.tasks_unsent,
        "results_in_progress": status.tasks_in_progress,
        "workunits_waiting_for_validation": status.workunits_to_validate,
        "workunits_waiting_for_assimilation": status.workunits_to_assimilate,
        "workunits_waiting_for_deletion": status.workunits_to_delete,
        "results_waiting_for_deletion": status.tasks_to_delete,
        "transitioner_backlog_hours": f"{status.transitioner_backlog_hours:.4f}",
        "users_with_recent_credit": status.volunteers_with_recent_credit,
        "users_with_credit": status.volunteers_with_credit,
        "users_registered_in_past_24_hours": status.volunteers_new_today,
        "hosts_with_recent_credit": status.hosts_with_recent_credit,
        "hosts_with_credit": status.hosts_with_credit,
        "hosts_registered_in_past_24_hours": status.hosts_new_today,
        "current_floating_point_speed": f"{status.gigaflops:.2f}",
    }
    lines = "".join(f"<{tag}>{value}</{tag}>\n" for tag, value in counts.items())
    loads = "".join(_load(load) for load in status.experiments)
    body = (
        f"<server_status>\n<update_time>{status.updated_at}</update_time>\n"
        f"<software_version>{escaped(status.version)}</software_version>\n"
        f"<daemon_status>\n{daemons}</daemon_status>\n"
        f"<database_file_states>\n{lines}<tasks_by_app>\n{loads}</tasks_by_app>\n</database_file_states>\n"
        "</server_status>\n"
    )
    return in_ascii(body)


def _load(load: ExperimentLoad) -> str:
    return (
        f"<app>\n<id>{load.id}</id>\n<name>{escaped(load.name)}</name>\n<unsent>{load.unsent}</unsent>\n"
        f"<in_progress>{load.in_progress}</in_progress>\n<avg_runtime>{load.average_hours:.4f}</avg_runtime>\n"
        f"<min_runtime>{load.shortest_hours:.4f}</min_runtime>\n<max_runtime>{load.longest_hours:.4f}</max_runtime>\n"
        f"<users>{load.volunteers}</users>\n</app>\n"
    )
