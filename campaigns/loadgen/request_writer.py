"""The bytes that a volunteer's client sends: scheduler requests and uploads, written once and filled in quickly."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulation.replies import HeardOrder

from loadgen.hosts import HeldTask, Host


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What all played computers have in common."""

    platform: str = "x86_64-pc-linux-gnu"
    version: int = 100
    cores: int = 8
    cpu_seconds: float = 3.0  # that each task claims to have taken
    log_bytes: int = 300


_TOP = """<scheduler_request>
    <authenticator>{key}</authenticator>
    <hostid>{id}</hostid>
    <rpc_seqno>"""
_CLIENT = """</rpc_seqno>
    <core_client_major_version>7</core_client_major_version>
    <core_client_minor_version>20</core_client_minor_version>
    <core_client_release>5</core_client_release>
    <resource_share_fraction>1.000000</resource_share_fraction>
    <rrs_fraction>1.000000</rrs_fraction>
    <prrs_fraction>1.000000</prrs_fraction>
    <duration_correction_factor>1.000000</duration_correction_factor>
    <allow_multiple_clients>0</allow_multiple_clients>
    <sandbox>0</sandbox>
"""
_ASK = """    <dont_send_work>{refuse}</dont_send_work>
    <work_req_seconds>{seconds:f}</work_req_seconds>
    <cpu_req_secs>{seconds:f}</cpu_req_secs>
    <cpu_req_instances>{cores:f}</cpu_req_instances>
    <estimated_delay>0.000000</estimated_delay>
"""
_COMPUTER = """    <client_cap_plan_class>1</client_cap_plan_class>
    <platform_name>{platform}</platform_name>
    <global_preferences>
        <run_on_batteries>0</run_on_batteries>
        <max_ncpus_pct>100.000000</max_ncpus_pct>
        <ram_max_used_busy_pct>90.000000</ram_max_used_busy_pct>
        <ram_max_used_idle_pct>90.000000</ram_max_used_idle_pct>
        <disk_max_used_gb>100.000000</disk_max_used_gb>
        <disk_max_used_pct>90.000000</disk_max_used_pct>
        <disk_min_free_gb>0.100000</disk_min_free_gb>
        <work_buf_min_days>0.1</work_buf_min_days>
    </global_preferences>
    <working_global_preferences>
        <global_preferences>
            <max_ncpus_pct>100.000000</max_ncpus_pct>
        </global_preferences>
    </working_global_preferences>
    <global_prefs_source_email_hash></global_prefs_source_email_hash>
    <cross_project_id>{cross}</cross_project_id>
    <time_stats>
        <on_frac>0.990000</on_frac>
        <connected_frac>1.000000</connected_frac>
        <cpu_and_network_available_frac>0.990000</cpu_and_network_available_frac>
        <active_frac>0.990000</active_frac>
        <gpu_active_frac>0.990000</gpu_active_frac>
    </time_stats>
    <net_stats>
        <bwup>1000000.000000</bwup>
        <bwdown>10000000.000000</bwdown>
    </net_stats>
    <host_info>
        <timezone>0</timezone>
        <domain_name>{name}</domain_name>
        <ip_addr>10.0.{high}.{low}</ip_addr>
        <host_cpid>{cpid}</host_cpid>
        <p_ncpus>{cores}</p_ncpus>
        <p_vendor>GenuineIntel</p_vendor>
        <p_model>Synthetic CPU @ 3.00GHz [Family 6 Model 85 Stepping 4]</p_model>
        <p_features>fpu sse sse2 sse4_2 avx avx2 fma</p_features>
        <p_fpops>4000000000.000000</p_fpops>
        <p_iops>12000000000.000000</p_iops>
        <p_membw>1000000000.000000</p_membw>
        <p_calculated>1700000000.000000</p_calculated>
        <m_nbytes>68719476736.000000</m_nbytes>
        <m_cache>33554432.000000</m_cache>
        <m_swap>8589934592.000000</m_swap>
        <d_total>1000000000000.000000</d_total>
        <d_free>900000000000.000000</d_free>
        <os_name>Linux Debian</os_name>
        <os_version>Debian GNU/Linux 12 (bookworm) [6.1.0|libc 2.36]</os_version>
        <n_usable_coprocs>0</n_usable_coprocs>
    </host_info>
    <disk_usage>
        <d_boinc_used_total>100000000.000000</d_boinc_used_total>
        <d_boinc_used_project>50000000.000000</d_boinc_used_project>
        <d_project_share>100000000000.000000</d_project_share>
    </disk_usage>
    <coprocs>
    </coprocs>
"""
_RESULT = """    <result>
        <name>{name}</name>
        <final_cpu_time>{cpu:.6f}</final_cpu_time>
        <final_elapsed_time>{elapsed:.6f}</final_elapsed_time>
        <exit_status>0</exit_status>
        <state>5</state>
        <platform>{platform}</platform>
        <version_num>{version}</version_num>
        <final_peak_working_set_size>50000000.000000</final_peak_working_set_size>
        <final_peak_swap_size>200000000.000000</final_peak_swap_size>
        <final_peak_disk_usage>100000.000000</final_peak_disk_usage>
        <app_version_num>{version}</app_version_num>
<stderr_out>
<core_client_version>7.20.5</core_client_version>
<![CDATA[
<stderr_txt>
{log}
</stderr_txt>
]]>
</stderr_out>
{file}    </result>
"""
_FILE = """<file_info>
    <name>{file}</name>
    <nbytes>{size:d}.000000</nbytes>
    <max_nbytes>{most:d}.000000</max_nbytes>
    <md5_cksum>{md5}</md5_cksum>
    <status>1</status>
    <upload_url>{url}</upload_url>
{error}</file_info>
"""
_OTHER = "        <other_result>\n            <name>{name}</name>\n        </other_result>\n"
_PROGRESS = """        <ip_result>
            <name>{name}</name>
            <report_deadline>{deadline:d}.000000</report_deadline>
            <cpu_time_remaining>{cpu:f}</cpu_time_remaining>
        </ip_result>
"""


class Writer:
    """Writes the requests of a fleet of one shape. What a host says every time is written once."""

    def __init__(self, shape: Shape, *, deadline: int) -> None:
        self._shape = shape
        self._deadline = deadline
        self._tops: dict[int, tuple[tuple[str, int, str], str, str]] = {}
        self._asks: dict[tuple[float, int], str] = {}
        lines = "step 1 of 1 done; loss 0.123456\n"
        self._log = (lines * (shape.log_bytes // len(lines) + 1))[: shape.log_bytes]

    def request(self, host: Host, reported: Sequence[HeldTask], *, seconds: float, cores: int) -> bytes:
        """A scheduler request: who asks, what is reported, what is still in hand, how much more is wanted."""
        top, computer = self._of(host)
        parts = [top, str(host.seqno), _CLIENT, self._ask(seconds, cores), computer]
        parts += [task.report for task in reported]
        rest = [name for name in host.hand if name not in {task.name for task in reported}]
        parts.append("    <other_results>\n")
        parts += [_OTHER.format(name=name) for name in rest]
        parts.append("    </other_results>\n    <in_progress_results>\n")
        cpu, deadline = self._shape.cpu_seconds, self._deadline
        parts += [_PROGRESS.format(name=name, deadline=deadline, cpu=cpu) for name in rest]
        parts.append("    </in_progress_results>\n</scheduler_request>\n")
        return "".join(parts).encode()

    def report(self, order: HeardOrder, *, size: int, md5: str, refused: str = "") -> str:
        """The lines that report a task whose output is there, or was refused for good."""
        shape, slot = self._shape, order.slot
        error = f"    <error_msg>{refused}</error_msg>\n" if refused else ""
        url = slot.url.replace("&", "&amp;")
        file = _FILE.format(file=slot.name, size=size, most=slot.most_bytes, md5=md5, url=url, error=error)
        return _RESULT.format(
            name=order.name,
            cpu=shape.cpu_seconds,
            elapsed=shape.cpu_seconds * 1.01,
            platform=shape.platform,
            version=shape.version,
            log=self._log,
            file=file,
        )

    def _of(self, host: Host) -> tuple[str, str]:
        who = (host.key, host.id, host.cross)
        cached = self._tops.get(host.number)
        if cached is None or cached[0] != who:
            top = _TOP.format(key=host.key, id=host.id)
            computer = _COMPUTER.format(
                platform=self._shape.platform,
                cpid=host.cpid,
                cross=host.cross,
                name=f"load{host.number}{host.salt}",
                high=host.number >> 8 & 255,
                low=host.number & 255,
                cores=self._shape.cores,
            )
            cached = self._tops[host.number] = (who, top, computer)
        return cached[1], cached[2]

    def _ask(self, seconds: float, cores: int) -> str:
        cached = self._asks.get((seconds, cores))
        if cached is None:
            cached = _ASK.format(refuse=0 if cores else 1, seconds=seconds if cores else 0.0, cores=float(cores))
            self._asks[seconds, cores] = cached
        return cached
