"""An invented project of an official server, as large as somebody wants: its dump, and its folder."""

import hashlib
import random
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from axiom.signed.boinc_code_signing import CodeKey

TABLES = {
    "app": "id name",
    "app_version": "id appid version_num",
    "consent": "userid consent_type_id consent_time consent_flag",
    "consent_type": "id shortname enabled",
    "host": "id create_time userid rpc_seqno rpc_time total_credit expavg_credit expavg_time timezone domain_name "
    "serialnum on_frac active_frac p_ncpus p_vendor p_model p_fpops p_iops os_name os_version m_nbytes d_total d_free "
    "venue avg_turnaround host_cpid",
    "host_deleted": "hostid public_cross_project_id create_time",
    "result": "id workunitid server_state hostid userid report_deadline sent_time name appid",
    "team": "id create_time userid name type url country description total_credit expavg_credit expavg_time",
    "user": "id create_time email_addr name authenticator country total_credit expavg_credit expavg_time global_prefs "
    "project_prefs teamid venue url show_hosts has_profile cross_project_id passwd_hash email_validated",
    "user_deleted": "userid public_cross_project_id create_time",
    "workunit": "id name appid",
}
_BEGAN = 1_200_000_000
_PREFERENCES = (
    "<global_preferences>\n<mod_time>1500000000</mod_time>\n<run_on_batteries>0</run_on_batteries>\n"
    "<max_ncpus_pct>75</max_ncpus_pct>\n<disk_max_used_gb>50</disk_max_used_gb>\n</global_preferences>\n"
)
_PROJECT = "<project_preferences>\n<resource_share>100</resource_share>\n</project_preferences>\n"
_CONFIG = """<boinc><config><long_name>Large</long_name><master_url>http://127.0.0.1:8080/large/</master_url>
<download_url>http://127.0.0.1:8080/large/download</download_url>
<upload_url>http://127.0.0.1:8080/large_cgi/file_upload_handler</upload_url></config></boinc>
"""


def write_old_project(folder: Path) -> None:
    """Its keys are made for it, and are nobody else's."""
    (folder / "keys").mkdir(parents=True)
    key = CodeKey.make()
    key.save(folder / "keys" / "code_sign_private")
    (folder / "keys" / "code_sign_public").write_text(key.public_text)
    (folder / "keys" / "upload_public").write_text(CodeKey.make().public_text)
    (folder / "config.xml").write_text(_CONFIG)


def write_old_dump(path: Path, *, people: int, computers: int) -> None:
    """Computers are spread over people by chance, some have tasks, and every fiftieth person founded a team."""
    chance = random.Random(people)
    teams = max(1, people // 50)
    rows: dict[str, Iterable[tuple[object, ...]]] = {
        "app": [(1, "starcount")],
        "team": (_team(number) for number in range(1, teams + 1)),
        "user": (_person(number, teams, chance) for number in range(1, people + 1)),
        "host": (_computer(number, people, chance) for number in range(1, computers + 1)),
        "result": (_task(number, computers) for number in range(1, computers // 20 + 1)),
    }
    write_dump(path, rows)


def write_dump(path: Path, rows: Mapping[str, Iterable[tuple[object, ...]]]) -> None:
    """A dump with these rows, in the order of `TABLES`' columns; the tables that are not named are empty."""
    with path.open("w", encoding="utf-8") as file:
        for table, columns in TABLES.items():
            names = columns.split()
            file.write(f"CREATE TABLE `{table}` (\n")
            file.write(",\n".join(f"  `{name}` text" for name in names))
            file.write("\n) ENGINE=InnoDB AUTO_INCREMENT=9999999;\n")
            for chunk in _chunks(rows.get(table, ())):
                file.write(f"INSERT INTO `{table}` VALUES\n" + ",\n".join(map(_row, chunk)) + ";\n")
        file.write("-- Dump completed on 2026-11-29  1:00:00\n")


def row_of(table: str, **values: object) -> tuple[object, ...]:
    """A row with these values by column, and 0 in the others."""
    return tuple(values.get(column, 0) for column in TABLES[table].split())


def old_key(number: int) -> str:
    """The account key of a person."""
    return _digest(f"key {number}")


def _person(number: int, teams: int, chance: random.Random) -> tuple[object, ...]:
    key, name = old_key(number), f"person {number}"
    email = f"person{number}@example.org"
    credit = chance.lognormvariate(8, 3)
    team = number % teams + 1 if chance.random() < 0.4 else 0
    facts = (number, _BEGAN + number, email, name, key, "None", credit, credit / 1e3, _BEGAN + 2 * number)
    prefs = (_PREFERENCES if number % 3 == 0 else None, _PROJECT if number % 4 == 0 else None)
    return (*facts, *prefs, team, "", "", 1, 0, _digest(f"cpid {number}"), _digest(f"password{email}"), 1)


def _computer(number: int, people: int, chance: random.Random) -> tuple[object, ...]:
    owner, credit = chance.randrange(people) + 1, chance.lognormvariate(7, 3)
    facts = (number, _BEGAN + number, owner, number % 5_000, 1_790_000_000 - number, credit, credit / 1e3, _BEGAN, 3600)
    words = (f"computer-{number % 977}", "[BOINC|7.20.5][CUDA|NVIDIA GeForce GTX 1060|1|6078MB|53504|300]", 0.9, 0.95)
    machine = (8, "GenuineIntel", "Intel(R) Core(TM) i7 [Family 6 Model 85]", 4.1e9, 1.6e10, "Linux", "6.1.0-18-amd64")
    return (*facts, *words, *machine, 1.6e10, 5e11, 2e11, "", 86_000.0, _digest(f"host {number}"))


def _team(number: int) -> tuple[object, ...]:
    return (number, _BEGAN, number, f"team {number}", 1, "", "Germany", "We count.", 1e6, 1e3, _BEGAN)


def _task(number: int, computers: int) -> tuple[object, ...]:
    host = number * 7 % computers + 1
    return (number, number, 4, host, 0, 1_792_000_000, 1_790_000_000, f"star_{number:08d}_0", 1)


def _chunks(rows: Iterable[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    chunk: list[tuple[object, ...]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == 1_000:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _row(values: tuple[object, ...]) -> str:
    return "(" + ",".join(map(_value, values)) + ")"


def _value(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
    return str(value)


def _digest(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
