"""Every recorded request is read field by field; whatever else is sent is refused, or holds nothing absurd."""

import dataclasses
import math
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.boinc.requests import (
    Ask,
    ClientState,
    Coprocessor,
    HeldVersion,
    OutputFile,
    Preferences,
    SchedulerRequest,
    TimeStats,
    Trickle,
    peek_authenticator,
    read_host_info,
    read_preferences,
    read_request,
    valid_preferences,
)
from axiom.errors import MalformedRequest

RECORDED = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "recorded").glob("*.xml"))}


def scheduler_request(inside: bytes) -> bytes:
    return b"<scheduler_request>" + inside + b"</scheduler_request>"


FACTS = {  # host, number of contact, seconds and instances asked for, results, tasks held, app versions held
    "anonymous_platform": (0, 0, 1.0, 0.0, 0, 0, 1),
    "first_contact": (0, 0, 1.0, 0.0, 0, 0, 0),
    "idle_asks_for_work": (1, 3, 377.28, 2.0, 0, 0, 1),
    "reports_disk_196_and_memory_198": (3, 3, 377.28, 2.0, 2, 0, 1),
    "reports_download_failure_186": (6, 9, 377.28, 1.0, 1, 0, 1),
    "reports_exit_7": (4, 2, 358.249889, 0.0, 1, 4, 1),
    "reports_many": (2, 2, 1605.28, 0.0, 7, 29, 1),
    "reports_one_success": (1, 1, 372.765216, 1.0, 1, 1, 1),
    "reports_server_abort_202": (1, 12, 363.660013, 1.0, 2, 1, 1),
    "reports_signal_11": (4, 1, 352.768256, 0.0, 1, 5, 1),
    "reports_time_limit_197": (2, 3, 377.28, 2.0, 1, 0, 1),
    "reports_user_abort_203": (1, 10, 291.229319, 0.0, 1, 3, 1),
    "second_contact_with_task": (1, 0, 372.76626, 1.0, 0, 1, 1),
    "trickle_up": (1, 11, 311.654637, 0.0, 0, 3, 1),
    "two_gpus": (5, 2, 372.526304, 1.0, 0, 2, 1),
}


def leaves(element: ET.Element) -> dict[str, str]:
    return {child.tag: (child.text or "").strip() for child in element if not len(child)}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_request_is_read_as_a_strict_parser_reads_it(name):
    request = read_request(RECORDED[name])
    asked = request.host_id, request.rpc_seqno, request.cpu.seconds, request.cpu.instances
    assert FACTS[name] == (*asked, len(request.results), len(request.other_results), len(request.app_versions))
    assert (request.version, request.dont_send_work) == ((7, 20, 5), False)
    assert request.authenticator == peek_authenticator(RECORDED[name])
    if name == "reports_exit_7":
        return  # no strict parser reads what that program wrote
    root = ET.fromstring(RECORDED[name])
    top, host = leaves(root), leaves(root.find("host_info"))
    assert request.authenticator == top["authenticator"]
    assert request.work_seconds == float(top["work_req_seconds"])
    assert request.platforms == (top["platform_name"],)
    assert request.cross_project_id == top["cross_project_id"]
    assert request.code_sign_key == top.get("code_sign_key", "")
    described = read_host_info(request.host_info)
    expected = host["host_cpid"], int(host["p_ncpus"]), host["p_model"]
    assert (described.cpid, described.cores, described.model) == expected
    assert (described.features, described.os_version) == (host["p_features"], host["os_version"])
    assert (described.memory_bytes, described.disk_free) == (float(host["m_nbytes"]), float(host["d_free"]))
    assert request.disk_share == float(leaves(root.find("disk_usage"))["d_project_share"])
    assert request.time_stats.on == float(leaves(root.find("time_stats"))["on_frac"])
    assert request.net_stats.down == float(leaves(root.find("net_stats"))["bwdown"])
    assert request.other_results == tuple(name.text for name in root.iterfind("other_results/other_result/name"))
    for ours, theirs in zip(request.results, root.iterfind("result"), strict=True):
        result = leaves(theirs)
        expected = result["name"], int(result["exit_status"]), int(result["state"])
        assert (ours.name, ours.exit_status, ours.state) == expected
        times = float(result["final_cpu_time"]), float(result["final_elapsed_time"])
        assert (ours.cpu_seconds, ours.elapsed_seconds) == times
        assert ours.peak_disk_bytes == float(result.get("final_peak_disk_usage", 0))
        words = "".join(theirs.find("stderr_out").itertext())
        assert ours.stderr in words
        assert ours.message in words


ENDS = [  # request, exit status, state, beginning of the client's message, end of the program's words
    ("reports_one_success", 0, ClientState.UPLOADED, "", "done hb=2 status=2 control=0"),
    ("reports_download_failure_186", -186, ClientState.DOWNLOADING, "WU download error: couldn't get", ""),
    ("reports_exit_7", 7, ClientState.COMPUTE_ERROR, "process exited with code 7", "& <  bad bytes"),
    ("reports_user_abort_203", 203, ClientState.ABORTED, "aborted by user", "abort -> exit 194"),
]


def test_the_end_of_a_task_comes_with_its_words():
    for name, exit_status, state, message, end in ENDS:
        report = read_request(RECORDED[name]).results[0]
        assert (exit_status, state) == (report.exit_status, report.state)
        assert report.message.startswith(message)
        assert (report.message == "") == (message == "")
        assert report.stderr.rstrip().endswith(end)


def test_files_gpus_and_trickles_are_read():
    assert read_request(RECORDED["reports_one_success"]).results[0].files == (
        OutputFile(name="axiom_ok_00001_0_out.json", md5="f9c8d93c2e25b65901d9c0781078c750"),
    )
    request = read_request(RECORDED["two_gpus"])
    assert request.coprocessors == (Coprocessor(kind="NVIDIA", ask=Ask(seconds=367.772608)),)
    assert request.coprocessors[0].present == 1  # simulated: it says 0, and asks for their work
    assert Coprocessor(kind="NVIDIA").present == 0
    assert Coprocessor(kind="NVIDIA", count=2, ask=Ask(instances=1.0)).present == 2
    assert request.asks_for_work
    gpu = {"plan_class": "nv_test", "coprocessor": "NVIDIA"}
    held = HeldVersion(app="axiom", version=100, platform="x86_64-pc-linux-gnu", **gpu)
    assert request.app_versions == (held,)
    assert request.other_results[0] == "axiom_ok_00018_0"
    said = b"<variety>axiom</variety>\n<note>half way 20.02</note>"  # in the program's own XML
    trickle = Trickle(task="axiom_ok_00013_0", variety="axiom", body=said)
    assert read_request(RECORDED["trickle_up"]).trickles == (trickle,)
    own = read_request(RECORDED["anonymous_platform"])
    assert (own.anonymous, own.app_versions[0].platform) == (True, "x86_64-pc-linux-gnu")
    assert not read_request(RECORDED["first_contact"]).anonymous


def test_stored_preferences_are_kept_as_they_came():
    request = read_request(RECORDED["reports_download_failure_186"])
    raw = RECORDED["reports_download_failure_186"].split(b"</working_global_preferences>\n")[1]
    stored = valid_preferences(request.global_preferences)
    assert stored.encode() == raw[: raw.index(b"</global_preferences>") + 21]
    assert '<venue name="home">\n<max_ncpus_pct>100</max_ncpus_pct>\n</venue>' in stored
    assert request.preferences_modified_at == 1795154000.0
    assert request.preferences_source == "5d60d4e28066df254d5452f92c910092"
    working = request.working_preferences
    assert (working.cores_percent, working.memory_busy_percent) == (100.0, 90.0)


@pytest.mark.parametrize("inside", [b"<a>", b"</a>", b"<venue name='home'></venue>", b"text", b"<a>&\x01foo;</a>"])
def test_stored_preferences_that_others_could_not_read_are_left_out(inside):
    body = scheduler_request(b"<hostid>3</hostid><global_preferences>" + inside + b"</global_preferences><x><y/></x>")
    request = read_request(body)
    assert (request.host_id, valid_preferences(request.global_preferences)) == (3, "")


def test_what_a_person_wrote_into_the_client_s_files_does_not_keep_its_reports_out():
    recorded = RECORDED["reports_one_success"]
    farm = b"<client_opaque>\n<![CDATA[\nsite 7\n]]>\n</client_opaque>\n"
    edited = b"<global_preferences>\n<!-- home -->\n<mod_time>9</mod_time>\n</global_preferences>\n"
    without = re.sub(rb"<global_preferences>.*?</global_preferences>\s*", b"", recorded, flags=re.DOTALL)
    request = read_request(without.replace(b"</scheduler_request>", farm + edited + b"</scheduler_request>"))
    assert request.results == read_request(recorded).results
    assert (request.global_preferences, request.preferences_modified_at) == (b"", 0.0)


def test_what_is_not_said_has_boinc_s_defaults():
    request = read_request(scheduler_request(b"<x>1</x>"))
    assert dataclasses.replace(request, host_digest=b"") == SchedulerRequest(authenticator="", other_results=None)
    assert not request.asks_for_work
    assert read_preferences(b"") == Preferences()
    assert read_host_info(b"").cores == 1
    assert TimeStats().availability == 1.0


RARE = rb"""
<hostid>9007199254740993</hostid><client_brand>HTC Power to Give</client_brand><dont_send_work>1</dont_send_work>
<platform_name>windows_x86_64</platform_name>
<alt_platform><name>windows_intelx86</name></alt_platform><alt_platform><name></name></alt_platform>
<coprocs>
<coproc_cuda><count>2</count><name>Tesla T4</name><totalGlobalMem>15842934784.000000</totalGlobalMem>
<req_secs>10</req_secs><req_instances>2</req_instances></coproc_cuda>
<coproc_ati><count>1</count><name>Hawaii</name><localRAM>4096</localRAM><have_cal/></coproc_ati>
<coproc_intel_gpu><count>1</count>
<coproc_opencl><name>UHD</name><global_mem_size>6600000000</global_mem_size></coproc_opencl></coproc_intel_gpu>
<coproc><type>miner_asic</type><count>3</count></coproc><unheard_of><count>1</count></unheard_of>
</coprocs>
<result><name>a_0</name><state>99</state><exit_status>-1073741819</exit_status><plan_class>cpu_avx2</plan_class>
<file_info><name>a_0_out</name><error_msg>&lt;file size too big&gt;</error_msg></file_info></result>
<result><state>5</state></result>
<result><name>../../etc/passwd</name></result>
<file_info><name>bundle.zip</name><nbytes>4000.000000</nbytes><status>1</status></file_info>
<other_results></other_results>
"""


def test_what_the_recorded_requests_lack_is_read_too():
    request = read_request(scheduler_request(RARE))
    assert request.host_id == 2**53 + 1
    assert request.brand == "HTC Power to Give"
    assert request.platforms == ("windows_x86_64", "windows_intelx86")
    assert not request.asks_for_work  # the volunteer says no, whatever the GPUs want
    cuda, ati, intel, other = request.coprocessors
    assert (cuda.kind, cuda.count) == ("NVIDIA", 2)
    assert cuda.ask == Ask(seconds=10.0, instances=2.0)
    assert cuda.ask.wanted
    assert (ati.kind, ati.memory_bytes) == ("ATI", 2.0**32)
    assert (intel.kind, intel.memory_bytes) == ("intel_gpu", 6.6e9)
    assert (other.kind, other.count) == ("miner_asic", 3)
    first, second = request.results
    assert (first.exit_status, first.state) == (-1073741819, ClientState.NEW)
    assert first.files == (OutputFile(name="a_0_out", error="<file size too big>"),)
    assert second.name == "../../etc/passwd"  # acknowledged like any name that nobody gave
    assert request.files == ("bundle.zip",)
    assert request.other_results == ()


WORDS = {  # what stands in <stderr_out>, the client's message, the program's words
    "both": (b"<![CDATA[\n<message>\nm</message>\n<stderr_txt>\ns\n\n</stderr_txt>\n]]>\n", "m", "s"),
    "a second message behind": (
        b"<![CDATA[<message>\nm</message><stderr_txt>\ns\n</stderr_txt><message>\nupload failure</message>]]>",
        "m\nupload failure",
        "s",
    ),
    "tags among the words": (b"<![CDATA[<stderr_txt>a</stderr_txt>b</stderr_txt>]]>", "", "a</stderr_txt>b"),
    "cut short": (b"<![CDATA[<message>m</message><stderr_txt>abc", "m", "abc"),
    "escaped": (
        b"<core_client_version>6</core_client_version>&lt;stderr_txt&gt;a &amp; b&lt;/stderr_txt&gt;",
        "",
        "a & b",
    ),
    "control bytes": (b"<![CDATA[<stderr_txt>a\0\x1b[1m\r\nb\xff\xc2\x9b</stderr_txt>]]>", "", "a[1m\nb\ufffd"),
    "empty": (b"<![CDATA[]]>", "", ""),
    "too long": (b"<![CDATA[<stderr_txt>" + b"x" * 70_000 + b"y</stderr_txt>]]>", "", "x" * 65_535 + "y"),
}


@pytest.mark.parametrize(("section", "message", "stderr"), WORDS.values(), ids=WORDS)
def test_the_client_s_words_and_the_program_s_are_told_apart(section, message, stderr):
    body = scheduler_request(b"<result><name>a</name><stderr_out>" + section + b"</stderr_out></result>")
    (report,) = read_request(body).results
    assert (report.message, report.stderr) == (message, stderr)


def test_the_digest_changes_with_the_host_and_not_with_its_free_disk():
    body = RECORDED["idle_asks_for_work"]
    digest = read_request(body).host_digest
    assert len(digest) == 16
    fuller = re.sub(rb"<d_free>[^<]*", b"<d_free>1.0", body)
    assert fuller != body
    assert read_request(fuller).host_digest == digest
    cores, version = (b"<p_ncpus>2", b"<p_ncpus>4"), (b"minor_version>20", b"minor_version>22")
    for old, new in (cores, version, (b"x86_64-pc", b"arm64-pc")):
        assert read_request(body.replace(old, new)).host_digest != digest


def test_a_windows_computer_is_none_of_the_systems_that_run_within_its_own():
    wsl = b"<wsl><distro><os_name>Linux Ubuntu</os_name><os_version>24.04</os_version></distro></wsl>\n"
    body = RECORDED["first_contact"].replace(b"</host_info>", wsl + b"</host_info>")
    described = read_host_info(read_request(body).host_info)
    alone = read_host_info(read_request(RECORDED["first_contact"]).host_info)
    assert described == alone
    cut_short = b"<os_name>Windows</os_name><wsl><os_name>Ubuntu</os_name>"
    assert read_host_info(cut_short).os_name == "Windows"


def test_the_key_can_be_had_without_reading_the_rest():
    assert peek_authenticator(b"<scheduler_request>\n<authenticator> ab&lt;1 </authenticator><broken") == "ab<1"
    assert peek_authenticator(b"x" * 5000 + b"<authenticator>late</authenticator>") == ""
    assert peek_authenticator(b"") == ""


REFUSED = {
    "nothing": b"",
    "no request": b"<a></a>",
    "a lone leaf": b"<scheduler_request>1</scheduler_request>",
    "two requests": scheduler_request(b"<x>1</x>") * 2,
    "a sea of blanks": scheduler_request(b" " * 5_000_000 + b"<x>1</x>"),
    "half a request": RECORDED["first_contact"][:3000],
    "another word for it": b"<data_server_request><x>1</x></data_server_request>",
    "billion laughs": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "&b;&b;">]>' + scheduler_request(b"<x>&a;</x>"),
    "an external entity": b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + scheduler_request(b"<x>&f;</x>"),
    "a style sheet": b'<?xml-stylesheet href="x"?>' + scheduler_request(b"<x>1</x>"),
    "UTF-16": RECORDED["first_contact"].decode().encode("utf-16"),
    "depth": scheduler_request(b"<a>" * 100_000 + b"</a>" * 100_000),
    "a million fields": scheduler_request(b"<a>1</a>" * 1_000_000),
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused(body):
    with pytest.raises(MalformedRequest):
        read_request(body)


def numbers(value):
    if dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from numbers(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from numbers(item)
    elif isinstance(value, int | float):
        yield value


def read_or_refuse(body: bytes) -> None:
    try:
        request = read_request(body)
    except MalformedRequest:
        return
    described, preferred = read_host_info(request.host_info), request.working_preferences
    assert all(math.isfinite(number) for number in numbers((request, described, preferred)))


bodies = st.sampled_from(list(RECORDED.values()))
ODD = [b"<", b">", b"&", b"\0", b"\xff", b"]]>", b"<![CDATA[", b"</result>", b"<result>", b"-1e999", b"<!--", b"<a b='"]


@given(body=bodies, data=st.data())
@settings(max_examples=100)
def test_an_altered_request_is_read_or_refused(body, data):
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body)))
        end = data.draw(st.integers(at, min(len(body), at + 300)))
        byte, odd = bytes([data.draw(st.integers(0, 255))]), data.draw(st.sampled_from(ODD))
        flipped, inserted = body[:at] + byte + body[at + 1 :], body[:at] + odd + body[at:]
        without, doubled, moved = body[:at] + body[end:], body[:end] + body[at:], body[end:] + body[:end]
        body = data.draw(st.sampled_from([flipped, inserted, without, doubled, moved, body[:at]]))
    read_or_refuse(body)


@given(
    body=bodies,
    value=st.sampled_from([b"nan", b"inf", b"-inf", b"1e999", b"-5", b"", b"9" * 500, b"x", b"\xff", b"&lt;"]),
)
def test_no_number_of_a_request_is_trusted(body, value):
    read_or_refuse(re.sub(rb">-?[0-9.]+<", b">" + value + b"<", body))


TAGS = b"result name stderr_out host_info global_preferences msg_from_host coprocs x time".split()
nested = st.recursive(
    st.binary(max_size=8), lambda inside: st.tuples(st.sampled_from(TAGS), st.lists(inside, max_size=4)), max_leaves=20
)


def written(piece) -> bytes:
    if isinstance(piece, bytes):
        return piece
    tag, inside = piece
    return b"<" + tag + b">" + b"".join(map(written, inside)) + b"</" + tag + b">"


@given(st.lists(nested, max_size=6).map(lambda made: scheduler_request(b"".join(map(written, made)))) | st.binary())
def test_any_nesting_and_any_bytes_are_read_or_refused(body):
    read_or_refuse(body)
