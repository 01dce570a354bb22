"""The site of a small laboratory with its account pages, as the laboratory puts them together; and who visits it."""

import asyncio
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from started_writer import started_writer

import axiom
from axiom.domain.fleet import Capacity, Platform
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.accounts.commands.accounts import submit_as_volunteer
from axiom.laboratory.open_gate import open_gate
from axiom.server.accounts.failed_sign_ins import Guesses
from axiom.server.accounts.sign_up import Accounts
from axiom.server.http.origins import PublicAddress
from axiom.server.http.refused_requests import RequestGuard
from axiom.settings import Settings
from axiom.signed.keys import make_secrets
from axiom.store.accounts import accounts as stored_accounts
from axiom.store.connections import Connections
from axiom.store.hosts import hosts
from axiom.store.writer import Writer
from axiom.web.account.app import SiteWithAccounts, account_app
from axiom.web.account.visit import AccountServices
from axiom.web.site.app import Site, make_site

ORIGIN = "http://lab.example"
ADDRESS = PublicAddress(names=frozenset({"lab.example"}), origin=ORIGIN)
EMAIL, PASSWORD, NEW_PASSWORD = "canary@mail.example", "canary kettle in may", "another kettle in june"


@dataclass(frozen=True, kw_only=True)
class Received:
    app: SiteWithAccounts
    writer: Writer

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


@contextmanager
def receiving(
    lab: Any, master: str, *, new_accounts: int = 100, approvals: str = "", sends_mail: bool = False
) -> Iterator[Received]:
    lab.folder.keys.mkdir(mode=0o700, exist_ok=True)
    secrets, connections = make_secrets(lab.folder.keys), Connections(folder=lab.folder)
    settings = Settings(name="Small & Sons", mail_server="mail.example" * sends_mail)
    laboratory = Laboratory(folder=lab.folder, keys=lab.keys, settings=settings, package=Path(axiom.__file__).parent)
    pages = Site(
        folder=lab.folder, name="Small & Sons", now=lambda: lab.now, live=dict, master=master, approvals=approvals
    )
    with started_writer(lab) as writer, ThreadPoolExecutor(2) as threads:
        gate = open_gate(writer, laboratory, lambda: lab.now)
        keeper = Accounts(
            give=partial(submit_as_volunteer, gate),
            connections=connections,
            secret=secrets.accounts,
            guesses=Guesses(lambda: lab.now),
            new_accounts=new_accounts,
        )
        services = AccountServices(
            gate=gate,
            pages=pages,
            accounts=keeper,
            threads=threads,
            master=master,
        )
        yield Received(app=SiteWithAccounts(make_site(pages), account_app(services), services), writer=writer)


@dataclass(frozen=True, kw_only=True)
class Seen:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def text(self) -> str:
        return (gzip.decompress(self.raw) if self.headers.get("content-encoding") == "gzip" else self.raw).decode()

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Visitor:
    """A browser without scripts: it keeps cookies, follows no redirect, and fills in forms that it was shown."""

    app: Any
    folder: Any
    cookies: dict[str, str] = field(default_factory=dict)
    peer: str = "192.0.2.7"
    set_cookies: list[str] = field(default_factory=list)
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def close(self) -> None:
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()

    def ask(self, address: str, *, method: str = "GET", body: bytes = b"", **headers: str) -> Seen:
        return self.loop.run_until_complete(self._ask(address, method, body, headers))

    async def _ask(self, address: str, method: str, body: bytes, headers: dict[str, str]) -> Seen:
        path, _, query = address.partition("?")
        sent = {"host": "lab.example", "cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items() if value],
            "server": ("lab.example", 80),
            "client": (self.peer, 40_000),
            "scheme": "http",
        }
        messages = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            messages.append(message)

        await RequestGuard(self.app, address=ADDRESS)(scope, receive, send)
        pairs = [(name.decode(), value.decode()) for name, value in messages[0]["headers"]]
        self.set_cookies = [value for name, value in pairs if name == "set-cookie"]
        for each in self.set_cookies:
            name, _, rest = each.partition("=")
            value = rest.partition(";")[0].strip('"')
            self.cookies |= {name: value}
            if not value:
                del self.cookies[name]
        raw = b"".join(message.get("body", b"") for message in messages[1:])
        return Seen(status=messages[0]["status"], headers=dict(pairs), raw=raw)

    def post(self, path: str, *, origin: str = ORIGIN, **fields: str) -> Seen:
        """Fill in a form, and send it."""
        return self.ask(path, method="POST", body=urlencode(fields).encode(), origin=origin)

    def register(self, **changes: str) -> Seen:
        return self.post("/account/register", **{"name": "Ada", "email": EMAIL, "password": PASSWORD, **changes})

    def look(self, question: Callable[[Any], Any]) -> Any:
        with Connections(folder=self.folder).reader() as db:
            return question(db)

    def stored(self) -> str:
        def everything(db):
            return {table: db.select(f"SELECT * FROM {table}") for table in sorted(db.tables())}  # noqa: S608  our own

        return hashlib.sha256(repr(self.look(everything)).encode()).hexdigest()

    def attach(self, name: str) -> int:
        """A computer of whoever has the account that most tests are about."""
        number, now = self.account()[0].id, self.account()[0].created_at
        platform = Platform(system="linux", processor="x86_64", instructions="avx2")
        capacity = Capacity(cores=2, memory_mb=4_000)
        return self.app.writer.run(
            lambda db: hosts.upsert_host(
                db, volunteer_id=number, name=name, platform=platform, capacity=capacity, now=now
            )
        )

    def account(self) -> Any:
        return self.look(lambda db: stored_accounts.find_account_by_email(db, EMAIL))

    def shown_keys(self) -> tuple[str, ...]:
        """The account key and the weak key, as the page shows them."""
        page = self.post("/account/keys", password=PASSWORD).text
        return tuple(re.findall(r'id="(?:account|weak)-key">([^<]+)<', page))
