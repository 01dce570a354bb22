"""What a scheduler request says: a client's whole state, once a contact, as plain values.

`read_request` makes these values. Everything in them is the client's word and can be forged: numbers are finite
and in a sane range, texts are cut to a sane length and hold no control characters (standard error and raw XML aside),
and nothing more is promised. BOINC's names of the elements stand there.
"""

from dataclasses import field
from enum import IntEnum

from axiom.domain.value import value


class ClientState(IntEnum):
    """How far a client got with a task, in BOINC's numbers."""

    NEW = 0
    DOWNLOADING = 1
    DOWNLOADED = 2
    COMPUTE_ERROR = 3
    UPLOADING = 4
    UPLOADED = 5
    ABORTED = 6
    UPLOAD_FAILED = 7


@value
class Ask:
    seconds: float = 0.0
    instances: float = 0.0  # how many stand idle

    @property
    def wanted(self) -> bool:
        return self.seconds > 0 or self.instances > 0


@value
class TimeStats:
    """Which part of the time a host computes, each between 0 and 1; 1 where the client says nothing."""

    on: float = 1.0  # the client runs
    active: float = 1.0  # … and may compute
    cpu_and_network: float = 1.0  # may compute and has a connection

    @property
    def availability(self) -> float:
        return self.on * self.active


@value
class NetStats:
    up: float = 0.0
    down: float = 0.0


@value
class HostInfo:
    cpid: str = ""
    domain_name: str = ""
    address: str = ""
    timezone: int = 0  # seconds east of Greenwich
    cores: int = 1
    vendor: str = ""
    model: str = ""
    features: str = ""  # the processor's flags, separated by blanks: "… avx2 fma …"
    flops: float = 0.0  # of one core; 1e9 exactly where the benchmarks were skipped
    iops: float = 0.0
    memory_bandwidth: float = 0.0
    memory_bytes: float = 0.0
    cache_bytes: float = 0.0
    swap_bytes: float = 0.0
    disk_total: float = 0.0
    disk_free: float = 0.0
    os_name: str = ""
    os_version: str = ""


@value
class Coprocessor:
    kind: str  # NVIDIA, ATI, intel_gpu, apple_gpu or what a client's settings name
    model: str = ""
    count: int = 0
    memory_bytes: float = 0.0  # of one
    ask: Ask = field(default_factory=Ask)

    @property
    def present(self) -> int:
        """How many there are. A client whose settings simulate them says none, and asks for their work all the same."""
        return self.count or int(self.ask.seconds > 0 or self.ask.instances > 0)


@value
class OutputFile:
    name: str
    md5: str = ""
    error: str = ""  # why it could not be uploaded, for ever


@value
class TaskReport:
    name: str
    exit_status: int = 0
    state: ClientState = ClientState.NEW
    cpu_seconds: float = 0.0
    elapsed_seconds: float = 0.0
    peak_memory_bytes: float = 0.0  # sampled every 10 s: 0 for shorter tasks
    peak_disk_bytes: float = 0.0
    message: str = ""  # the client's own words about the end
    stderr: str = ""  # the program's, the last 63 KB
    files: tuple[OutputFile, ...] = ()


@value
class Trickle:
    task: str
    variety: str
    body: bytes  # the program's own XML, as it came


@value
class HeldVersion:
    """An app version that a client has; of an anonymous platform the only word about it."""

    app: str
    version: int = 0
    platform: str = ""
    plan_class: str = ""
    coprocessor: str = ""  # its kind; empty without


@value
class Preferences:
    """What a volunteer allows, as far as the choice of work depends on it; percentages of the whole."""

    modified_at: float = 0.0
    cores_percent: float = 100.0  # while somebody works at the computer; 0 is all of them
    idle_cores_percent: float = 100.0  # and while nobody does: the same where a client knows no difference
    memory_busy_percent: float = 50.0
    memory_idle_percent: float = 90.0


@value
class SchedulerRequest:
    authenticator: str  # an account's key or a weak key
    language: str = "en"  # in which the client wants to be told
    host_id: int = 0  # 0: the host does not know it yet
    rpc_seqno: int = 0
    version: tuple[int, int, int] = (0, 0, 0)
    brand: str = ""
    dont_send_work: bool = False
    work_seconds: float = 0.0
    cpu: Ask = field(default_factory=Ask)
    platforms: tuple[str, ...] = ()  # the main one first; "anonymous" where the volunteer brings the program
    code_sign_key: str = ""
    working_preferences: bytes = b""  # in force: raw, for `read_preferences`
    global_preferences: bytes = b""  # the stored ones with their venues: raw, for `sound_preferences`
    preferences_modified_at: float = 0.0  # as these say
    preferences_source: str = ""  # hash of the account's address from which they came
    cross_project_id: str = ""
    time_stats: TimeStats = field(default_factory=TimeStats)
    net_stats: NetStats = field(default_factory=NetStats)
    disk_share: float = 0.0  # what the project may fill, in bytes
    host_info: bytes = b""  # raw, for `read_host_info`
    host_digest: bytes = b""  # changes when the host does; free disk space apart
    coprocessors: tuple[Coprocessor, ...] = ()
    results: tuple[TaskReport, ...] = ()
    trickles: tuple[Trickle, ...] = ()
    app_versions: tuple[HeldVersion, ...] = ()
    other_results: tuple[str, ...] | None = None  # the tasks that it still has; None: it does not say
    files: tuple[str, ...] = ()  # the sticky files that it has

    @property
    def anonymous(self) -> bool:
        return self.platforms[:1] == ("anonymous",)

    @property
    def asks_for_work(self) -> bool:
        asks = (self.cpu, *(coprocessor.ask for coprocessor in self.coprocessors))
        return not self.dont_send_work and (self.work_seconds > 0 or any(ask.wanted for ask in asks))
