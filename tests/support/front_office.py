"""A laboratory whose front door is open, and whoever asks there: clients, account managers and credit sites."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from axiom.boinc import account_keys
from axiom.domain.runners import OfferedRunner
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.accounts.commands.accounts import submit_as_volunteer
from axiom.laboratory.open_gate import open_gate
from axiom.server.accounts.account_managers import AccountManagers
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.server_load import LoadFigures
from axiom.server.accounts.sign_up import Accounts
from axiom.server.accounts.statistics_files import StatisticsFiles
from axiom.server.http.downloads import Downloads
from axiom.server.http.project_pages import CHANGING, ProjectEndpoints
from axiom.server.http.routes import Front
from axiom.settings import Settings
from axiom.signed.atomic_files import write_once
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.keys import make_secrets
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.writer import Writer

SECRET = b"canary secret of this laboratory"
EMAIL, PASSWORD = "canary@mail.example", "canary in the kettle"
HASH = account_keys.passwd_hash(PASSWORD, EMAIL)
WRONG = "0" * 32


async def nothing(_, __, send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": []})
    await send({"type": "http.response.body", "body": b"the site"})


class Office:
    def __init__(self, lab, *, new_accounts: int = 100) -> None:
        lab.db.close()
        self.lab = lab
        connections, guesses = Connections(folder=lab.folder), Guesses(lambda: self.lab.now)
        self.writer = Writer(connections.writer)
        self.writer.start()
        self.threads = ThreadPoolExecutor(2)
        keep_secret(lab.folder.keys)
        make_secrets(lab.folder.keys)
        laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=Settings(), package=lab.folder.path)
        gate = open_gate(self.writer, laboratory, lambda: self.lab.now)
        give = partial(submit_as_volunteer, gate)
        stored: dict[str, Any] = {"give": give, "connections": connections, "secret": SECRET, "guesses": guesses}
        self.accounts = Accounts(**stored, new_accounts=new_accounts)
        self.project = ProjectEndpoints(
            name="Small & Sons",
            master="http://lab.example/",
            runners={"x86_64-pc-linux-gnu": OfferedRunner(platform="x86_64-pc-linux-gnu", version=100, files=())},
            accounts=self.accounts,
            account_managers=AccountManagers(**stored),
            load=LoadFigures(connections, lambda: self.lab.now, "lab.example"),
            statistics=StatisticsFiles(lab.folder, lambda: self.lab.now, rest=lambda: None),
        )
        self.front = Front(
            nothing,
            self.project.endpoints(),
            Downloads(lab.folder, lab.keys.trust),
            self.threads,
            changing=CHANGING,
            origin="http://lab.example",
        )

    def ask(self, path: str, **how) -> str:
        return self.raw(path, **how)[2].decode()

    def raw(
        self, path, *, method="GET", address="198.51.100.7", form=None, query=None, accepted="", headers=(), **fields
    ):
        body = urlencode(form).encode() if isinstance(form, dict) else form or b""
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": urlencode(fields).encode() if query is None else query,
            "headers": [*([(b"accept-language", accepted.encode())] if accepted else []), *headers],
            "client": (address, 1),
        }
        said = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            said.append(message)

        asyncio.run(self.front(scope, receive, send))
        headers = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return said[0]["status"], headers, b"".join(message.get("body", b"") for message in said[1:])

    def create(self, email: str = EMAIL, passwd_hash: str = HASH, name: str = "Ann", **more) -> str:
        return self.ask("/create_account.php", email_addr=email, passwd_hash=passwd_hash, user_name=name, **more)

    def lookup(self, email: str = EMAIL, passwd_hash: str = HASH, **more) -> str:
        return self.ask("/lookup_account.php", email_addr=email, passwd_hash=passwd_hash, **more)

    def stored(self, email: str = EMAIL):
        return self.writer.run(lambda db: accounts.find_account_by_email(db, email))

    def close(self) -> None:
        self.threads.shutdown()
        self.writer.stop()


def keep_secret(keys: Path) -> None:
    """The commands read there from which secret keys of accounts are made."""
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (keys / "accounts.key").exists():
        write_once(keys / "accounts.key", canonical_bytes({"format": "axiom-secret-1", "secret": SECRET.hex()}))


def key_in(said: str) -> str:
    form = r"<account_out>\n<authenticator>([0-9a-f]{32})</authenticator>\n</account_out>\n"
    found = re.fullmatch(form, said, re.ASCII)
    assert found, said
    return found[1]


def error_in(said: str) -> int:
    number = re.search(r"<error_num>(-\d+)</error_num>", said)
    assert number, said
    return int(number[1])
