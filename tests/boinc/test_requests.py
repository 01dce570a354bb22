"""Every recorded request is read field by field, and so is what the recorded ones lack."""

import dataclasses
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from axiom.boinc.read_request import (
    peek_authenticator,
    read_host_info,
    read_preferences,
    read_request,
    sound_preferences,
)
from axiom.boinc.requests import (
    Ask,
    ClientState,
    Coprocessor,
    HeldFile,
    HeldTask,
    HeldVersion,
    OutputFile,
    Preferences,
    RunningTask,
    SchedulerRequest,
    TimeStats,
    Trickle,
)

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


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_request_says_who_asks_for_what(name):
    request = read_request(RECORDED[name])
    others = request.other_results
    assert others is not None
    assert FACTS[name] == (
        request.host_id,
        request.rpc_seqno,
        request.cpu.seconds,
        request.cpu.instances,
        len(request.results),
        len(others),
        len(request.app_versions),
    )
    assert request.version == (7, 20, 5)
    assert request.several_on_host
    assert not request.dont_send_work
    assert request.authenticator == peek_authenticator(RECORDED[name])
    assert len(request.authenticator) >= 32


def leaves(element: ET.Element) -> dict[str, str]:
    return {each.tag: (each.text or "").strip() for each in element if not len(each)}


@pytest.mark.parametrize("name", sorted(set(RECORDED) - {"reports_exit_7"}))
def test_a_recorded_request_is_read_as_a_strict_parser_reads_it(name):
    request = read_request(RECORDED[name])
    root = ET.fromstring(RECORDED[name])
    top, host = leaves(root), leaves(root.find("host_info"))
    assert (request.authenticator, request.work_seconds) == (top["authenticator"], float(top["work_req_seconds"]))
    assert (request.platforms, request.cross_project_id) == ((top["platform_name"],), top["cross_project_id"])
    assert request.code_sign_key == top.get("code_sign_key", "")
    says = read_host_info(request.host_info)
    assert (says.cpid, says.cores, says.model) == (host["host_cpid"], int(host["p_ncpus"]), host["p_model"])
    assert (says.features, says.os_version) == (host["p_features"], host["os_version"])
    assert (says.memory_bytes, says.disk_free) == (float(host["m_nbytes"]), float(host["d_free"]))
    disk, times = leaves(root.find("disk_usage")), leaves(root.find("time_stats"))
    assert request.disk.project_share == float(disk["d_project_share"])
    assert request.time_stats.on == float(times["on_frac"])
    assert request.net_stats.down == float(leaves(root.find("net_stats"))["bwdown"])
    assert [task.name for task in request.other_results] == [
        each.findtext("name") for each in root.iterfind("other_results/other_result")
    ]
    for ours, theirs in zip(request.results, root.iterfind("result"), strict=True):
        told = leaves(theirs)
        assert (ours.name, ours.exit_status, ours.state) == (
            told["name"], int(told["exit_status"]), int(told["state"])
        )  # fmt: skip
        assert (ours.cpu_seconds, ours.elapsed_seconds) == (
            float(told["final_cpu_time"]), float(told["final_elapsed_time"])
        )  # fmt: skip
        assert ours.peak_disk_bytes == float(told.get("final_peak_disk_usage", 0))
        words = "".join(theirs.find("stderr_out").itertext())
        assert ours.stderr in words
        assert ours.message in words


ENDS = [  # request, task, exit status, state, beginning of the client's message, end of the program's words
    ("reports_one_success", "axiom_ok_00001_0", 0, ClientState.UPLOADED, "", "done hb=2 status=2 control=0"),
    (
        "reports_download_failure_186",
        "axiom_ok_00024_0",
        -186,
        ClientState.DOWNLOADING,
        "WU download error: couldn't get",
        "",
    ),
    (
        "reports_exit_7",
        "axiom_exit_00006_0",
        7,
        ClientState.COMPUTE_ERROR,
        "process exited with code 7",
        "& <  bad bytes",
    ),
    ("reports_signal_11", "axiom_signal_00007_0", 11, ClientState.COMPUTE_ERROR, "process got signal 11", "'}"),
    ("reports_user_abort_203", "axiom_ok_00014_0", 203, ClientState.ABORTED, "aborted by user", "abort -> exit 194"),
    (
        "reports_time_limit_197",
        "axiom_ok_00003_0",
        197,
        ClientState.COMPUTE_ERROR,
        "exceeded elapsed time limit 130.00",
        "",
    ),
    (
        "reports_server_abort_202",
        "axiom_ok_00016_0",
        202,
        ClientState.ABORTED,
        "aborted by project - no longer usable",
        "",
    ),
    (
        "reports_disk_196_and_memory_198",
        "axiom_mem_00004_0",
        198,
        ClientState.COMPUTE_ERROR,
        "working set size > client",
        "abort -> exit 194",
    ),
]


@pytest.mark.parametrize(("name", "task", "exit_status", "state", "message", "end"), ENDS, ids=[row[0] for row in ENDS])
def test_each_end_of_a_task_comes_with_its_words(name, task, exit_status, state, message, end):
    report = read_request(RECORDED[name]).results[0]
    assert (task or report.name, exit_status, state) == (report.name, report.exit_status, report.state)
    assert report.message.startswith(message)
    assert (report.message == "") == (message == "")
    assert report.stderr.rstrip().endswith(end)


def test_an_uploaded_file_is_read():
    assert read_request(RECORDED["reports_one_success"]).results[0].files == (
        OutputFile(name="axiom_ok_00001_0_out.json", md5="f9c8d93c2e25b65901d9c0781078c750"),
    )


def test_gpus_and_what_they_ask_for_are_read():
    request = read_request(RECORDED["two_gpus"])
    assert request.coprocessors == (Coprocessor(kind="NVIDIA", ask=Ask(seconds=367.772608)),)
    assert request.coprocessors[0].present == 1  # simulated: it says 0, and asks for their work
    assert Coprocessor(kind="NVIDIA").present == 0
    assert Coprocessor(kind="NVIDIA", count=2, ask=Ask(instances=1.0)).present == 2
    assert request.asks_for_work
    assert request.app_versions == (
        HeldVersion(
            app="axiom",
            version=100,
            platform="x86_64-pc-linux-gnu",
            plan_class="nv_test",
            flops=1e9,
            cores=0.5,
            coprocessor="NVIDIA",
            coprocessors=1.0,
        ),
    )
    assert request.other_results[0] == HeldTask(name="axiom_ok_00018_0", app_version=0, plan_class="nv_test")


def test_a_trickle_keeps_the_program_s_own_xml():
    assert read_request(RECORDED["trickle_up"]).trickles == (
        Trickle(
            task="axiom_ok_00013_0",
            sent_at=1795155061.0,
            variety="axiom",
            body=b"<variety>axiom</variety>\n<note>half way 20.02</note>",
        ),
    )


def test_stored_preferences_are_kept_as_they_came():
    request = read_request(RECORDED["reports_download_failure_186"])
    raw = RECORDED["reports_download_failure_186"].split(b"</working_global_preferences>\n")[1]
    stored = sound_preferences(request.global_preferences)
    assert stored.encode() == raw[: raw.index(b"</global_preferences>") + 21]
    assert '<venue name="home">\n<max_ncpus_pct>100</max_ncpus_pct>\n</venue>' in stored
    assert request.preferences_modified_at == 1795154000.0
    assert request.preferences_source == "5d60d4e28066df254d5452f92c910092"
    working = read_preferences(request.working_preferences)
    assert (working.cores_percent, working.memory_busy_percent, working.disk_max_gigabytes) == (100.0, 90.0, 10.0)
    assert (working.buffer_days, working.extra_buffer_days) == (0.0001, 0.0001)


@pytest.mark.parametrize("inside", [b"<a>", b"</a>", b"<venue name='home'></venue>", b"text", b"<a>&\x01foo;</a>"])
def test_stored_preferences_that_others_could_not_read_are_left_out(inside):
    body = scheduler_request(b"<hostid>3</hostid><global_preferences>" + inside + b"</global_preferences><x><y/></x>")
    request = read_request(body)
    assert (request.host_id, sound_preferences(request.global_preferences)) == (3, "")


def test_what_a_person_wrote_into_the_client_s_files_does_not_keep_its_reports_out():
    recorded = RECORDED["reports_one_success"]
    farm = b"<client_opaque>\n<![CDATA[\nsite 7\n]]>\n</client_opaque>\n"
    edited = b"<global_preferences>\n<!-- home -->\n<mod_time>9</mod_time>\n</global_preferences>\n"
    without = re.sub(rb"<global_preferences>.*?</global_preferences>\s*", b"", recorded, flags=re.DOTALL)
    request = read_request(without.replace(b"</scheduler_request>", farm + edited + b"</scheduler_request>"))
    assert request.results == read_request(recorded).results
    assert (request.global_preferences, request.preferences_modified_at) == (b"", 0.0)


def test_the_volunteer_s_own_program_is_recognised():
    request = read_request(RECORDED["anonymous_platform"])
    assert request.anonymous
    assert request.app_versions[0].platform == "x86_64-pc-linux-gnu"
    assert not read_request(RECORDED["first_contact"]).anonymous


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
<coproc_cuda><count>2</count><name>Tesla T4</name><have_cuda>1</have_cuda><cudaVersion>12040</cudaVersion>
<drvVersion>55054</drvVersion><totalGlobalMem>15842934784.000000</totalGlobalMem><major>7</major><minor>5</minor>
<req_secs>10</req_secs><req_instances>2</req_instances><estimated_delay>5</estimated_delay></coproc_cuda>
<coproc_ati><count>1</count><name>Hawaii</name><localRAM>4096</localRAM><have_cal/></coproc_ati>
<coproc_intel_gpu><count>1</count><have_opencl>1</have_opencl>
<coproc_opencl><name>UHD</name><global_mem_size>6600000000</global_mem_size></coproc_opencl></coproc_intel_gpu>
<coproc><type>miner_asic</type><count>3</count></coproc><unheard_of><count>1</count></unheard_of>
</coprocs>
<result><name>a_0</name><state>99</state><exit_status>-1073741819</exit_status><plan_class>cpu_avx2</plan_class>
<file_info><name>a_0_out</name><error_msg>&lt;file size too big&gt;</error_msg></file_info></result>
<result><state>5</state></result>
<result><name>../../etc/passwd</name></result>
<in_progress_results><ip_result><name>b_0</name><report_deadline>1795155061</report_deadline>
<cpu_time_remaining>60.5</cpu_time_remaining></ip_result></in_progress_results>
<file_info><name>bundle.zip</name><nbytes>4000.000000</nbytes><status>1</status></file_info>
<other_results></other_results>
"""


def test_what_the_recorded_requests_lack_is_read_too():
    request = read_request(scheduler_request(RARE))
    assert request.host_id == 2**53 + 1
    assert (request.brand, request.platforms) == ("HTC Power to Give", ("windows_x86_64", "windows_intelx86"))
    assert not request.asks_for_work  # the volunteer says no, whatever the GPUs want
    cuda, ati, intel, other = request.coprocessors
    assert (cuda.kind, cuda.count, cuda.cuda_version, cuda.compute_capability) == ("NVIDIA", 2, 12040, 705)
    assert cuda.ask == Ask(seconds=10.0, instances=2.0, estimated_delay=5.0)
    assert cuda.ask.wanted
    assert (ati.kind, ati.memory_bytes, ati.have_cal) == ("ATI", 2.0**32, True)
    assert (intel.kind, intel.memory_bytes, intel.have_opencl) == ("intel_gpu", 6.6e9, True)
    assert (other.kind, other.count) == ("miner_asic", 3)
    first, second = request.results
    assert (first.exit_status, first.state) == (-1073741819, ClientState.NEW)
    assert first.files == (OutputFile(name="a_0_out", error="<file size too big>"),)
    assert second.name == "../../etc/passwd"  # acknowledged like any name that nobody gave
    assert request.running == (RunningTask(name="b_0", deadline=1795155061.0, seconds_left=60.5),)
    assert request.files == (HeldFile(name="bundle.zip", bytes=4000.0, status=1),)
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
    for old, new in [
        (b"<p_ncpus>2", b"<p_ncpus>4"),
        (b"minor_version>20", b"minor_version>22"),
        (b"x86_64-pc", b"arm64-pc"),
    ]:
        assert read_request(body.replace(old, new)).host_digest != digest


WSL = b"""    <wsl>
        <distro>
            <distro_name>Ubuntu</distro_name>
            <os_name>Linux Ubuntu</os_name>
            <os_version>Ubuntu 24.04 [5.15.167.4-microsoft-standard-WSL2|libc 2.39]</os_version>
        </distro>
    </wsl>
    <virtualbox_version>7.0.20</virtualbox_version>
</host_info>"""


def test_a_windows_computer_is_none_of_the_systems_that_run_within_its_own():
    body = re.sub(rb"</host_info>", lambda _: WSL, RECORDED["first_contact"])
    says = read_host_info(read_request(body).host_info)
    alone = read_host_info(read_request(RECORDED["first_contact"]).host_info)
    assert says == dataclasses.replace(alone, virtualbox_version="7.0.20")
    cut_short = b"<os_name>Windows</os_name><wsl><os_name>Ubuntu</os_name>"
    assert read_host_info(cut_short).os_name == "Windows"


def test_the_key_can_be_had_without_reading_the_rest():
    assert peek_authenticator(b"<scheduler_request>\n<authenticator> ab&lt;1 </authenticator><broken") == "ab<1"
    assert peek_authenticator(b"x" * 5000 + b"<authenticator>late</authenticator>") == ""
    assert peek_authenticator(b"") == ""
