"""A scheduler that speaks just enough of the protocol to play against: it gives numbers, tasks and tokens, looks into
every upload, and can be told to cut an answer."""

import contextlib
import hashlib
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree as ET

import pytest

from axiom.domain.experiments import seed_of
from axiom.signed.keys import make_keys
from axiom.signed.outputs import Output, read_output
from axiom.signed.tickets import Order, Ticket, write_ticket

KEY = "ab" * 16
NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


@dataclass(kw_only=True)
class Sent:
    host: int
    name: str
    lines: str
    token: str
    acknowledged: int = 0


@dataclass(kw_only=True)
class Pretended:
    """What the scheduler knows, and what it is told to do wrong."""

    keys: object
    url: str = ""
    delay: float = 0.0
    left: int = 1_000_000  # tasks that it still has
    cut: set[int] = field(default_factory=set)  # requests whose answer is lost on the way, by number
    refuse_uploads: bool = False
    hosts: dict[int, str] = field(default_factory=dict)
    tasks: dict[str, Sent] = field(default_factory=dict)
    outputs: dict[str, Output] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    requests: list[ET.Element] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    connections: int = 0
    lock: object = field(default_factory=threading.RLock)

    def answer(self, body: bytes) -> bytes | None:
        """One answer of the scheduler; None to hang up instead, with everything done."""
        with self.lock:
            request = ET.fromstring(body)
            self.requests.append(request)
            self.times.append(time.monotonic())
            if request.findtext("authenticator") != KEY:
                self.problems.append("an unknown key")
            host, parts = int(request.findtext("hostid")), [f"<request_delay>{self.delay}</request_delay>"]
            if host not in self.hosts:
                host = 101 + len(self.hosts)
                self.hosts[host] = request.findtext("host_info/host_cpid")
                parts.append(f"<hostid>{host}</hostid>")
            parts += [self._acknowledge(reported) for reported in request.findall("result")]
            holding = {other.findtext("name") for other in request.findall("other_results/other_result")}
            lost = [sent for sent in self.tasks.values() if sent.host == host and not sent.acknowledged]
            parts += [sent.lines for sent in lost if sent.name not in holding]
            for _ in range(min(self.left, int(float(request.findtext("cpu_req_instances"))))):
                parts.append(self._send(host))
            if len(self.requests) in self.cut:
                return None
            return f"<scheduler_reply>\n{''.join(parts)}</scheduler_reply>\n".encode()

    def upload(self, body: bytes) -> bytes:
        """Take an output if everything about it is right."""
        head, _, data = body.partition(b"<data>\n")
        named = {name.decode(): text.decode() for name, text in re.findall(rb"<(\w+)>\s*([^<]*?)\s*</\1>", head)}
        with self.lock:
            sent = self.tasks[named["name"].removesuffix(".out")]
            md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
            if (named["xml_signature"], int(named["nbytes"]), named["md5_cksum"]) != (sent.token, len(data), md5):
                self.problems.append(f"the upload of {sent.name} is not what it says")
            self.outputs[sent.name] = read_output(data, limit=100_000)
            status = -1 if self.refuse_uploads else 0
        return f"<data_server_reply>\n    <status>{status}</status>\n</data_server_reply>\n".encode()

    def _acknowledge(self, reported: ET.Element) -> str:
        name = reported.findtext("name")
        file = reported.find("file_info")
        if name not in self.outputs or file.findtext("name") != f"{name}.out":
            self.problems.append(f"{name} was reported without its output")
        self.tasks[name].acknowledged += 1
        return f"<result_ack><name>{name}</name></result_ack>\n"

    def _send(self, host: int) -> str:
        self.left -= 1
        task = len(self.tasks) + 1
        name, token = f"tiny-1-w{task}-t{task}", f"token+of/{task}=="
        seeds = tuple(seed_of("tiny_sum", 1, replicate) for replicate in (task, 1_000 + task))
        whose = {"lab": self.keys.trust.lab, "trust": self.keys.trust.version, "host": host, "task": task}
        what = {"experiment": "tiny_sum", "version": 1, "bundle": "cd" * 32, "serial": 1, "memory_mb": 100}
        cells = {"configs": ({"size": 1}, {"size": 2}), "places": (0, 1), "cell_seconds": (60.0, 60.0)}
        times = {"issued": NOW, "deadline": NOW + timedelta(hours=48), "expires": NOW + timedelta(days=32)}
        ticket = Ticket(**whose, **what, **cells, **times, replicates=(task, 1_000 + task), seeds=seeds)
        words = " ".join(Order.of(ticket, write_ticket(ticket, self.keys.ticket)).argv())
        lines = f"""<workunit><name>w{task}</name><app_name>axiom</app_name>
<command_line>{words}</command_line></workunit>
<file_info><name>{name}.out</name><generated_locally/><upload_when_present/><max_nbytes>1000000</max_nbytes>
<url>{self.url}file_upload_handler?a=1&amp;b=2</url><xml_signature>
{token}
</xml_signature></file_info>
<result><name>{name}</name><wu_name>w{task}</wu_name><file_ref><file_name>{name}.out</file_name></file_ref></result>
"""
        self.tasks[name] = Sent(host=host, name=name, lines=lines, token=token)
        return lines


def handler(pretended: Pretended) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self):
            pretended.connections += 1
            super().setup()

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_upload = self.path == "/file_upload_handler?a=1&b=2"
            answer = pretended.upload(body) if is_upload else pretended.answer(body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    return Handler


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A connection that its host has dropped is no fault."""


@pytest.fixture
def pretended(tmp_path):
    """A scheduler at `url`, which says `problems` when something about a request or an upload is off."""
    scheduler = Pretended(keys=make_keys(tmp_path / "keys", NOW))
    with Server(("127.0.0.1", 0), handler(scheduler)) as server:
        scheduler.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with contextlib.closing(server.socket):
            yield scheduler
            server.shutdown()
        thread.join()
