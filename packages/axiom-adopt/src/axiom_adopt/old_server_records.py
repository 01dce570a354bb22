"""The rows of an official server's database that a laboratory goes on with, read from a dump of it.

Classes and fields are called as tables and columns are there. A column that an older server has not, and a NULL, have
the field's default. Times are seconds since 1970.
"""

from dataclasses import dataclass, field
from typing import ClassVar

UNSENT, IN_PROGRESS = 2, 4  # of `server_state`


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    table: ClassVar[str]
    is_new: ClassVar[bool] = False  # servers from before 2018 do not have the table

    line: int = field(compare=False)
    doubtful: tuple[str, ...] = ()  # columns whose text was no UTF-8, or was set right


@dataclass(frozen=True, kw_only=True, slots=True)
class User(Record):
    table: ClassVar[str] = "user"

    id: int
    create_time: float = 0.0
    email_addr: str
    name: str = ""
    authenticator: str
    passwd_hash: str = ""
    cross_project_id: str = ""
    country: str = ""
    url: str = ""
    venue: str = ""
    teamid: int = 0
    total_credit: float = 0.0
    expavg_credit: float = 0.0
    expavg_time: float = 0.0
    global_prefs: bytes = b""
    project_prefs: bytes = b""
    show_hosts: bool = True
    email_validated: bool = False
    has_profile: bool = False

    @property
    def is_deleted(self) -> bool:
        return self.authenticator.startswith("deleted")


@dataclass(frozen=True, kw_only=True, slots=True)
class Host(Record):
    table: ClassVar[str] = "host"

    id: int
    create_time: float = 0.0
    userid: int = 0
    rpc_seqno: int = 0
    rpc_time: float = 0.0
    timezone: int = 0
    host_cpid: str = ""
    domain_name: str = ""
    venue: str = ""
    total_credit: float = 0.0
    expavg_credit: float = 0.0
    expavg_time: float = 0.0
    p_ncpus: int = 0
    p_vendor: str = ""
    p_model: str = ""
    p_fpops: float = 0.0
    p_iops: float = 0.0
    p_membw: float = 0.0
    os_name: str = ""
    os_version: str = ""
    m_nbytes: float = 0.0
    m_cache: float = 0.0
    m_swap: float = 0.0
    d_total: float = 0.0
    d_free: float = 0.0
    n_bwup: float = 0.0
    n_bwdown: float = 0.0
    on_frac: float = 0.0
    connected_frac: float = 0.0
    active_frac: float = 0.0
    avg_turnaround: float = 0.0
    serialnum: str = ""  # GPUs and client, until 2025; its successor `misc` waits for the first contact

    @property
    def merged_into(self) -> int:
        """The number of the host that this one was found to be; 0 for a host of its own."""
        return 0 if self.userid else self.rpc_seqno


@dataclass(frozen=True, kw_only=True, slots=True)
class Team(Record):
    table: ClassVar[str] = "team"

    id: int
    create_time: float = 0.0
    userid: int = 0  # the founder
    name: str
    url: str = ""
    country: str = ""
    description: str = ""
    total_credit: float = 0.0
    expavg_credit: float = 0.0
    expavg_time: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Consent(Record):
    table: ClassVar[str] = "consent"
    is_new: ClassVar[bool] = True

    userid: int
    consent_type_id: int
    consent_flag: bool = False
    consent_time: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ConsentType(Record):
    table: ClassVar[str] = "consent_type"
    is_new: ClassVar[bool] = True

    id: int
    shortname: str
    enabled: bool = False  # without it the official server exports everybody


@dataclass(frozen=True, kw_only=True, slots=True)
class UserDeleted(Record):
    table: ClassVar[str] = "user_deleted"
    is_new: ClassVar[bool] = True

    userid: int
    public_cross_project_id: str
    create_time: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HostDeleted(Record):
    table: ClassVar[str] = "host_deleted"
    is_new: ClassVar[bool] = True

    hostid: int
    public_cross_project_id: str
    create_time: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class App(Record):
    table: ClassVar[str] = "app"

    id: int
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Result(Record):
    """Of these, those alone that are UNSENT or IN_PROGRESS."""

    table: ClassVar[str] = "result"

    id: int
    name: str
    workunitid: int = 0
    server_state: int
    hostid: int = 0
    userid: int = 0
    appid: int = 0
    report_deadline: float = 0.0


KINDS: tuple[type[Record], ...] = (*(User, Host, Team, Consent, ConsentType, UserDeleted, HostDeleted, App, Result),)
