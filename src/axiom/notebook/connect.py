"""`axiom.connect(url, token)`: a laboratory that is elsewhere. What it does passes the same gate as a command there."""

import http.client
import json
import math
import time
import uuid
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from axiom.errors import NoAnswer, WrongUse
from axiom.gate.client import ApiClient, ApiReply
from axiom.notebook.lab import FINDINGS, rows_as_table
from axiom.notebook.maps import RemoteMap
from axiom.notebook.result_columns import name_columns, tidy_results
from axiom.notebook.table import Table, join_tables
from axiom.signed.manifests import stored_manifest
from axiom.store.views.exported_rows import ResultColumns

_TRIES = 4
_PAUSE = 0.5  # seconds before the second try, and twice as long before each that follows
_LONGEST_PAUSE = 30.0
_LOOK_EVERY = 0.5  # seconds, while something is waited for
_WEIGHED = ("estimate", "e_value", "seeds", "missing", "blocks", "hosts", "volunteers", "platforms")


class RemoteLab:
    """A laboratory elsewhere, in the name of the program whose token this is."""

    def __init__(self, client: ApiClient) -> None:
        self._client = client

    def publish(self, file: str | Path, *, dry_run: bool = False) -> dict[str, Any]:
        """Publish an experiment's file, which is named like its experiment. Its bundle passes the gates there."""
        path = Path(file)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise WrongUse(f"{path} cannot be read as text ({error}). Nothing was published.") from error
        return self.command("experiment.publish", {"experiment": path.stem, "text": text}, dry_run=dry_run)

    def deploy(
        self, experiment: str, *, workunits: int | None = None, replicates: int | None = None, dry_run: bool = False
    ) -> dict[str, Any]:
        """Order so many workunits of a published experiment, or as many as hold at least so many replicates."""
        if (workunits is None) == (replicates is None):
            raise WrongUse("Say workunits=… or replicates=…, one of the two. Nothing was ordered.")
        words: dict[str, Any] = {"experiment": experiment, "workunits": workunits}
        if replicates is not None:
            trial = self.command("experiment.deploy", {"experiment": experiment, "workunits": 1}, dry_run=True)
            amount = math.ceil(replicates / trial["replicates_each"])
            words |= {"workunits": amount, "replicates_each": math.ceil(replicates / max(1, amount))}
        return self.command("experiment.deploy", words, dry_run=dry_run)

    def wait(self, ordered: Mapping[str, Any], *, seconds: float = 3_600.0) -> dict[str, int]:
        """Wait until nothing of what `deploy` ordered is open; how many workunits, parts too, ended in which state."""
        until, exits = time.monotonic() + seconds, dict[str, int]()
        numbers = deque(range(ordered["first"], ordered["last"] + 1))
        while numbers:
            number = numbers.popleft()
            while (workunit := self.read(f"/workunits/{number}")["workunit"])["state"] == "open":
                if time.monotonic() > until:
                    raise TimeoutError(
                        f"Workunit {number} is still open after {seconds:g} s. It goes on being computed; wait again."
                    )
                time.sleep(_LOOK_EVERY)
            exits[workunit["state"]] = exits.get(workunit["state"], 0) + 1
            numbers += workunit["parts"]  # of what is closed nothing more is split
        return exits

    def table(self, experiment: str) -> Table:
        """All results of an experiment, the same table as `axiom.open(folder).results(experiment)`."""
        pages = list(self._pages(f"/experiments/{quote(experiment, safe='@')}/table"))
        placed = {int(place): config for place, config in pages[0]["configs"].items()}
        version = name_columns(stored_manifest(pages[0]["manifest"]), placed)
        return join_tables([tidy_results(version, ResultColumns(**page["columns"])) for page in pages])

    def findings(self) -> Table:
        """Every claim with its number, and how it stands, as `axiom.open(folder).findings` has them."""
        rows = [_flat(finding) for page in self._pages("/findings") for finding in page["findings"]]
        return rows_as_table(sorted(rows, key=lambda row: row["number"]), FINDINGS, "Findings")

    def map(self, experiment: str) -> RemoteMap:
        """The map of an experiment, as `axiom.open(folder).map(NAME)` has it."""
        return RemoteMap(self.read, experiment)

    def read(self, path: str) -> dict[str, Any]:
        """The JSON of a page, as of `/experiments` or `/results?experiment=rank_dynamics`."""
        return self._ask("GET", f"/api{path}").answer()

    def command(self, name: str, words: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Give any command. It is done once, however often the answer is lost on its way."""
        query = f"?{urlencode({'dry_run': 1})}" if dry_run else ""
        headers = {"content-type": "application/json", "idempotency-key": uuid.uuid4().hex}
        try:
            body = json.dumps(words, allow_nan=False, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise WrongUse(f"The words of {name} are no JSON ({error}). Nothing was done.") from error
        return self._ask("POST", f"/api/commands/{quote(name)}{query}", body, headers).answer()

    def _pages(self, path: str) -> Iterator[dict[str, Any]]:
        following: str | None = f"/api{path}"
        while following:
            page = self._ask("GET", following).answer()
            yield page
            following = page["next"]

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> ApiReply:
        """Ask, and ask again where that may help: the key of a command stays the same."""
        for attempt in range(1, _TRIES + 1):
            pause = _PAUSE * 2 ** (attempt - 1)
            try:
                reply = self._client.ask(method, path, body, headers)
            except (OSError, http.client.HTTPException) as error:
                if attempt == _TRIES:
                    raise NoAnswer(
                        f"The laboratory does not answer ({error!r}), {_TRIES} times. What was asked of it may have "
                        "been done; its audit says whether it was."
                    ) from error
            else:
                if attempt == _TRIES or not reply.is_worth_another_try:
                    return reply
                pause = min(reply.retry_after or pause, _LONGEST_PAUSE)
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def __repr__(self) -> str:
        return f"Laboratory at {self._client}"


def connect(url: str, token: str) -> RemoteLab:
    """The laboratory at this address, or behind the socket of a data folder: `unix:/path/to/programs.sock`.

    `token` is what `axiom program add` showed.
    """
    if not token.isascii() or not token.isprintable() or not token:
        raise WrongUse("A token is a line of letters and digits, as `axiom program add` showed it. Nothing was asked.")
    return RemoteLab(ApiClient(url, token))


def _flat(finding: Mapping[str, Any]) -> dict[str, Any]:
    """A finding as a row; what nothing was weighed for yet is None."""
    evidence = finding["evidence"]
    low, high = evidence["interval"] if evidence else (None, None)
    return {
        **{name: finding[name] for name in ("number", "experiment", "version", "estimand")},
        **{name: finding[name] for name in ("answer", "claim", "status")},
        **{name: evidence[name] if evidence else None for name in _WEIGHED},
        "reads": finding["reads"] if evidence else None,
        "verdict": evidence["verdict"] if evidence else None,
        "grade": evidence["grade"] if evidence else None,
        "low": low,
        "high": high,
    }
