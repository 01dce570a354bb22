"""A laboratory that answers contacts, and clients that call it with what a stock client once said."""

import asyncio
import hashlib
import html
import re
import shlex
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from patience import PATIENCE
from upload_lab import head

from axiom.boinc import account_keys
from axiom.domain.fleet import Platform
from axiom.domain.rounds import Allotment
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.laboratory.runner.offer import RunnerOffers
from axiom.limits import server as limits
from axiom.server.http.downloads import Downloads
from axiom.server.http.uploads import Transfers
from axiom.server.returns.transitioner import sweep_late, sweep_unattended, transit_workunit
from axiom.server.returns.validator import Validator
from axiom.server.scheduler.reply_elements import Links, Project
from axiom.server.scheduler.scheduler import Scheduler, open_scheduler
from axiom.server.upkeep import invariants
from axiom.signed.boinc_code_signing import CodeSigning
from axiom.signed.keys import Secrets
from axiom.signed.tickets import Order, Ticket, read_ticket
from axiom.signed.trust import write_trust
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.tasks import workunits as workunit_store
from axiom.store.writer import Writer

MASTER = "http://lab.example/"
STORED = "canary-of-a-password"
LINUX = "x86_64-pc-linux-gnu"
RECORDED = {path.stem: path.read_text() for path in (Path(__file__).parents[1] / "boinc" / "recorded").glob("*.xml")}
GPU = (
    "<coproc_cuda><count>{count}</count><name>A card</name><req_secs>{seconds}</req_secs>"
    "<req_instances>{instances}</req_instances><totalGlobalMem>8000000000</totalGlobalMem></coproc_cuda>"
)
_STDERR = "<stderr_out>\n<core_client_version>7.20.5</core_client_version>\n<![CDATA[\n{said}\n]]>\n</stderr_out>"


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody with an account, and what only they may know."""

    id: int
    email: str
    key: str
    weak: str


@dataclass(frozen=True)
class Heard:
    raw: bytes
    root: Any

    @property
    def host(self) -> int | None:
        said = self.root.findtext("hostid")
        return int(said) if said else None

    @property
    def words(self) -> list[tuple[str, str]]:
        return [(each.get("priority"), each.text) for each in self.root.findall("message")]

    @property
    def tasks(self) -> dict[str, "Handed"]:
        """The tasks that it hands out, by BOINC's name of each."""
        orders = {each.findtext("name"): each for each in self.root.findall("workunit")}
        shown = {each.text for each in self.root.findall("project_files/file_ref/file_name")}  # pictures are no task's
        infos = {each.findtext("name"): each for each in self.root.findall("file_info")}
        files = {name: each for name, each in infos.items() if name not in shown}
        return {
            each.findtext("name"): Handed(each, orders[each.findtext("wu_name")], files)
            for each in self.root.findall("result")
        }

    @property
    def credit(self) -> float:
        return float(self.root.findtext("user_total_credit"))

    def named(self, tag: str) -> list[str]:
        return [each.findtext("name") for each in self.root.findall(tag)]

    def number(self, tag: str) -> float:
        return float(self.root.findtext(tag))


@dataclass(frozen=True)
class Handed:
    task: Any
    workunit: Any
    files: dict[str, Any]

    @property
    def order(self) -> Order:
        return Order.parse(shlex.split(self.workunit.findtext("command_line")))

    @property
    def slot(self) -> Any:
        return self.files[self.task.findtext("file_ref/file_name")]

    @property
    def platform(self) -> tuple[str, int, str]:
        """Which app version the client must have for it: platform, version and plan class."""
        version = int(self.task.findtext("version_num"))
        return self.task.findtext("platform"), version, self.task.findtext("plan_class") or ""


def report(name: str, *, output: str = "", md5: str = "", status: int = 0, state: int = 5, said: str = "") -> str:
    """A finished task as a client reports it; `output` is the file that it has uploaded."""
    file = f"<file_info><name>{output}</name><nbytes>9</nbytes><md5_cksum>{md5}</md5_cksum></file_info>"
    return (
        f"<result>\n<name>{html.escape(name)}</name>\n<final_cpu_time>2.5</final_cpu_time>\n"
        f"<final_elapsed_time>3.0</final_elapsed_time>\n<exit_status>{status}</exit_status>\n<state>{state}</state>\n"
        f"<platform>{LINUX}</platform>\n<version_num>100</version_num>\n{_STDERR.format(said=said)}\n"
        f"{file if output else ''}</result>\n"
    )


def _put_behind_indent(element: str, at: re.Match[str]) -> str:
    return at[1] + element


def altered(said: str, inside: str = "", **leaves: object) -> bytes:
    """A recorded request with these elements of its own level changed or added, and something more at its end."""
    for tag, value in leaves.items():
        element = f"<{tag}>{value}</{tag}>"
        old = rf"(?m)^([ ]*)<{tag}>[^<]*</{tag}>"
        said, found = re.subn(old, partial(_put_behind_indent, element), said, count=1)
        said = said if found else said.replace("</scheduler_request>", f"{element}\n</scheduler_request>")
    return said.replace("</scheduler_request>", f"{inside}</scheduler_request>").encode()


def holds(said: str, names: list[str] | None) -> str:
    """The request of a client that has these tasks; with None, of one that does not say what it has."""
    bare = re.sub(r"(?s)<other_results>.*?</other_results>\n?", "", said)
    others = "".join(f"<other_result><name>{name}</name></other_result>" for name in names or ())
    tail = "" if names is None else f"<other_results>{others}</other_results>\n"
    return bare.replace("</scheduler_request>", f"{tail}</scheduler_request>")


@dataclass
class Client:
    """One computer's client: it remembers its number and its tasks, and does as it is told."""

    key: str
    cpid: str = "1" * 32
    name: str = "attic"
    cores: int = 8
    host: int = 0
    seqno: int = 0
    platform: str = LINUX
    tasks: dict[str, Handed] = field(default_factory=dict)

    def words(self, *reports: str, ask: float = 0.0, inside: str = "", says: bool = True, **leaves: object) -> bytes:
        """What it says next. With `says` unset it keeps for itself which tasks it has."""
        brought = {name for text in reports for name in re.findall("<name>(.*?)</name>", text)[:1]}
        kept = [name for name in self.tasks if name not in brought]
        said = holds(RECORDED["first_contact"], kept if says else None)
        mine: dict[str, object] = {"authenticator": self.key, "hostid": self.host, "rpc_seqno": self.seqno}
        mine |= {
            "host_cpid": self.cpid,
            "p_ncpus": self.cores,
            "domain_name": self.name,
            "platform_name": self.platform,
        }
        mine |= {"work_req_seconds": ask, "cpu_req_secs": ask}
        said = said.replace("</host_cpid>", "</host_cpid>\n    <domain_name></domain_name>")
        return altered(said, "".join(reports) + inside, **mine | leaves)

    def hear(self, heard: Heard) -> Heard:
        self.host, self.seqno = heard.host or self.host, 0 if heard.host else self.seqno + 1
        self.tasks |= heard.tasks
        for tag in ("result_ack", "result_abort", "result_abort_if_not_started"):
            for name in heard.named(tag):
                self.tasks.pop(name, None)
        return heard


class Exchange:
    """A laboratory with the tiny experiment that answers contacts, takes uploads and gives files."""

    def __init__(self, lab: Any, secrets: Secrets, *, max_waiting: int = limits.CHANGES_WAITING) -> None:
        lab.db.close()
        self.lab, self.secrets, self.folder = lab, secrets, lab.folder
        self.folder.keys.mkdir(exist_ok=True)
        (self.folder.keys / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))
        self.writer = Writer(Connections(folder=self.folder).writer, max_waiting=max_waiting)
        self.writer.start()
        self.threads = ThreadPoolExecutor(1)
        self.validator, self.paying = Validator(self.folder, b"which tasks are checked"), CreditPayer()
        self.nudged = 0
        self.transfers = Transfers(
            writer=self.writer, folder=self.folder, key=secrets.upload, now=lambda: lab.now, threads=self.threads
        )
        here = Platform(system="linux", processor="x86_64", instructions="")
        self.runners = RunnerOffers(self.folder, secrets.code).here(here, lab.now)
        self.scheduler = self.open_scheduler()

    def open_scheduler(self, *, code: CodeSigning | None = None, judge_and_pay: Any = None) -> Scheduler:
        """What answers contacts, as after a start, with other parts where some are named."""
        links = Links(master=MASTER, upload_key=self.secrets.upload)
        return open_scheduler(
            Project(name="Small & Sons", links=links, code=code or self.secrets.code),
            writer=self.writer,
            folder=self.folder,
            threads=self.threads,
            now=lambda: self.lab.now,
            dispatch=self.lab.dispatch,
            cache=self.lab.known,
            runners=self.runners,
            trust=self.lab.keys.trust,
            judge_and_pay=judge_and_pay or self._judge_and_pay,
            announce_reports=self._reported,
            forget_uploads=self.transfers.begun.delete_parts,
        )

    def _reported(self) -> None:
        self.nudged += 1

    def _judge_and_pay(self, db: Any, now: datetime) -> None:
        self.validator.judge(db, now)
        self.paying.pay(db, now)

    def judge_and_pay(self) -> None:
        self.do(lambda db: self._judge_and_pay(db, self.lab.now))

    def do(self, work: Any) -> Any:
        return self.writer.run(work)

    def join(self, name: str = "Ann") -> Person:
        email, secret = f"{name.lower()}@canary.example", self.secrets.accounts

        def make(db: Any) -> Person:
            facts = {"name": name, "email": email, "password": STORED, "cross_id": "c" * 32}
            made = accounts.create_account(db, **facts, now=self.lab.now)
            key, weak = account_keys.account_key(secret, made, 1), account_keys.weak_key(secret, made, 1)
            digests = {"key_digest": account_keys.key_digest(key), "weak_digest": account_keys.key_digest(weak)}
            accounts.set_keys(db, made, key_serial=1, **digests)
            return Person(id=made, email=email, key=key, weak=weak)

        made: Person = self.do(make)
        return made

    def deploy(self, workunits: int, experiment_id: int = 1, replicates_each: int = 1) -> None:
        allotment = Allotment(
            experiment_id=experiment_id, workunits=workunits, replicates_each=replicates_each, reason="a test"
        )
        self.do(lambda db: order_replicates(db, allotment, max_failures=3, now=self.lab.now))

    def cancel(self, workunit_id: int) -> None:
        def withdraw(db: Any) -> None:
            workunit_store.request_abort(db, workunit_id, "cancelled")
            transit_workunit(db, workunit_id, self.lab.now)

        self.do(withdraw)

    def sweep(self) -> None:
        self.do(lambda db: sweep_late(db, self.lab.now))
        self.do(lambda db: sweep_unattended(db, self.lab.now))

    def say(self, body: bytes, accepted: str = "") -> Heard:
        """One contact in the client's own bytes, by a client that accepts these languages."""
        raw = bytes(self.scheduler.answer_request(body, accepted).result(PATIENCE))
        return Heard(raw, ET.fromstring(raw))

    def call(self, client: Client, *reports: str, **said: Any) -> Heard:
        """One contact of a client that then does as it is told."""
        return client.hear(self.say(client.words(*reports, **said)))

    def upload(self, handed: Handed, output: bytes | None = None) -> str:
        """Bring the output of a task; its report as of a success."""
        body = self.lab.output(handed.order) if output is None else output
        slot = handed.slot
        name, token = slot.findtext("name"), slot.findtext("xml_signature").strip()
        request = head(body, name=name, token=token, most=int(slot.findtext("max_nbytes")))
        arrival = self.transfers.arrive(len(request))
        arrival.take(request)
        answer = arrival.finish().result(PATIENCE)
        assert b"<status>0</status>" in answer, answer
        md5 = hashlib.md5(body, usedforsecurity=False).hexdigest()
        return report(handed.task.findtext("name"), output=name, md5=md5)

    def download(self, url: str) -> bytes:
        said: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            said.append(message)

        scope = {"type": "http", "method": "GET", "path": f"/{url.removeprefix(MASTER)}", "headers": []}
        asyncio.run(Downloads(self.folder, self.lab.keys.trust)(scope, send))
        assert said[0]["status"] == 200, url
        return b"".join(message.get("body", b"") for message in said[1:])

    def ticket(self, handed: Handed) -> Ticket:
        return read_ticket(handed.order.ticket, trust=self.lab.keys.trust, now=self.lab.now)

    def task(self, number: int) -> Any:
        with Connections(folder=self.folder).reader() as db:
            return db.row("SELECT * FROM task WHERE id = :id", id=number)

    def broken(self) -> dict[str, list[str]]:
        """The promises that do not hold, with what breaks them."""
        with Connections(folder=self.folder).reader() as db, db.snapshot():
            found = invariants.list_broken_invariants(db, self.folder, self.lab.keys.trust, self.lab.now)
        return {promise: problems for promise, problems in found.items() if problems}

    def close(self) -> None:
        self.threads.shutdown()
        self.writer.stop()
