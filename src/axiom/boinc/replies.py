"""What a scheduler reply says, as plain values; `axiom.boinc.write_reply` makes its bytes.

Definitions before use are not needed across kinds, but a task, its workunit, its app version and their files must all
be in the reply or be known to the client: what is missing makes it drop the task, and that task only.
"""

from enum import StrEnum

from axiom.domain.value import value


class Priority(StrEnum):
    LOW = "low"
    HIGH = "high"
    NOTICE = "notice"


@value
class Message:
    """A sentence for the volunteer; the client cuts it after 1023 bytes, so the writer does."""

    text: str
    priority: Priority = Priority.LOW


@value
class ReplyAccount:
    id: int
    name: str
    total_credit: float = 0.0
    recent_credit: float = 0.0
    created_at: float = 0.0
    email_hash: str = ""
    cross_project_id: str = ""  # the internal one
    external_cpid: str = ""
    team_id: int = 0
    team_name: str = ""


@value
class HostFacts:
    """What a client shows of its host. `id` only when the record was just made or found again."""

    id: int | None = None
    total_credit: float = 0.0
    recent_credit: float = 0.0
    created_at: float = 0.0
    venue: str = ""


@value
class App:
    name: str
    title: str
    fraction_done_exact: bool = True
    non_cpu_intensive: bool = False


@value
class SignedFile:
    """A file of an app version: for ever the same bytes under one name, and signed with the code-signing key."""

    name: str
    urls: tuple[str, ...]
    md5: str
    bytes: int
    signature: str  # BOINC's text form
    executable: bool = False
    gzipped_url: str = ""
    gzipped_bytes: int = 0


@value
class InputFile:
    """A file of a workunit, unsigned; a sticky one stays on the host for others that need it."""

    name: str
    urls: tuple[str, ...]
    md5: str
    bytes: int
    sticky: bool = False
    sticky_seconds: float = 0.0  # 0: until it is deleted by name or for want of space
    gzipped_url: str = ""
    gzipped_bytes: int = 0


@value
class ProjectFile:
    file: InputFile
    open_name: str


@value
class OutputSlot:
    name: str
    upload_url: str
    max_bytes: int
    token: str  # opaque to the client, which hands it to the upload handler


@value
class FileRef:
    file: str
    open_name: str = ""
    main_program: bool = False
    copy: bool = False  # a real file in the slot, not a link
    optional: bool = False


@value
class AppVersion:
    app: str
    version: int
    platform: str
    files: tuple[FileRef, ...]
    plan_class: str = ""
    api_version: str = "7.20.0"
    cores: float = 1.0
    flops: float = 1e9
    cmdline: str = ""
    coprocessor: str = ""  # its kind; empty without
    coprocessors: float = 0.0
    gpu_memory_bytes: float = 0.0


@value
class WorkunitOrder:
    """A workunit with its limits; the elapsed time limit is `flops_bound` by the app version's `flops`."""

    name: str
    app: str
    flops_estimate: float
    flops_bound: float
    memory_bytes: float
    disk_bytes: float
    command_line: str = ""
    files: tuple[FileRef, ...] = ()


@value
class TaskOrder:
    name: str
    workunit: str
    platform: str
    version: int
    deadline: int  # seconds since 1970
    plan_class: str = ""
    files: tuple[FileRef, ...] = ()
    report_immediately: bool = False


@value
class TrickleDown:
    """A message for a running task: lines of its own, each shorter than 256 bytes."""

    task: str
    sent_at: int
    body: str  # the program's own XML


@value
class SiteLink:
    name: str
    description: str
    url: str


@value
class Reply:
    project_name: str
    master_url: str
    request_delay: float  # no automatic contact before so many seconds
    next_rpc_delay: float = 0.0  # a contact at least that often; 0: as the client likes
    project_is_down: bool = False
    messages: tuple[Message, ...] = ()
    account: ReplyAccount | None = None
    host: HostFacts | None = None
    global_preferences: str = ""  # a whole XML element; only when newer than the client's
    project_preferences: str = ""
    acknowledged: tuple[str, ...] = ()  # one for each reported task, also for unknown ones
    aborts: tuple[str, ...] = ()
    aborts_if_not_started: tuple[str, ...] = ()
    apps: tuple[App, ...] = ()
    signed_files: tuple[SignedFile, ...] = ()
    app_versions: tuple[AppVersion, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    workunits: tuple[WorkunitOrder, ...] = ()
    outputs: tuple[OutputSlot, ...] = ()
    tasks: tuple[TaskOrder, ...] = ()
    code_sign_key: str = ""  # when the request has none, or when it changes
    code_sign_key_signature: str = ""  # by the old key; only when it changes
    trickles_received: bool = False
    trickles: tuple[TrickleDown, ...] = ()
    unstick: tuple[str, ...] = ()  # sticky files that the client may delete
    nothing_for: tuple[str, ...] = ()  # resources for which there is no program at all; never all that a host has
    project_files: tuple[ProjectFile, ...] = ()  # a client keeps those it has where a reply names none
    links: tuple[SiteLink, ...] = ()
    news: str = ""  # the address of a feed that a client reads once a day
