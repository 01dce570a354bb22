"""A small invented project of the official server: its dumps by MariaDB, and its folder.

    .venv/bin/python packages/axiom-adopt/tests/make_dumps.py

writes dumps/ anew, the same bytes each time, and project/ with fresh keys where there are none. It wants Debian's
mariadb-server, which it runs in a folder of its own on a unix socket, and ends.

Everybody's password is `password ID`, everybody's account key `authenticator_of(ID)`, and addresses are at
example.org. Who is who is told beside each row:

    person 1, host 1       the operator, with which this server began
    person 2, hosts 2, 7   at work, with unfinished tasks; the address has capitals; a password of today
    person 3, hosts 3 - 6  merged twice: 3 is 4 is 5; 5 and 6 have one name
    person 5, host 8       a deleted account, whose team is left without its founder
"""

import contextlib
import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import bcrypt

from axiom.signed.boinc_code_signing import CodeKey

TESTS = Path(__file__).parent
DUMPS, PROJECT = TESTS / "dumps", TESTS / "project"
LARGE = 32_000  # bytes of a dump above which it is kept packed
CUT_OVER = 1_790_000_000
DAY = 86_400

_NUMBER = "{} not null default 0"
TYPES = {
    "id": "integer not null auto_increment primary key",
    "int": _NUMBER.format("integer"),
    "small": _NUMBER.format("smallint"),
    "tiny": _NUMBER.format("tinyint"),
    "double": _NUMBER.format("double"),
    "short": "varchar(191) not null default ''",
    "long": "varchar(254) not null default ''",
    "short?": "varchar(191)",
    "long?": "varchar(254)",
    "text": "text not null default ''",
    "text?": "text",
    "blob?": "blob",
    "large?": "mediumblob",
    "stamp": "timestamp default current_timestamp on update current_timestamp",
}
# The columns of the official server of 2026, in its order; a group of them has the type before it.
SCHEMA = {
    "app": "id id int create_time short name int min_version small deprecated long user_friendly_name "
    "small homogeneous_redundancy double weight small beta target_nresults double min_avg_pfc tiny host_scale_check "
    "homogeneous_app_version non_cpu_intensive int locality_scheduling small n_size_classes tiny fraction_done_exact",
    "app_version": "id id int create_time appid version_num platformid large? xml_doc int min_core_version "
    "max_core_version tiny deprecated short plan_class double pfc_n pfc_avg pfc_scale expavg_credit expavg_time "
    "tiny beta",
    "consent": "id id int userid consent_type_id consent_time tiny consent_flag consent_not_required long source",
    "consent_type": "id id short shortname long description int enabled project_specific privacypref",
    "host": "id id int create_time userid rpc_seqno rpc_time double total_credit expavg_credit expavg_time "
    "int timezone long? domain_name serialnum last_ip_addr int nsame_ip_addr double on_frac connected_frac active_frac "
    "cpu_efficiency duration_correction_factor int p_ncpus long? p_vendor p_model double p_fpops p_iops p_membw "
    "long? os_name os_version double m_nbytes m_cache m_swap d_total d_free d_boinc_used_total d_boinc_used_project "
    "d_boinc_max n_bwup n_bwdown credit_per_cpu_sec long venue int nresults_today double avg_turnaround "
    "long? host_cpid external_ip_addr int max_results_day double error_rate long product_name double gpu_active_frac "
    "int p_ngpus double p_gpu_fpops text misc",
    "host_deleted": "int hostid long public_cross_project_id double create_time",
    "post": "id id int thread user timestamp text content int modified parent_post double score int votes "
    "tiny signature int hidden",
    "result": "id id int create_time workunitid server_state outcome client_state hostid userid report_deadline "
    "sent_time received_time short name double cpu_time blob? xml_doc_in xml_doc_out stderr_out int batch "
    "file_delete_state validate_state double claimed_credit granted_credit opaque int random app_version_num appid "
    "exit_status teamid priority stamp mod_time double elapsed_time flops_estimate int app_version_id "
    "tiny runtime_outlier small size_class double peak_working_set_size peak_swap_size peak_disk_usage",
    "team": "id id int create_time userid short name long? name_lc url int type long? name_html text? description "
    "int nusers long? country double total_credit expavg_credit expavg_time int seti_id ping_user ping_time "
    "tiny joinable stamp mod_time",
    "user": "id id int create_time short email_addr short? name authenticator long? country postal_code "
    "double total_credit expavg_credit expavg_time blob? global_prefs project_prefs int teamid long venue long? url "
    "small send_email show_hosts posts int seti_id seti_nresults seti_last_result_time double seti_total_cpu "
    "long? signature small has_profile long cross_project_id passwd_hash small email_validated donated "
    "long login_token double login_token_time long previous_email_addr double email_addr_change_time",
    "user_deleted": "int userid long public_cross_project_id double create_time",
    "workunit": "id id int create_time appid short name blob? xml_doc int batch double rsc_fpops_est rsc_fpops_bound "
    "rsc_memory_bound rsc_disk_bound small need_validate int canonical_resultid double canonical_credit "
    "int transition_time delay_bound error_mask file_delete_state assimilate_state hr_class double opaque "
    "int min_quorum target_nresults max_error_results max_total_results max_success_results "
    "short result_template_file int priority stamp mod_time double rsc_bandwidth_bound int fileset_id app_version_id "
    "tiny transitioner_flags small size_class long keywords int app_version_num",
}
NEWER = {  # what a server of 2017 has not: tables, and columns of others
    *("consent", "consent_type", "host_deleted", "user_deleted", "post", "misc", "p_ngpus", "p_gpu_fpops"),
    *("login_token", "login_token_time", "previous_email_addr", "email_addr_change_time", "keywords"),
    *("app_version_num", "product_name", "gpu_active_frac"),
}


def md5(text):
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def authenticator_of(person):
    return md5(f"authenticator {person}")


def cross_id_of(person):
    """As clients of this person have it; shown to others is its MD5 with the address as it is spelt."""
    return md5(f"cross-project id of person {person}")


def old_hash(person, address):
    """MD5 of password and address: accounts that nobody has signed in to since 2018."""
    return md5(f"password {person}{address}")


def new_hash(person, address):
    """The bcrypt of it, as PHP writes it, with a salt that stays."""
    hashed = bcrypt.hashpw(old_hash(person, address).encode(), b"$2b$04$" + f"{person:021}u".encode())
    return hashed.decode().replace("$2b$", "$2y$")


def account(person, address, name, **columns):
    """A row of `user`."""
    return {
        "id": person,
        "create_time": CUT_OVER - (40 - person) * 30 * DAY,
        "email_addr": address,
        "name": name,
        "authenticator": authenticator_of(person),
        "cross_project_id": cross_id_of(person),
        "passwd_hash": old_hash(person, address),
        "country": "International",
        "postal_code": "",
        "send_email": 1,
        "show_hosts": 1,
        "email_validated": 1,
    } | columns


def credit(total, recent, ago):
    return {"total_credit": total, "expavg_credit": recent, "expavg_time": CUT_OVER - ago}


def computer(number, person, name, **columns):
    """A row of `host`. Its cross-project id is kept as an MD5 with its owner's address."""
    address = next((row["email_addr"] for row in PEOPLE if row["id"] == person), "")
    return {
        "id": number,
        "create_time": CUT_OVER - 300 * DAY + number,
        "userid": person,
        "rpc_seqno": 10 + number,
        "rpc_time": CUT_OVER - number * 3600,
        "host_cpid": md5(md5(f"cross-project id of host {number}") + address),
        "domain_name": name,
        "timezone": 3600,
        "p_ncpus": 4,
        "p_vendor": "GenuineIntel",
        "p_model": "Intel(R) Core(TM) i5-4590 CPU @ 3.30GHz [Family 6 Model 60 Stepping 3]",
        "os_name": "Linux Debian",
        "os_version": "Debian GNU/Linux 12 (bookworm) [6.1.0-18-amd64|libc 2.36]",
        "p_fpops": 4213678912.345678,
        "p_iops": 15e9,
        "p_membw": 1e9,
        "m_nbytes": 8258158592,
        "m_cache": 6291456,
        "m_swap": 1023406080,
        "d_total": 250e9,
        "d_free": 120.5e9,
        "d_boinc_used_project": 1234567,
        "n_bwup": 98765.4321,
        "n_bwdown": 1e6 / 3,
        "on_frac": 0.987654,
        "connected_frac": -1,
        "active_frac": 0.999999,
        "avg_turnaround": 86399.5,
        "last_ip_addr": "192.0.2.1",
    } | columns


def team(number, founder, name, **columns):
    """A row of `team`."""
    rest = {"create_time": CUT_OVER - 500 * DAY, "joinable": 1, "mod_time": "2026-09-21 14:13:20"}
    return {"id": number, "userid": founder, "name": name, **rest} | columns


_PLACES = """<project_preferences>
<resource_share>100</resource_share>
<no_gpus>1</no_gpus>
<project_specific>
<colour>blue &amp; 'red'</colour>
</project_specific>
<venue name="work">
<resource_share>7</resource_share>
<allow_beta_work>1</allow_beta_work>
</venue>
<venue name="home">
<resource_share>42</resource_share>
</venue>
</project_preferences>
"""
_GLOBAL = """<global_preferences>
<mod_time>1700000000</mod_time>
<run_on_batteries>0</run_on_batteries>
<max_ncpus_pct>75</max_ncpus_pct>
{}<venue name="work">
<max_ncpus_pct>25</max_ncpus_pct>
</venue>
</global_preferences>
"""
_EVERY_BYTE = bytes(range(256)) * 255  # with quotes, backslashes, line ends, NUL, and no UTF-8
_LONG = _GLOBAL.format("<ram_max_used_busy_pct>50</ram_max_used_busy_pct>\r\n" * 1300)[:65_535]  # cut by the column

PEOPLE = [
    account(1, "operator@example.org", "Olga Operator", show_hosts=0, **credit(1234567.931168, 3914.013579, 3600)),
    account(
        2,
        "Bob.Mixed@Example.ORG",
        "Bob &amp; Sons",
        passwd_hash=new_hash(2, "bob.mixed@example.org"),
        teamid=1,
        venue="home",
        url="https://bob.example.org/?a=1&b=2",
        has_profile=1,
        global_prefs=_GLOBAL.format(""),
        project_prefs=_PLACES,
        **credit(98765.4321, 12.5, 1800),
    ),
    account(
        3,
        "zoe@example.org",
        "Zoë Müller 🚀 ’quoted’",
        country="Österreich",
        teamid=3,
        project_prefs="<project_preferences>\n<resource_share>0</resource_share>\n</project_preferences>\n",
        **credit(0.000999, 1e-13, 400 * DAY),
    ),
    account(
        4,
        "nameless@example.org",
        None,
        country=None,
        passwd_hash=new_hash(4, "nameless@example.org"),
        global_prefs=_EVERY_BYTE[:700],
        project_prefs="no XML <<<& at all",
    ),
    account(
        5,
        "deleted_1780000000_0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "deleted",
        authenticator="deleted_1780000000_0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        country="",
    ),
    account(6, "OLD.Case@example.org", 'Quote\'s \\ "back"; -- /* slash */', teamid=1, **credit(500.5, 0, 2000 * DAY)),
    account(7, "Twice@example.org", "Twice the older", **credit(10, 0, DAY)),
    account(8, "twice@example.org", "Twice the younger"),
    account(9, "long@example.org", "x" * 191, global_prefs=_LONG, project_prefs=""),
    account(10, "bytes@example.org", "名前 \t tab", project_prefs=_EVERY_BYTE, send_email=0, email_validated=0),
    account(11, "plain@example.org", "", passwd_hash=new_hash(11, "plain@example.org"), venue="school"),
    account(40, "gone@example.org", "Gone"),  # deleted again below, so that the next number is 41
]
HOSTS = [
    computer(1, 1, "server", **credit(1000000.25, 3000, 3600)),
    computer(
        2,
        2,
        "bob-at-work",
        venue="work",
        rpc_seqno=13,
        serialnum="[BOINC|7.20.5][CUDA|NVIDIA GeForce GTX 1060 6GB|1|6078MB|53504|300]",
        misc='{"coprocs": [{"type": "NVIDIA", "name": "it\'s a \\"card\\""}]}',
        **credit(90000.4321, 12.25, 1800),
    ),
    computer(3, 0, "zoe-laptop", rpc_seqno=4),
    computer(4, 0, "zoe-laptop", rpc_seqno=5),
    computer(5, 3, "zoe-laptop", **credit(0.000999, 0, 400 * DAY)),
    computer(6, 3, "zoe-laptop", venue="school", p_fpops=0, on_frac=1),
    computer(7, 2, "bob-silent", rpc_time=CUT_OVER - 900 * DAY, **credit(8765, 0.25, 900 * DAY)),
    computer(8, 5, "deleted", last_ip_addr=""),
    computer(9, 0, "merged into a host that is gone", rpc_seqno=77),
    computer(10, 6, None, p_vendor=None, p_model=None, os_name=None, os_version=None, host_cpid=None, serialnum=None),
    computer(11, 11, "plain’s 电脑", p_ncpus=128, m_nbytes=2**40),
]
TEAMS = [
    team(
        1,
        2,
        "Stars &amp; Stripes",
        url="stars.example.org",
        type=5,
        description='<b>We</b> count\r\nstars; it\'s <a href="https://example.org">here</a>',
        name_html="<i>Stars</i>",
        country="United States",
        **credit(99265.9321, 12.5, 1800),
    ),
    team(2, 5, "Orphans", ping_user=6, ping_time=CUT_OVER - 10 * DAY, description=None),
    team(3, 3, "Sternwärte 🔭", joinable=0, country=None, **credit(0.000999, 0, 400 * DAY)),
]
STATISTICS = 2  # the type of consent


def consent(person, flag, days):
    columns = {"consent_type_id": STATISTICS, "consent_flag": flag, "consent_time": CUT_OVER - days * DAY}
    return {"userid": person, "source": "Webform", **columns}


def task(number, workunit, state, host, **columns):
    """A row of `result`: state 2 waits, 4 is at a host, 5 is over."""
    person = next((row["userid"] for row in HOSTS if row["id"] == host), 0)
    is_sent = {"sent_time": CUT_OVER - number * 3600, "report_deadline": CUT_OVER + 7 * DAY - number * 3600}
    name = f"star_{workunit:05}_{number % 2}"
    words = f"<file_ref>\n    <file_name>{name}_r1_0</file_name>\n    <open_name>out</open_name>\n</file_ref>\n"
    return {
        "id": number,
        "workunitid": workunit,
        "server_state": state,
        "hostid": host,
        "userid": person,
        "name": name,
        "appid": 1,
        "app_version_id": 1,
        "xml_doc_in": words,
        "mod_time": "2026-09-21 14:13:20",
        **(is_sent if state != 2 else {}),
    } | columns


_STDERR = (
    "<core_client_version>7.20.5</core_client_version>\n<![CDATA[\n<stderr_txt>\nit's done\\\n</stderr_txt>\n]]>\n"
)
ROWS = {
    "app": [
        {"id": 1, "name": "starcount", "user_friendly_name": "Count of stars – ½ a sky"},
        {"id": 2, "name": "dust", "user_friendly_name": "Dust", "deprecated": 1},
    ],
    "app_version": [
        {
            "id": 1,
            "appid": 1,
            "version_num": 803,
            "platformid": 1,
            "xml_doc": "<file_info>\n   <name>starcount_803_x86_64-pc-linux-gnu</name>\n</file_info>\n",
        },
        {"id": 2, "appid": 1, "version_num": 803, "platformid": 1, "plan_class": "cuda", "xml_doc": None},
    ],
    "consent": [
        consent(2, 1, 100),
        consent(3, 1, 200),
        consent(3, 0, 100),
        consent(4, 0, 200),
        consent(4, 1, 100),
        consent(2, 0, 50) | {"consent_type_id": 1},
    ],
    "consent_type": [
        {"id": 1, "shortname": "ENROLL", "description": "Terms of use", "enabled": 1},
        {"id": STATISTICS, "shortname": "STATSEXPORT", "description": "Statistics", "enabled": 1, "privacypref": 1},
    ],
    "host": HOSTS,
    "host_deleted": [
        {"hostid": 8, "public_cross_project_id": md5("host 8"), "create_time": CUT_OVER - 5 * DAY + 0.25},
        {"hostid": 20, "public_cross_project_id": md5("host 20"), "create_time": CUT_OVER - 59 * DAY},
    ],
    "post": [
        {"thread": 1, "user": 6, "content": "'); DROP TABLE user;\n-- Dump completed on 2026-01-01  1:00:00\n"},
        {"thread": 1, "user": 6, "content": "\\'),\n(1,'\nINSERT INTO `user` VALUES (1);\n*/"},
    ],
    "result": [
        task(1, 1, 4, 2, client_state=2),  # running
        task(2, 2, 4, 2, client_state=2),  # suspended
        task(3, 3, 4, 2),  # not started
        task(4, 4, 4, 2, client_state=4),  # uploading
        task(5, 5, 4, 6, report_deadline=CUT_OVER - DAY),  # late
        task(6, 5, 4, 8),  # at a deleted account's
        task(7, 6, 2, 0),
        task(8, 6, 2, 0, appid=2),
        task(9, 7, 5, 2, outcome=1, validate_state=1, granted_credit=77.125, stderr_out=_STDERR),
        task(10, 7, 5, 5, outcome=3, exit_status=-226, xml_doc_out=b"\x00'\\\x1a"),
    ],
    "team": TEAMS,
    "user": PEOPLE,
    "user_deleted": [
        {"userid": 5, "public_cross_project_id": md5("person 5"), "create_time": CUT_OVER - 5 * DAY + 0.5},
        {"userid": 21, "public_cross_project_id": md5("person 21"), "create_time": CUT_OVER - 59 * DAY},
    ],
    "workunit": [
        {
            "id": number,
            "appid": 1,
            "name": f"star_{number:05}",
            "rsc_fpops_est": 2.5e12 * number,
            "canonical_resultid": 9 if number == 7 else 0,
            "xml_doc": "<workunit>\n<rsc_fpops_est>1</rsc_fpops_est>\n</workunit>\n",
            "mod_time": "2026-09-21 14:13:20",
        }
        for number in range(1, 8)
    ],
}
# Of an older server: its columns are called latin1 and hold what the site wrote into them, mostly UTF-8.
OLDER_ROWS = ROWS | {
    "user": [
        account(1, "operator@example.org", "Olga Operator"),
        account(2, "zoe@example.org", "Zoë Müller ’quoted’", country="Österreich"),
        account(3, "latin@example.org", "François Gödel".encode("cp1252")),
        account(4, "kanji@example.org", "名前 ÿ"),
    ],
    "team": [team(1, 1, "Sternwärte", description="über alles")],
    "host": [computer(1, 1, "server"), computer(2, 2, "zoës")],
}


def literal(value):
    match value:
        case None:
            return "NULL"
        case int() | float():
            return repr(value)
        case bytes():
            return f"0x{value.hex()}" if value else "''"
        case _:
            return literal(value.encode())


def statements(is_older):
    """A database of SCHEMA with the rows of it."""
    yield "CREATE DATABASE project CHARACTER SET " + ("latin1" if is_older else "utf8mb4") + "; USE project"
    left_out = NEWER if is_older else set()
    for table, words in SCHEMA.items():
        if table in left_out:
            continue
        kind, columns = "", {}
        for word in words.split():
            if word in TYPES and (word != "id" or not (kind or columns)):
                kind = word
            elif word not in left_out:
                columns[word] = TYPES[kind]
        yield f"CREATE TABLE {table} ({', '.join(f'{name} {declared}' for name, declared in columns.items())})"
        for row in (OLDER_ROWS if is_older else ROWS).get(table, ()):
            kept = {name: value for name, value in row.items() if name not in left_out}
            values = ", ".join(map(literal, kept.values()))
            yield f"INSERT INTO {table} ({', '.join(kept)}) VALUES ({values})"  # noqa: S608  all of it is ours
    yield "DELETE FROM user WHERE id = 40"
    if not is_older:
        yield "CREATE VIEW latest_consent AS SELECT userid, consent_flag FROM consent"


def program(name):
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    assert path, f"there is no {name}: apt-get install mariadb-server"
    return path


@contextlib.contextmanager
def mariadb(place):
    """A server that listens on a socket in this folder alone, and the words by which its programs find it."""
    data, socket = place / "data", place / "socket"
    subprocess.run(
        [program("mariadb-install-db"), "--no-defaults", f"--datadir={data}", "--user=root", "--skip-test-db"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    alone = ["--skip-networking", f"--socket={socket}", f"--pid-file={place / 'pid'}", "--default-time-zone=+00:00"]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(
            [program("mariadbd"), "--no-defaults", f"--datadir={data}", "--user=root", *alone], stdout=log, stderr=log
        )
        try:
            while server.poll() is None and not socket.exists():
                time.sleep(0.1)
            yield ["--no-defaults", f"--socket={socket}"]
        finally:
            server.terminate()
            server.wait()


def write_dumps():
    DUMPS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, mariadb(Path(place)) as found_by:
        fill(found_by, is_older=False)
        keep("project-hex.sql", dump(found_by, "--hex-blob"))
        keep("project-text.sql", dump(found_by))
        fill(found_by, is_older=True)
        keep("older-doubly-encoded.sql", dump(found_by, "--hex-blob"))
        keep("older-latin1.sql", dump(found_by, "--hex-blob", "--default-character-set=latin1"))


def fill(found_by, *, is_older):
    sql = ";\n".join(["DROP DATABASE IF EXISTS project", *statements(is_older), ""])
    subprocess.run([program("mariadb"), *found_by], input=sql.encode(), check=True)


def dump(found_by, *options):
    command = [program("mariadb-dump"), *found_by, "--single-transaction", "--skip-dump-date", *options, "project"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def keep(name, text):
    if len(text) <= LARGE:
        (DUMPS / name).write_bytes(text)
    else:
        (DUMPS / f"{name}.gz").write_bytes(gzip.compress(text, mtime=0))


def write_project():
    """What Axiom wants of a project's folder. The keys were made for these tests, and sign nothing else."""
    keys = PROJECT / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    if not (keys / "code_sign_private").exists():
        code, upload = CodeKey.make(), CodeKey.make()
        code.save(keys / "code_sign_private")
        (keys / "code_sign_public").write_text(code.public_text)
        (keys / "upload_public").write_text(upload.public_text)


if __name__ == "__main__":
    write_dumps()
    write_project()
