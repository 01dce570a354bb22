"""What a scheduler reply says, as plain values, and its bytes; BOINC's names of the elements stand here.

Text is escaped, and characters that XML has no place for are left out. What a client could not take, a name with a
slash, a digest that is none, a number that is not finite, is a `ValueError`: it is a fault of ours, not of the client.
Definitions before use are not needed across kinds, but a task, its workunit, its app version and their files must all
be in the reply or be known to the client: what is missing makes it drop the task, and that task only.
"""

import math
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate

from axiom.boinc.xml import escape_xml, parse_element_tree
from axiom.domain.value import value_class
from axiom.errors import MalformedRequest

LONGEST_MESSAGE = 1023
LONGEST_COMMAND_LINE = 64_000
_NEWS_EVERY = 86_400  # seconds
MOST_WORDS = 100  # a client passes no more arguments on
LONGEST_TOKEN = 4095
SCHEDULER_VERSION = 720  # below 507 a host's own preferences would block the volunteer's
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}").fullmatch
_PLAN_CLASS = re.compile(r"[A-Za-z0-9_.\-]{0,63}").fullmatch
_MD5 = re.compile(r"[0-9a-f]{32}").fullmatch
_ADDRESS = re.compile(r"https?://[!-~]{1,245}").fullmatch
_OPAQUE = re.compile(r"[ -%'-;=?-~\n]+").fullmatch  # not & < >: clients hand it on without unescaping
# A client gives a GPU version whose plan class names a technology only to a GPU of that make.
_TECHNOLOGY = {"cuda": "NVIDIA", "ati": "ATI"}


class Priority(StrEnum):
    LOW = "low"
    NOTICE = "notice"


@value_class
class Message:
    """A sentence for the volunteer; the client cuts it after 1023 bytes, so the writer does."""

    text: str
    priority: Priority = Priority.LOW


@value_class
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


@value_class
class HostFacts:
    """What a client shows of its host. `id` only when the record was just made or found again."""

    id: int | None = None
    total_credit: float = 0.0
    recent_credit: float = 0.0
    created_at: float = 0.0
    venue: str = ""


@value_class
class App:
    name: str
    title: str


@value_class
class SignedFile:
    """A file of an app version: for ever the same bytes under one name, and signed with the code-signing key."""

    name: str
    urls: tuple[str, ...]
    md5: str
    bytes: int
    signature: str  # BOINC's text form
    executable: bool = False


@value_class
class InputFile:
    """A file of a workunit, unsigned; a sticky one stays until it is let go by name or for want of space."""

    name: str
    urls: tuple[str, ...]
    md5: str
    bytes: int
    sticky: bool = False


@value_class
class ProjectFile:
    file: InputFile
    open_name: str


@value_class
class OutputSlot:
    name: str
    upload_url: str
    max_bytes: int
    token: str  # opaque to the client, which hands it to the upload handler


@value_class
class FileRef:
    file: str
    open_name: str = ""
    main_program: bool = False
    copy: bool = False  # a real file in the slot, not a link


@value_class
class AppVersion:
    app: str
    version: int
    platform: str
    files: tuple[FileRef, ...]
    plan_class: str = ""
    api_version: str = "7.20.0"
    cores: float = 1.0
    flops: float = 1e9
    coprocessor: str = ""  # its kind; empty without
    coprocessors: float = 0.0


@value_class
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


@value_class
class TaskOrder:
    name: str
    workunit: str
    platform: str
    version: int
    deadline: int  # seconds since 1970
    plan_class: str = ""
    files: tuple[FileRef, ...] = ()


@value_class
class SiteLink:
    name: str
    description: str
    url: str


@value_class
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
    unstick: tuple[str, ...] = ()  # sticky files that the client may delete
    nothing_for: tuple[str, ...] = ()  # resources for which there is no program at all; never all that a host has
    project_files: tuple[ProjectFile, ...] = ()  # a client keeps those it has where a reply names none
    links: tuple[SiteLink, ...] = ()
    news: str = ""  # the address of a feed that a client reads once a day


def write_reply(reply: Reply) -> bytes:
    parts = [
        "<scheduler_reply>\n<scheduler_version>",
        f"{SCHEDULER_VERSION}</scheduler_version>\n<dont_use_dcf/>\n",
        f"<master_url>{_address(reply.master_url)}</master_url>\n",
        f"<project_name>{escape_xml(reply.project_name)}</project_name>\n",
        f"<request_delay>{_number(reply.request_delay)}</request_delay>\n",
    ]
    if reply.project_is_down:
        parts.append("<project_is_down/>\n")
    if reply.next_rpc_delay:
        parts.append(f"<next_rpc_delay>{_number(reply.next_rpc_delay)}</next_rpc_delay>\n")
    parts += map(_message, reply.messages)
    if reply.account:
        parts.append(_account(reply.account))
    if reply.host:
        parts.append(_host(reply.host))
    if reply.account:
        parts += [f"<teamid>{reply.account.team_id:d}</teamid>\n"] if reply.account.team_id else []
        parts.append(f"<team_name>{escape_xml(reply.account.team_name)}</team_name>\n")
    parts += map(_preferences, filter(None, (reply.global_preferences, reply.project_preferences)))
    parts += _name_elements("result_ack", reply.acknowledged)
    parts += _name_elements("result_abort", reply.aborts)
    parts += _name_elements("result_abort_if_not_started", reply.aborts_if_not_started)
    parts += _work(reply)
    parts += _after_tasks(reply)
    parts.append("</scheduler_reply>\n")
    return "".join(parts).encode()


def _work(reply: Reply) -> Iterable[str]:
    yield from map(_app, reply.apps)
    yield from map(_signed_file, reply.signed_files)
    yield from map(_app_version, reply.app_versions)
    yield from map(_input_file, reply.inputs)
    yield from map(_workunit, reply.workunits)
    yield from map(_output_slot, reply.outputs)
    yield from map(_task, reply.tasks)


def _after_tasks(reply: Reply) -> Iterable[str]:
    if reply.code_sign_key:
        yield f"<code_sign_key>\n{_opaque(reply.code_sign_key.strip())}\n</code_sign_key>\n"
    if reply.code_sign_key_signature:
        signature = _opaque(reply.code_sign_key_signature.strip())
        yield f"<code_sign_key_signature>\n{signature}\n</code_sign_key_signature>\n"
    if reply.trickles_received:
        yield "<message_ack/>\n"
    yield from (f"<delete_file_info>{_name(name)}</delete_file_info>\n" for name in reply.unstick)
    yield from (f"<no_rsc_apps>{escape_xml(kind)}</no_rsc_apps>\n" for kind in reply.nothing_for)
    if reply.project_files:
        yield from (_input_file(picture.file) for picture in reply.project_files)
        refs = (FileRef(file=picture.file.name, open_name=picture.open_name) for picture in reply.project_files)
        yield f"<project_files>\n{''.join(map(_file_ref, refs))}</project_files>\n"
    if reply.links:
        yield f"<gui_urls>\n{''.join(map(_link, reply.links))}</gui_urls>\n"
    if reply.news:
        feed = f"<url>{_address(reply.news)}</url>\n<poll_interval>{_NEWS_EVERY}</poll_interval>"
        yield f"<rss_feeds>\n<rss_feed>\n{feed}\n</rss_feed>\n</rss_feeds>\n"


@lru_cache(maxsize=1_024)  # each stands in several places of a reply
def _name(name: str) -> str:
    if not _NAME(name) or ".." in name:
        raise ValueError(f"{name[:300]!r} is no name that a client takes: 200 of A–Z a–z 0–9 _ - . and no '..'.")
    return name


@lru_cache(maxsize=1_024)
def _address(url: str) -> str:
    if not _ADDRESS(url):
        raise ValueError(f"{url[:300]!r} is no address that a client takes: http(s), ASCII, at most 250 characters.")
    return escape_xml(url)


def _opaque(text: str) -> str:
    if len(text) > LONGEST_TOKEN or not _OPAQUE(text):
        raise ValueError("A key, a signature or a token is empty, too long, or holds what a client would not hand on.")
    return text


@lru_cache(maxsize=256)  # most tasks of a reply say the same ones
def _number(value: float) -> str:
    """A number as every client reads it: digits and a point, never an exponent."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be sent to a client.")
    return f"{value:.6f}"


def _md5(digest: str) -> str:
    if not _MD5(digest):
        raise ValueError(f"{digest[:40]!r} is no MD5 digest, and a client would refuse every file that comes with it.")
    return digest


def _message(message: Message) -> str:
    return f'<message priority="{message.priority.value}">{_fitting(message.text)}</message>\n'


def _fitting(text: str) -> str:
    """Escaped and no longer than a client takes; cut between characters, never inside one or inside an entity."""
    whole = escape_xml(text)
    if len(whole.encode()) <= LONGEST_MESSAGE:
        return whole
    pieces = [escape_xml(character) for character in text]
    room = LONGEST_MESSAGE - len("…".encode())
    fitting = sum(end <= room for end in accumulate(len(piece.encode()) for piece in pieces))
    return "".join(pieces[:fitting]) + "…"


def _account(account: ReplyAccount) -> str:
    return (
        f"<userid>{account.id:d}</userid>\n"
        f"<user_name>{escape_xml(account.name)}</user_name>\n"
        f"<user_total_credit>{_number(account.total_credit)}</user_total_credit>\n"
        f"<user_expavg_credit>{_number(account.recent_credit)}</user_expavg_credit>\n"
        f"<user_create_time>{account.created_at:.0f}</user_create_time>\n"
        f"<email_hash>{escape_xml(account.email_hash)}</email_hash>\n"
        f"<cross_project_id>{escape_xml(account.cross_project_id)}</cross_project_id>\n"
        f"<external_cpid>{escape_xml(account.external_cpid)}</external_cpid>\n"
    )


def _host(host: HostFacts) -> str:
    host_id = "" if host.id is None else f"<hostid>{host.id:d}</hostid>\n"
    return (
        f"{host_id}<host_total_credit>{_number(host.total_credit)}</host_total_credit>\n"
        f"<host_expavg_credit>{_number(host.recent_credit)}</host_expavg_credit>\n"
        f"<host_venue>{escape_xml(host.venue)}</host_venue>\n"
        f"<host_create_time>{host.created_at:.0f}</host_create_time>\n"
    )


def _preferences(element: str) -> str:
    """A whole element as it was stored, once it is sure that nothing of it could end the reply."""
    return f"{_checked(element.strip())}\n"


@lru_cache(maxsize=64)  # what volunteers prefer seldom changes, and is the same for most
def _checked(elements: str) -> str:
    try:
        parse_element_tree(elements.encode())
    except MalformedRequest as malformed:
        raise ValueError(f"Stored XML cannot be sent to a client: {malformed}") from malformed
    return elements


def _name_elements(tag: str, names: tuple[str, ...]) -> Iterable[str]:
    return (f"<{tag}><name>{escape_xml(name)}</name></{tag}>\n" for name in names)


def _app(app: App) -> str:
    return (
        f"<app>\n<name>{_name(app.name)}</name>\n"
        f"<user_friendly_name>{escape_xml(app.title)}</user_friendly_name>\n"
        "<non_cpu_intensive>0</non_cpu_intensive>\n<fraction_done_exact>1</fraction_done_exact>\n</app>\n"
    )


def _download(file: SignedFile | InputFile) -> str:
    places = "".join(f"<url>{_address(url)}</url>\n" for url in file.urls)
    return (
        f"<name>{_name(file.name)}</name>\n{places}"
        f"<md5_cksum>{_md5(file.md5)}</md5_cksum>\n<nbytes>{file.bytes:d}</nbytes>\n"
    )


@lru_cache(maxsize=256)  # hosts of one kind get the same programs
def _signed_file(file: SignedFile) -> str:
    executable = "<executable/>\n" if file.executable else ""
    signature = f"<file_signature>\n{_opaque(file.signature.strip())}\n</file_signature>\n"
    return f"<file_info>\n{_download(file)}{executable}{signature}</file_info>\n"


def _input_file(file: InputFile) -> str:
    sticky = "<sticky/>\n" if file.sticky else ""
    return f"<file_info>\n{_download(file)}{sticky}</file_info>\n"


def _output_slot(slot: OutputSlot) -> str:
    # Clients up to 7.20 know an upload's <url> by this word; any other path has an element of its own.
    tag = "url" if "file_upload_handler" in slot.upload_url else "upload_url"
    return (
        f"<file_info>\n<name>{_name(slot.name)}</name>\n<generated_locally/>\n<upload_when_present/>\n"
        f"<max_nbytes>{slot.max_bytes:d}</max_nbytes>\n<{tag}>{_address(slot.upload_url)}</{tag}>\n"
        f"<xml_signature>\n{_opaque(slot.token)}\n</xml_signature>\n</file_info>\n"
    )


@lru_cache(maxsize=64)
def _path(path: str) -> str:
    return "/".join(map(_name, path.split("/")))


def _file_ref(ref: FileRef) -> str:
    opened = f"<open_name>{_path(ref.open_name)}</open_name>" if ref.open_name else ""
    return (
        f"<file_ref><file_name>{_name(ref.file)}</file_name>{opened}"
        f"{'<main_program/>' if ref.main_program else ''}{'<copy_file/>' if ref.copy else ''}</file_ref>\n"
    )


@lru_cache(maxsize=64)  # the inputs of most tasks are the same
def _file_refs(refs: tuple[FileRef, ...]) -> str:
    return "".join(map(_file_ref, refs))


def _plan_class(name: str) -> str:
    if not _PLAN_CLASS(name):
        raise ValueError(f"{name[:100]!r} is no plan class that a client takes: 63 of A–Z a–z 0–9 _ - .")
    return f"<plan_class>{name}</plan_class>\n" if name else ""


def _app_version(version: AppVersion) -> str:
    if len(version.api_version) > 15:
        raise ValueError(f"{version.app}: a client takes 15 characters of API version.")
    return (
        f"<app_version>\n<app_name>{_name(version.app)}</app_name>\n<version_num>{version.version:d}</version_num>\n"
        f"<api_version>{escape_xml(version.api_version)}</api_version>\n<platform>{_name(version.platform)}</platform>\n"
        f"{_plan_class(version.plan_class)}{''.join(map(_file_ref, version.files))}"
        f"<avg_ncpus>{_number(version.cores)}</avg_ncpus>\n<flops>{_number(version.flops)}</flops>\n"
        f"{_coprocessor(version)}</app_version>\n"
    )


def _coprocessor(version: AppVersion) -> str:
    if not version.coprocessor:
        return ""
    for word, make in _TECHNOLOGY.items():
        if word in version.plan_class and make != version.coprocessor:
            raise ValueError(
                f"Plan class {version.plan_class!r} contains {word!r}: clients would want a GPU of {make}."
            )
    kind, amount = escape_xml(version.coprocessor), _number(version.coprocessors)
    return f"<coproc><type>{kind}</type><count>{amount}</count></coproc>\n"


def _workunit(workunit: WorkunitOrder) -> str:
    command = workunit.command_line
    if len(command.encode()) > LONGEST_COMMAND_LINE or len(command.split(maxsplit=MOST_WORDS)) > MOST_WORDS:
        raise ValueError(
            f"{workunit.name}: a client takes {LONGEST_COMMAND_LINE} bytes and {MOST_WORDS} words of order."
        )
    line = f"<command_line>{escape_xml(command)}</command_line>\n" if command else ""
    return (
        f"<workunit>\n<name>{_name(workunit.name)}</name>\n<app_name>{_name(workunit.app)}</app_name>\n"
        f"<rsc_fpops_est>{_number(workunit.flops_estimate)}</rsc_fpops_est>\n"
        f"<rsc_fpops_bound>{_number(workunit.flops_bound)}</rsc_fpops_bound>\n"
        f"<rsc_memory_bound>{_number(workunit.memory_bytes)}</rsc_memory_bound>\n"
        f"<rsc_disk_bound>{_number(workunit.disk_bytes)}</rsc_disk_bound>\n"
        f"{line}{_file_refs(workunit.files)}</workunit>\n"
    )


def _task(task: TaskOrder) -> str:
    return (
        f"<result>\n<name>{_name(task.name)}</name>\n<wu_name>{_name(task.workunit)}</wu_name>\n"
        f"<platform>{_name(task.platform)}</platform>\n<version_num>{task.version:d}</version_num>\n"
        f"{_plan_class(task.plan_class)}<report_deadline>{task.deadline:d}</report_deadline>\n"
        f"{''.join(map(_file_ref, task.files))}</result>\n"
    )


def _link(link: SiteLink) -> str:
    return (
        f"<gui_url>\n<name>{escape_xml(link.name)}</name>\n<description>{escape_xml(link.description)}</description>\n"
        f"<url>{_address(link.url)}</url>\n</gui_url>\n"
    )
