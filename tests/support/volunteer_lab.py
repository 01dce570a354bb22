"""A laboratory with volunteers, behind a wire that can be cut; it can be killed and comes back under its address."""

import contextlib
import json
import signal
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from boinc_client import Client, Person, client
from changed_database import wait_for_change
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from draws import draws
from experiment_text import experiment_text
from patience import PATIENCE
from running_lab import Lab, answer, running, typed
from vouch import vouch
from wire import Proxy, proxy

from axiom.server.returns.rechecks import secret_of
from axiom.signed.keys import make_keys
from axiom.signed.signing_key import SigningKey
from axiom.signed.trust import TRUST_FILE, Role
from axiom.store.engine.folder import Folder

_NUDGE = 6.0  # seconds after which a client is asked to call again
_UNDRAWN = 2400832  # the private half of a key under which none of the first 22 tasks is checked, however new its host

_CURVE = """
import time

from axiom.kit import chance, progress


def run(config, seed):
    for done in range({tenths}):
        time.sleep(0.1)
        progress.block(done / {tenths})
    rng = chance.stream(seed, "curve")
    return Measures(curve=tuple(float(each) for each in rng.random({length})))
"""


def experiment(
    folder: Path,
    name: str,
    *,
    tenths: int = 1,
    length: int = 5,
    cells: int = 1,
    seconds: float = 1.0,
    memory_mb: int = 100,
    gpu: bool = False,
    cores: int = 1,
) -> Path:
    """An experiment's file: each cell sleeps for so many tenths of a second, and returns a curve."""
    code, file = _CURVE.format(tenths=tenths, length=length), folder / f"{name}.py"
    needs = f"seconds=lambda config: {seconds}, memory_mb={memory_mb}, gpu={gpu}, cores={cores}"
    file.write_text(experiment_text(name, code, measures="curve: tuple[float, ...]", needs=needs, levels=range(cells)))
    return file


@dataclass
class Project:
    data: Path
    wire: Proxy
    words: tuple[str, ...] = ()  # with which it starts
    lab: Lab | None = None
    _holding: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    @property
    def address(self) -> str:
        return self.wire.address

    def start(self) -> None:
        self.lab = self._holding.enter_context(running(self.data, "--workers", "0", "--no-pi", *self.words))
        self.wire.target = int(self.lab.address.rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        assert self.lab
        self.lab.process.send_signal(signal.SIGKILL)
        self.lab.process.wait()
        self.wire.target = None
        self._holding.close()

    def stop(self) -> None:
        self._holding.close()

    def publish(self, folder: Path, name: str, **changes: Any) -> None:
        """Publish a small experiment, so that volunteers get it."""
        self.offer(experiment(folder, name, **changes), name)

    def offer(self, file: Path | str, name: str, *, is_tried: bool = False) -> None:
        """Publish what is in a file, or something of the catalogue, and try it or vouch for it."""
        self._type("publish", file)
        if is_tried:
            self._type("preflight", name)
        else:
            vouch(self.data, name)

    def _type(self, *words: object) -> None:
        done = typed("experiment", *words, data=self.data)
        assert done.returncode == 0, done.stdout + done.stderr

    def order(self, name: str, host: int | None = None, *, replicates: int = 1) -> int:
        """Order one workunit, for this host or for any; its task's number. What has one replicate is never cut."""
        whom = () if host is None else ("--host", host)
        words = ("experiment", "deploy", name, "--replicates", replicates, *whom)
        made = answer(*words, data=self.data)["experiment"]["first"]
        return int(self.page(f"workunits/{made}.json")["workunit"]["tasks"][0]["number"])

    def page(self, path: str) -> Any:
        assert self.lab
        return json.loads(self.lab.page(path))

    def task(self, number: int) -> Any:
        return self.page(f"tasks/{number}.json")["task"]

    def workunit(self, number: int) -> Any:
        return self.page(f"workunits/{number}.json")["workunit"]

    def wait(self, reached: Callable[[], object], nudged: Client | None = None) -> None:
        """Wait for something; the client is asked to call every few seconds meanwhile."""
        asked = [time.monotonic()]

        def is_reached() -> object:
            if nudged and time.monotonic() - asked[0] > _NUDGE:
                asked[0] = time.monotonic()
                nudged.update()
            return reached()

        wait_for_change(self.data, is_reached, lambda: nudged.log()[-4_000:] if nudged else "")

    def wait_for(self, number: int, state: str, client: Client) -> Any:
        """Wait until a task of this client stands so, and return its page.

        The client is asked to call when that helps: before it has the task, and when it has something to report.
        """
        asked = [0.0]

        def is_so() -> bool:
            if self.task(number)["state"] == state:
                return True
            if time.monotonic() - asked[0] > _NUDGE and client.task(number).get("ready to report") != "no":
                asked[0] = time.monotonic()
                client.update()
            return False

        wait_for_change(self.data, is_so, lambda: f"task {number} is not {state}\n{client.log()[-4_000:]}")
        return self.task(number)

    def promises(self) -> None:
        done = typed("doctor", "--invariants", data=self.data)
        assert done.returncode == 0, done.stdout + done.stderr


class Site:
    """The laboratory's site in a browser in which somebody is signed in."""

    def __init__(self, project: Project, person: Person) -> None:
        self._address = project.address
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        self.send("account/sign-in", email=person.email, password=person.password)

    def send(self, path: str, **typed: str) -> str:
        """Fill in a form and send it; the page that comes of it."""
        return self._ask(path, urllib.parse.urlencode(typed).encode())

    def _ask(self, path: str, body: bytes | None = None) -> str:
        headers = {"Origin": self._address.rstrip("/")}
        asked = urllib.request.Request(self._address + path, data=body, headers=headers)  # noqa: S310  our own address
        with self._browser.open(asked, timeout=PATIENCE) as reply:
            return str(reply.read().decode())


@contextlib.contextmanager
def project(data: Path, *words: object, before: Callable[[Folder], None] | None = None) -> Iterator[Project]:
    """A laboratory behind a wire, ended afterwards. `before` its first start somebody may change its folder."""
    with proxy() as wire:
        assert typed("init", data).returncode == 0
        (data / "axiom.toml").write_text(f'url = "{wire.address}"\ntask_seconds = 0.5\nmax_failures = 1\n')
        _draw_no_checks(Folder(path=data).keys)
        if before:
            before(Folder(path=data))
        made = Project(data=data, wire=wire, words=tuple(map(str, words)))
        try:
            made.start()
            yield made
        finally:
            made.stop()


@contextlib.contextmanager
def volunteers(place: Path, **experiments: dict[str, Any]) -> Iterator[Project]:
    """A laboratory for volunteers with small experiments of these names."""
    with project(place / "lab") as lab:
        for name, changes in experiments.items():
            lab.publish(place, name, **changes)
        yield lab


@contextlib.contextmanager
def attached(lab: Project, folder: Path, key: str, **options: Any) -> Iterator[Client]:
    """A client that has met the laboratory: that takes it ten seconds."""
    with client(folder, lab.address, key, **options) as volunteer:
        volunteer.wait(Client.host, nudge=8)
        yield volunteer


def _draw_no_checks(keys: Path) -> None:
    """Put another ticket key in place, under which none of the first tasks is drawn to be computed again.

    A check goes to whichever computer asks next, which then has fetched what a test was about to watch it fetch, or
    hears nothing of why there is no other work.
    """
    key = SigningKey(Ed25519PrivateKey.from_private_bytes(_UNDRAWN.to_bytes(32, "big")))
    assert draws(secret_of(key), 22) == set()
    place = keys / f"{Role.TICKET.value}.key"
    place.unlink()
    key.save(place)
    (keys / TRUST_FILE).unlink()  # it names the other key
    make_keys(keys, datetime.now(UTC))
