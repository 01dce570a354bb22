"""The bytes that a simulated computer's client sends. What it says every time is written once.

Its volunteer brings the program (BOINC's anonymous platform), since nothing of ours is ever computed there.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.boinc.xml import escape_xml
from simulation.fleet import Nature

_FLOPS = 4e9  # of a core as fast as the reference


@dataclass(frozen=True, kw_only=True, slots=True)
class UploadSlot:
    """The file that a task may upload."""

    name: str
    url: str
    token: str
    most_bytes: int


_TOP = """<scheduler_request>
<authenticator>{key}</authenticator>
<hostid>{host}</hostid>
<rpc_seqno>{seqno}</rpc_seqno>
<core_client_major_version>7</core_client_major_version>
<core_client_minor_version>20</core_client_minor_version>
<core_client_release>5</core_client_release>
<work_req_seconds>{seconds:f}</work_req_seconds>
<cpu_req_secs>{seconds:f}</cpu_req_secs>
<cpu_req_instances>{idle:f}</cpu_req_instances>
"""
_COMPUTER = """<platform_name>anonymous</platform_name>
<app_versions>
<app_version><app_name>axiom</app_name><version_num>100</version_num><platform>x86_64-pc-linux-gnu</platform>\
<avg_ncpus>1</avg_ncpus><flops>{flops:f}</flops></app_version>
</app_versions>
<working_global_preferences>
<global_preferences><max_ncpus_pct>100</max_ncpus_pct><ram_max_used_busy_pct>90</ram_max_used_busy_pct>\
<ram_max_used_idle_pct>90</ram_max_used_idle_pct></global_preferences>
</working_global_preferences>
<global_preferences><mod_time>{preferred:f}</mod_time><max_ncpus_pct>100</max_ncpus_pct></global_preferences>
<time_stats><on_frac>0.99</on_frac><active_frac>0.99</active_frac></time_stats>
<host_info>
<timezone>0</timezone>
<domain_name>{name}</domain_name>
<host_cpid>{cpid}</host_cpid>
<p_ncpus>{cores}</p_ncpus>
<p_vendor>Simulated</p_vendor>
<p_model>Simulated processor {build}</p_model>
<p_features>fpu sse sse2 sse4_2 avx avx2 fma</p_features>
<p_fpops>{flops:f}</p_fpops>
<m_nbytes>{memory}</m_nbytes>
<d_total>1000000000000</d_total>
<d_free>900000000000</d_free>
<os_name>Linux</os_name>
<os_version>simulated</os_version>
</host_info>
<disk_usage><d_project_share>100000000000</d_project_share></disk_usage>
<coprocs>{gpus}</coprocs>
"""
_GPU = "<coproc_cuda><count>{count}</count><name>Simulated card</name>\
<totalGlobalMem>8000000000</totalGlobalMem></coproc_cuda>"
_RESULT = """<result>
<name>{name}</name>
<final_cpu_time>{cpu:f}</final_cpu_time>
<final_elapsed_time>{elapsed:f}</final_elapsed_time>
<exit_status>{status}</exit_status>
<state>{state}</state>
<final_peak_working_set_size>50000000</final_peak_working_set_size>
<stderr_out>
<core_client_version>7.20.5</core_client_version>
<![CDATA[
{said}
]]>
</stderr_out>
{file}</result>
"""
_FILE = "<file_info><name>{name}</name><nbytes>{size}</nbytes><md5_cksum>{md5}</md5_cksum></file_info>\n"
_UPLOAD = """<data_server_request>
<file_upload>
<file_info>
<name>{name}</name>
<xml_signature>
{token}
</xml_signature>
<max_nbytes>{most}</max_nbytes>
</file_info>
<nbytes>{size}</nbytes>
<md5_cksum>{md5}</md5_cksum>
<offset>{offset}</offset>
<data>
"""


def cpid_of(nature: Nature, salt: str) -> str:
    """What its client calls the computer."""
    return hashlib.md5(f"axiom-simulated-{salt}-{nature.number}".encode(), usedforsecurity=False).hexdigest()


def computer(nature: Nature, salt: str, now: float) -> str:
    """What the client says of its computer; `now` is the computer's own clock."""
    build = nature.build
    return _COMPUTER.format(
        flops=_FLOPS * nature.speed,
        preferred=max(0.0, now),
        name=f"{build.name}-{nature.number}",
        cpid=cpid_of(nature, salt),
        cores=build.cores,
        build=build.name,
        memory=build.memory_mb * 2**20,
        gpus=_GPU.format(count=build.gpus) if build.gpus else "",
    )


def request(
    *,
    key: str,
    host: int,
    seqno: int,
    about: str,
    reports: Sequence[str],
    in_hand: Sequence[str],
    seconds: float,
    idle: int,
) -> bytes:
    """One contact: who asks, what is reported, what is still in hand, how much more is wanted."""
    others = "".join(f"<other_result><name>{name}</name></other_result>\n" for name in in_hand)
    top = _TOP.format(key=key, host=host, seqno=seqno, seconds=seconds, idle=idle)
    return f"{top}{about}{''.join(reports)}<other_results>\n{others}</other_results>\n</scheduler_request>\n".encode()


def success(name: str, slot: UploadSlot, *, size: int, md5: str, elapsed: float) -> str:
    """The report of a task whose output was uploaded."""
    file = _FILE.format(name=slot.name, size=size, md5=md5)
    return _RESULT.format(name=name, cpu=elapsed * 0.98, elapsed=elapsed, status=0, state=5, said="", file=file)


def failure(name: str, *, status: int, state: int, elapsed: float, message: str) -> str:
    """The report of a task that ended otherwise."""
    message = escape_xml(message)
    return _RESULT.format(name=name, cpu=elapsed, elapsed=elapsed, status=status, state=state, said=message, file="")


def md5(body: bytes) -> str:
    """By which a client knows a file."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def upload(slot: UploadSlot, *, size: int, md5: str, offset: int) -> bytes:
    """The head of an upload; the bytes from the offset on follow it."""
    return _UPLOAD.format(
        name=slot.name, token=slot.token, most=slot.most_bytes, size=size, md5=md5, offset=offset
    ).encode()


def size_query(slot: UploadSlot) -> bytes:
    """How much of the file is there already?"""
    return f"<data_server_request>\n<get_file_size>{slot.name}</get_file_size>\n</data_server_request>\n".encode()
