"""What a scheduler request says: a client's whole state, once a contact, as plain values.

`read_request` makes these values. Everything in them is the client's word and can be forged: numbers are finite
and in a sane range, texts are cut to a sane length and hold no control characters (standard error and raw XML aside),
and nothing more is promised. BOINC's names of the elements stand here, too.
"""

import re
from collections.abc import Iterable
from dataclasses import field
from enum import IntEnum
from hashlib import blake2b

from axiom.boinc.xml import (
    Element,
    cut_sections,
    decode_lines,
    malformed_request,
    one_line,
    parse_element_tree,
    parse_leaves,
    unescape_xml,
)
from axiom.domain.value import value_class
from axiom.errors import MalformedRequest

LONGEST_STDERR = 64 * 2**10  # the client keeps the last 63 KB
LONGEST_MESSAGE = 4096
LONGEST_KEY = 4096
_LONGEST_PROGRESS = 1024
_MOST_SECONDS = 1e9
Sections = list[tuple[bytes, bytes]]  # of foreign bytes: tag and content
_PEEK = re.compile(rb"<authenticator>([^<]{0,1000})</authenticator>")
_TRICKLE = re.compile(rb"\s*<result_name>([^<]*)</result_name>\s*<time>[^<]{0,400}</time>[ \t]*\r?\n?")
_VARIETY = re.compile(rb"<variety>([^<]{0,1000})</variety>")
_WHOLE = "<global_preferences>"
_DATE = re.compile(r"\s*<mod_time>[^<]*</mod_time>")
_KINDS = {
    b"coproc_cuda": "NVIDIA",
    b"coproc_ati": "ATI",
    b"coproc_intel_gpu": "intel_gpu",
    b"coproc_apple_gpu": "apple_gpu",
    b"coproc": "",
}


class ClientState(IntEnum):
    NEW = 0
    DOWNLOADING = 1
    DOWNLOADED = 2
    COMPUTE_ERROR = 3
    UPLOADING = 4
    UPLOADED = 5
    ABORTED = 6
    UPLOAD_FAILED = 7


@value_class
class Ask:
    seconds: float = 0.0
    instances: float = 0.0  # how many stand idle

    @property
    def wanted(self) -> bool:
        return self.seconds > 0 or self.instances > 0


@value_class
class TimeStats:
    """Which part of the time a host computes, each between 0 and 1; 1 where the client says nothing."""

    on: float = 1.0  # that the client runs
    active: float = 1.0  # … and may compute
    cpu_and_network: float = 1.0  # may compute and has a connection

    @property
    def availability(self) -> float:
        return self.on * self.active


@value_class
class NetStats:
    up: float = 0.0
    down: float = 0.0


@value_class
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


@value_class
class Coprocessor:
    kind: str  # NVIDIA, ATI, intel_gpu, apple_gpu or what a client's settings name
    model: str = ""
    count: int = 0
    memory_bytes: float = 0.0  # of one
    cuda: int = 0  # the newest CUDA that its driver knows, 12040 for 12.4; 0 where its client does not say
    ask: Ask = field(default_factory=Ask)

    @property
    def present(self) -> int:
        """How many there are. A client whose settings simulate them says none, and asks for their work all the same."""
        return self.count or int(self.ask.seconds > 0 or self.ask.instances > 0)


@value_class
class OutputFile:
    name: str
    md5: str = ""
    error: str = ""  # why it could not be uploaded, for ever


@value_class
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


@value_class
class Trickle:
    task: str
    variety: str
    body: bytes  # the program's own XML, as it came


@value_class
class HeldVersion:
    """An app version that a client has; of an anonymous platform the only word about it."""

    app: str
    version: int = 0
    platform: str = ""
    plan_class: str = ""
    coprocessor: str = ""  # its kind; empty without


@value_class
class Preferences:
    """What a volunteer allows, as far as the choice of work depends on it; percentages of the whole."""

    modified_at: float = 0.0
    cores_percent: float = 100.0  # while somebody works at the computer; 0 is all of them
    idle_cores_percent: float = 100.0  # and while nobody does: the same where a client knows no difference
    memory_busy_percent: float = 50.0
    memory_idle_percent: float = 90.0


@value_class
class SchedulerRequest:
    authenticator: str  # an account's key or a weak key
    host_id: int = 0  # 0: the host does not know it yet
    rpc_seqno: int = 0
    version: tuple[int, int, int] = (0, 0, 0)
    brand: str = ""
    dont_send_work: bool = False
    work_seconds: float = 0.0
    cpu: Ask = field(default_factory=Ask)
    platforms: tuple[str, ...] = ()  # the main one first; "anonymous" where the volunteer brings the program
    code_sign_key: str = ""
    working_preferences: Preferences = field(default_factory=Preferences)  # those in force
    global_preferences: bytes = b""  # the stored ones with their venues: raw, for `valid_preferences`
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


_STATES = {state.value: state for state in ClientState}


def peek_authenticator(body: bytes) -> str:
    """The key at the head of a request, empty where there is none; nothing else of the body is looked at."""
    match = _PEEK.search(body, 0, 4096)
    return one_line(match[1], 255) if match else ""


def read_request(body: bytes) -> SchedulerRequest:
    plain, sections = cut_sections(body)
    top = parse_element_tree(plain)
    if top.leaves or len(top.children) != 1 or top.children[0].tag != b"scheduler_request":
        raise malformed_request("it is not one <scheduler_request>")
    return _request(top.children[0], sections)


def _request(root: Element, sections: Sections) -> SchedulerRequest:
    host = _section(root, b"host_info", sections)
    stored = _section(root, b"global_preferences", sections)
    version, platforms, brand = _version(root), _platforms(root), root.text(b"client_brand")
    return SchedulerRequest(
        authenticator=root.text(b"authenticator"),
        host_id=root.whole(b"hostid", high=2**63 - 1),
        rpc_seqno=root.whole(b"rpc_seqno"),
        version=version,
        brand=brand,
        dont_send_work=root.flag(b"dont_send_work"),
        work_seconds=root.number(b"work_req_seconds", high=1e10),
        cpu=_ask(root, b"cpu_req_secs", b"cpu_req_instances"),
        platforms=platforms,
        code_sign_key=decode_lines(root.leaves.get(b"code_sign_key", b"")[:LONGEST_KEY]).strip(),
        working_preferences=read_preferences(_section(root, b"working_global_preferences", sections)),
        global_preferences=stored,
        preferences_modified_at=parse_leaves(stored).number(b"mod_time", high=1e11) if stored else 0.0,
        preferences_source=root.text(b"global_prefs_source_email_hash"),
        cross_project_id=root.text(b"cross_project_id"),
        time_stats=_time_stats(root.child(b"time_stats")),
        net_stats=_net_stats(root.child(b"net_stats")),
        disk_share=root.child(b"disk_usage").number(b"d_project_share"),
        host_info=host,
        host_digest=_digest(host, *platforms, brand, *map(str, version)),
        coprocessors=_coprocessors(root),
        results=_reports(root, sections),
        trickles=_trickles(sections),
        app_versions=tuple(
            _held_version(app_version) for app_version in root.child(b"app_versions").children_named(b"app_version")
        ),
        other_results=_other_results(root),
        files=_names(root.children_named(b"file_info")),
    )


def _version(root: Element) -> tuple[int, int, int]:
    return (
        root.whole(b"core_client_major_version", high=2**31),
        root.whole(b"core_client_minor_version", high=2**31),
        root.whole(b"core_client_release", high=2**31),
    )


def valid_preferences(section: bytes) -> str:
    """The stored preferences of a request as a whole element, if other hosts could read it; else nothing.

    Some project's site wrote them, not the client.
    """
    element = f"<global_preferences>\n{decode_lines(section)}\n</global_preferences>"
    try:
        parse_element_tree(section)
        # What is kept is read as well: without its control characters a word can have become an entity.
        parse_element_tree(element.encode())
    except MalformedRequest:
        return ""
    return element


def wrap_preferences(text: str) -> str:
    """Preferences that somebody wrote by hand or program, with the element around them or not, as one whole element."""
    text = decode_lines(text.encode())
    whole = text if text.startswith(_WHOLE) else f"{_WHOLE}\n{text}\n</global_preferences>"
    top = parse_element_tree(whole.encode())
    if top.leaves or len(top.children) != 1:
        raise MalformedRequest("The preferences are not one element. Nothing was changed.")
    return whole


def date_preferences(whole: str, now: int) -> tuple[str, int]:
    """The same with the second at which they were changed: now, where they say none or one that is to come."""
    theirs = int(read_preferences(whole.encode()).modified_at)
    modified_at = min(theirs, now) or now
    if theirs == modified_at:
        return whole, theirs
    undated = _DATE.sub("", whole)
    return undated.replace(_WHOLE, f"{_WHOLE}\n<mod_time>{modified_at}</mod_time>", 1), modified_at


def read_host_info(section: bytes) -> HostInfo:
    """What a host is, from the raw section of a request; numbers that are missing or absurd are the defaults.

    Windows tells of the Linux systems within it as well, each with a name and a version of its own.
    """
    before, _, within = section.partition(b"<wsl>")
    says = parse_leaves(before + within.partition(b"</wsl>")[2])
    return HostInfo(
        cpid=says.text(b"host_cpid"),
        domain_name=says.text(b"domain_name"),
        address=says.text(b"ip_addr"),
        timezone=says.whole(b"timezone", low=-86_400, high=86_400),
        cores=says.whole(b"p_ncpus", default=1, low=1, high=65_536),
        vendor=says.text(b"p_vendor"),
        model=says.text(b"p_model"),
        features=says.text(b"p_features", 8192),
        flops=says.number(b"p_fpops"),
        iops=says.number(b"p_iops"),
        memory_bandwidth=says.number(b"p_membw"),
        memory_bytes=says.number(b"m_nbytes"),
        cache_bytes=says.number(b"m_cache"),
        swap_bytes=says.number(b"m_swap"),
        disk_total=says.number(b"d_total"),
        disk_free=says.number(b"d_free"),
        os_name=says.text(b"os_name"),
        os_version=says.text(b"os_version"),
    )


def read_preferences(section: bytes) -> Preferences:
    """What the preferences in force allow, from the raw section of a request; BOINC's defaults where it is silent."""
    says = parse_leaves(section)
    usual = Preferences()
    cores_percent = says.number(b"max_ncpus_pct", usual.cores_percent, high=100.0)
    return Preferences(
        modified_at=says.number(b"mod_time", high=1e11),
        cores_percent=cores_percent,
        idle_cores_percent=says.number(b"niu_max_ncpus_pct", cores_percent, high=100.0),
        memory_busy_percent=says.number(b"ram_max_used_busy_pct", usual.memory_busy_percent, high=100.0),
        memory_idle_percent=says.number(b"ram_max_used_idle_pct", usual.memory_idle_percent, high=100.0),
    )


def _section(element: Element, tag: bytes, sections: Sections) -> bytes:
    place = element.leaves.get(tag)
    return sections[int(place)][1] if place else b""


def _digest(host: bytes, *words: str) -> bytes:
    """A digest of what describes a host; its free disk space changes with every contact and stays out."""
    before, _, rest = host.partition(b"<d_free>")
    _, _, after = rest.partition(b"</d_free>")
    return blake2b(b"\0".join((before, after, "\0".join(words).encode())), digest_size=16).digest()


def _platforms(root: Element) -> tuple[str, ...]:
    names = (
        root.text(b"platform_name"),
        *(platform.text(b"name") for platform in root.children_named(b"alt_platform")),
    )
    return tuple(name for name in names if name)


def _ask(says: Element, seconds: bytes, instances: bytes) -> Ask:
    return Ask(
        seconds=says.number(seconds, high=1e10),
        instances=says.number(instances, high=1e5),
    )


def _time_stats(says: Element) -> TimeStats:
    return TimeStats(
        on=says.number(b"on_frac", 1.0, high=1.0),
        active=says.number(b"active_frac", 1.0, high=1.0),
        cpu_and_network=says.number(b"cpu_and_network_available_frac", 1.0, high=1.0),
    )


def _net_stats(says: Element) -> NetStats:
    return NetStats(up=says.number(b"bwup"), down=says.number(b"bwdown"))


def _coprocessors(root: Element) -> tuple[Coprocessor, ...]:
    return tuple(_coprocessor(child) for child in root.child(b"coprocs").children if child.tag in _KINDS)


def _coprocessor(says: Element) -> Coprocessor:
    opencl = says.child(b"coproc_opencl")
    memory = says.number(b"totalGlobalMem") or says.number(b"localRAM") * 2**20 or opencl.number(b"global_mem_size")
    return Coprocessor(
        kind=_KINDS[says.tag] or says.text(b"type"),
        model=says.text(b"name"),
        count=says.whole(b"count", high=1024),
        memory_bytes=memory,
        cuda=says.whole(b"cudaVersion"),
        ask=_ask(says, b"req_secs", b"req_instances"),
    )


def _reports(root: Element, sections: Sections) -> tuple[TaskReport, ...]:
    return tuple(
        _report(result, name, sections) for result in root.children_named(b"result") if (name := result.text(b"name"))
    )


def _report(says: Element, name: str, sections: Sections) -> TaskReport:
    message, stderr = _last_words(_section(says, b"stderr_out", sections))
    return TaskReport(
        name=name,
        exit_status=says.whole(b"exit_status", low=-(2**31), high=2**32),
        state=_STATES.get(says.whole(b"state"), ClientState.NEW),
        cpu_seconds=says.number(b"final_cpu_time", high=1e10),
        elapsed_seconds=says.number(b"final_elapsed_time", high=1e10),
        peak_memory_bytes=says.number(b"final_peak_working_set_size"),
        peak_disk_bytes=says.number(b"final_peak_disk_usage"),
        message=message,
        stderr=stderr,
        files=tuple(
            OutputFile(
                name=name,
                md5=file.text(b"md5_cksum"),
                error=file.text(b"error_msg", 1000),
            )
            for file in says.children_named(b"file_info")
            if (name := file.text(b"name"))
        ),
    )


def _last_words(section: bytes) -> tuple[str, str]:
    if not section:
        return "", ""
    _, opened, inside = section.partition(b"<![CDATA[")
    if opened:
        head, closed, _ = inside.rpartition(b"]]>")
        inside = head if closed else inside
    else:
        inside = unescape_xml(section.rpartition(b"</core_client_version>")[2])
    before, marked, rest = inside.partition(b"<stderr_txt>")
    program, closed, after = rest.rpartition(b"</stderr_txt>")
    if marked and not closed:
        program, after = rest, b""
    words = (before + after).replace(b"<message>", b"").replace(b"</message>", b"")
    return decode_lines(words[:LONGEST_MESSAGE]).strip(), decode_lines(program[-LONGEST_STDERR:])


def _trickles(sections: Sections) -> tuple[Trickle, ...]:
    heads = ((content, _TRICKLE.match(content)) for tag, content in sections if tag == b"msg_from_host")
    return tuple(_trickle(head, content[head.end() :]) for content, head in heads if head)


def _trickle(head: re.Match[bytes], body: bytes) -> Trickle:
    variety = _VARIETY.search(body)
    return Trickle(
        task=one_line(head[1], 255),
        variety=one_line(variety[1], 255) if variety else "",
        body=body.rstrip(),
    )


def read_progress(trickle: Trickle) -> tuple[float, float] | None:
    if trickle.variety != "progress":
        return None
    says = parse_leaves(trickle.body[:_LONGEST_PROGRESS])
    fraction = says.number(b"fraction_done", -1.0, high=1.0)
    if fraction < 0.0:
        return None
    return fraction, says.number(b"cpu_seconds", high=_MOST_SECONDS)


def _held_version(says: Element) -> HeldVersion:
    return HeldVersion(
        app=says.text(b"app_name"),
        version=says.whole(b"version_num", high=2**31),
        platform=says.text(b"platform"),
        plan_class=says.text(b"plan_class"),
        coprocessor=says.child(b"coproc").text(b"type"),
    )


def _other_results(root: Element) -> tuple[str, ...] | None:
    others = root.child(b"other_results")
    if not others.tag and b"other_results" not in root.leaves:
        return None
    return _names(others.children_named(b"other_result"))


def _names(elements: Iterable[Element]) -> tuple[str, ...]:
    return tuple(name for element in elements if (name := element.text(b"name")))
