"""Plays the official server of a project, as far as a stock client notices: replies, downloads, uploads, a dump.

Its tasks wait for a file, so that a test says when one ends. What it knows of its one computer is what it was told.
"""

import hashlib
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bcrypt
from old_dump import row_of, write_dump

from axiom.boinc import account_keys, replies
from axiom.boinc.requests import SchedulerRequest, read_host_info, read_request
from axiom.boinc.uploads import Upload, read_head, size_reply, upload_done_reply
from axiom.signed.boinc_code_signing import CodeKey

PLATFORM, APP, NAME = "x86_64-pc-linux-gnu", "starcount", "stars"
EMAIL, PASSWORD, KEY = "Ann.Old@Example.org", "long ago and far away", "0123456789abcdef" * 2
USER, HOST, TEAM, CPID = 2, 5, 3, "c" * 32
SHARES = {"": 42, "work": 7}
_PROGRAM = """#!/bin/sh
while [ ! -e "$1" ]; do sleep 0.2; done
echo counted > out.txt
echo 0 > boinc_finish_called
"""
_PREFERENCES = """<project_preferences>
<resource_share>{usual}</resource_share>
<venue name="work">
<resource_share>{work}</resource_share>
</venue>
</project_preferences>
"""


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def weak_key() -> str:
    return f"{USER}_{md5(KEY + md5(PASSWORD + EMAIL.lower()))}"


@dataclass
class OldServer:
    """`address` is where clients reach it, `folder` the project's; tasks are named after letters."""

    address: str
    folder: Path
    takes_uploads: bool = True
    uploaded: dict[str, bytes] = field(default_factory=dict)
    reported: list[str] = field(default_factory=list)
    seen: list[SchedulerRequest] = field(default_factory=list)
    _waiting: list[str] = field(default_factory=list)
    _out: dict[str, int] = field(default_factory=dict)  # deadlines

    def __post_init__(self) -> None:
        (self.folder / "keys").mkdir(parents=True)
        self.code, self._upload = CodeKey.make(), CodeKey.make()
        self.code.save(self.folder / "keys" / "code_sign_private")
        for name, key in (("code_sign_public", self.code), ("upload_public", self._upload)):
            (self.folder / "keys" / name).write_text(key.public_text)
        (self.folder / "config.xml").write_text(
            f"<boinc><config><long_name>Stars</long_name><master_url>{self.master}</master_url>"
            f"<download_url>{self.master}download</download_url>"
            f"<upload_url>{self.address}{NAME}_cgi/file_upload_handler</upload_url></config></boinc>"
        )
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._say(server.get(self.path))

            def do_POST(self) -> None:
                self._say(server.post(self.path, self.rfile.read(int(self.headers["content-length"]))))

            def log_message(self, *words: object) -> None:
                pass

            def _say(self, body: bytes | None) -> None:
                self.send_response(404 if body is None else 200)
                self.send_header("content-length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    @property
    def master(self) -> str:
        return f"{self.address}{NAME}/"

    @property
    def port(self) -> int:
        return self._http.server_port

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def give(self, *letters: str) -> None:
        """Hand out tasks of these letters, whenever the client calls next."""
        self._waiting += letters

    def task(self, letter: str) -> str:
        return f"star_{letter}_0"

    def end(self, letter: str) -> None:
        (self.folder / f"go_{letter}").touch()

    def get(self, path: str) -> bytes | None:
        if path == f"/{NAME}/":
            return f"<scheduler>{self.address}{NAME}_cgi/cgi</scheduler>\n".encode()
        return _PROGRAM.encode() if path == f"/{NAME}/download/{APP}_1" else None

    def post(self, path: str, body: bytes) -> bytes | None:
        if path == f"/{NAME}_cgi/cgi":
            return self._reply(read_request(body))
        return self._take(body) if self.takes_uploads else None

    def _take(self, body: bytes) -> bytes:
        head = read_head(body)
        if not isinstance(head, Upload):
            return size_reply(0)
        self.uploaded[head.name] = body[head.data_starts_at :]
        return upload_done_reply()

    def _reply(self, request: SchedulerRequest) -> bytes:
        assert request.authenticator in {KEY, weak_key()}
        self.seen.append(request)
        for result in request.results:
            self.reported.append(result.name)
            self._out.pop(result.name, None)
        letters, self._waiting = self._waiting, []
        work = self._work(letters) if letters else {}
        return replies.write_reply(
            replies.Reply(
                project_name="Stars",
                master_url=self.master,
                request_delay=1,
                account=replies.ReplyAccount(
                    id=USER,
                    name="Ann",
                    total_credit=1234.5,
                    created_at=1_300_000_000,
                    email_hash=account_keys.email_hash(EMAIL),
                    cross_project_id=CPID,
                    external_cpid=account_keys.external_cpid(CPID, EMAIL),
                    team_id=TEAM,
                    team_name="Counters",
                ),
                host=replies.HostFacts(id=None if request.host_id == HOST else HOST, venue="work", total_credit=99.0),
                project_preferences=_PREFERENCES.format(usual=SHARES[""], work=SHARES["work"]),
                acknowledged=tuple(result.name for result in request.results),
                code_sign_key="" if request.code_sign_key else self.code.public_text,
                **work,
            )
        )

    def _work(self, letters: list[str]) -> dict[str, Any]:
        program, deadline = f"{APP}_1", 1_900_000_000
        names = [f"star_{letter}" for letter in letters]
        self._out |= {f"{name}_0": deadline for name in names}
        return {
            "apps": (replies.App(name=APP, title="Star counter"),),
            "signed_files": (
                replies.SignedFile(
                    name=program,
                    urls=(f"{self.master}download/{program}",),
                    md5=md5(_PROGRAM),
                    bytes=len(_PROGRAM),
                    signature=self.code.sign_file(_PROGRAM.encode()),
                    executable=True,
                ),
            ),
            "app_versions": (
                replies.AppVersion(
                    app=APP, version=1, platform=PLATFORM, files=(replies.FileRef(file=program, main_program=True),)
                ),
            ),
            "workunits": tuple(
                replies.WorkunitOrder(
                    name=name,
                    app=APP,
                    flops_estimate=1e12,
                    flops_bound=1e18,
                    memory_bytes=1e7,
                    disk_bytes=1e7,
                    command_line=str(self.folder / f"go_{letter}"),
                )
                for name, letter in zip(names, letters, strict=True)
            ),
            "outputs": tuple(self._output(f"{name}_0_0") for name in names),
            "tasks": tuple(
                replies.TaskOrder(
                    name=f"{name}_0",
                    workunit=name,
                    platform=PLATFORM,
                    version=1,
                    deadline=deadline,
                    files=(replies.FileRef(file=f"{name}_0_0", open_name="out.txt", copy=True),),
                )
                for name in names
            ),
        }

    def _output(self, name: str) -> replies.OutputSlot:
        agreed = f"<name>{name}</name><max_nbytes>1000000</max_nbytes>"
        return replies.OutputSlot(
            name=name,
            upload_url=f"{self.address}{NAME}_cgi/file_upload_handler",
            max_bytes=1_000_000,
            token=self._upload.sign_file(agreed.encode()),
        )

    def dump(self, path: Path, *, merged_into: int = 0, is_bcrypt: bool = False) -> Path:
        """What the server's database would give, after it was stopped.

        Its site can merge the computer into one that has called more often; newer servers have bcrypt over the MD5.
        """
        last, number = self.seen[-1], merged_into or HOST
        cpid = "b" * 32 if merged_into else read_host_info(last.host_info).cpid
        password = md5(PASSWORD + EMAIL.lower())
        if is_bcrypt:
            password = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode().replace("$2b$", "$2y$")
        text = {"country": "Iceland", "url": "", "venue": "", "global_prefs": None}
        user = row_of(
            "user",
            **text,
            id=USER,
            create_time=1_300_000_000,
            email_addr=EMAIL,
            name="Ann",
            authenticator=KEY,
            passwd_hash=password,
            cross_project_id=CPID,
            total_credit=1234.5,
            teamid=TEAM,
            project_prefs=_PREFERENCES.format(usual=SHARES[""], work=SHARES["work"]),
            show_hosts=1,
        )
        host = row_of(
            "host",
            id=number,
            userid=USER,
            create_time=1_300_000_000,
            rpc_seqno=1_000 if merged_into else last.rpc_seqno,
            rpc_time=1_790_000_000,
            domain_name="old-box",
            serialnum="",
            os_name="Linux",
            os_version="",
            p_vendor="",
            p_model="",
            venue="work",
            total_credit=99.0,
            host_cpid=account_keys.exported_host_cpid(cpid, EMAIL),
        )
        hosts = [host, row_of("host", id=HOST, rpc_seqno=merged_into)] if merged_into else [host]
        team = row_of("team", id=TEAM, userid=USER, name="Counters", url="", country="", description="")
        tasks = [
            row_of("result", id=each, name=name, server_state=4, hostid=number, appid=1, report_deadline=deadline)
            for each, (name, deadline) in enumerate(self._out.items(), 1)
        ]
        write_dump(path, {"app": [(1, APP)], "user": [user], "host": hosts, "team": [team], "result": tasks})
        return path


def shares_of(state: str) -> list[str]:
    """What a client's state says of the resource share of each of its projects."""
    return re.findall(r"<resource_share>([0-9.]+)</resource_share>", state)
