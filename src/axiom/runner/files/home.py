"""What a host keeps between tasks: whom it trusts, the bundles, their code unpacked, and the newest it has seen."""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from axiom.errors import BundleAltered, BundleMissing, BundleRolledBack, ForeignTicket
from axiom.runner.files.bundle_folders import CACHE
from axiom.runner.files.file_lock import hold_file_lock
from axiom.runner.files.unpacked_bundle import read_tree, write_tree
from axiom.signed import canonical_json
from axiom.signed.atomic_files import DRAFT, write_atomically
from axiom.signed.bundles import SEAL_LIMIT, open_bundle, read_seal
from axiom.signed.tickets import Ticket
from axiom.signed.trust import TRUST_FILE, TRUST_LIMIT, Anchor, Role, Trust, read_trust

_LIMIT = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class SeenVersions:
    lab: str | None = None
    trust: int = 0
    link: str = ""  # digest of that version, so that no other one takes its place
    sealers: tuple[str, ...] = ()  # the bundle keys that it names
    serials: Mapping[str, int] = field(default_factory=dict)

    @property
    def anchor(self) -> Anchor | None:
        return Anchor(version=self.trust, link=self.link) if self.lab is not None else None

    def with_trust(self, trust: Trust) -> Self:
        """Return what is known once this trust file was taken.

        Where no bundle key is left that sealed before, the serials of before mean nothing: who stole the old keys may
        have raised them beyond anything that the laboratory will ever reach, and can seal nothing any more.
        """
        sealers = tuple(sorted(trust.roles[Role.BUNDLE].keys))
        serials = self.serials if not self.sealers or set(self.sealers) & set(sealers) else {}
        return replace(
            self, lab=trust.lab, trust=trust.version, link=trust.link, sealers=sealers, serials=dict(serials)
        )


class RunnerHome:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.cache = path / CACHE
        self.log = path / "runner.log"
        self._seen = path / "seen.json"

    def create(self) -> None:
        for folder in (self.path, self.path / "bundles", self.path / "unpacked", self.cache):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def trust(self, now: datetime) -> Trust:
        """Return whom to trust. The first laboratory seen is the only one, and its trust file may only get newer."""
        with self._locked():
            seen = self._read_seen()
            try:
                raw = read_at_most(self.path / TRUST_FILE, TRUST_LIMIT)
                trust = read_trust(raw, lab=seen.lab, seen=seen.anchor, now=now)
            except FileNotFoundError:
                raise ForeignTicket(
                    f"There is no trust.json in {self.path}, so this host trusts nobody yet. Nothing was computed; "
                    "the engine must bring the laboratory's."
                ) from None
            except ValueError as fault:
                raise ForeignTicket(f"{fault} Nothing was computed.") from None
            if trust.link != seen.link:
                self._write_seen(seen.with_trust(trust))
        return trust

    def proven(self, ticket: Ticket, *, trust: Trust, now: datetime) -> dict[str, bytes]:
        files = self._files(ticket, trust, now)
        with self._locked():
            seen, name = self._read_seen(), f"{ticket.experiment}@{ticket.version}"
            newest = seen.serials.get(name, 0)
            if ticket.serial < newest:
                raise BundleRolledBack(
                    f"The bundle of {name} has serial {ticket.serial}, and this host has seen {newest}: a fault that "
                    "was repaired since would come back. Nothing was imported; the laboratory must order the newest."
                )
            if ticket.serial > newest:
                self._write_seen(replace(seen, serials={**seen.serials, name: ticket.serial}))
        return files

    def unpacked(self, digest: str, files: Mapping[str, bytes]) -> Path:
        with self._locked():
            return self._tree(digest, files)

    def _files(self, ticket: Ticket, trust: Trust, now: datetime) -> dict[str, bytes]:
        stem = self.path / "bundles" / ticket.bundle
        try:
            sealed = read_at_most(stem.with_suffix(".seal"), SEAL_LIMIT)
            seal = read_seal(sealed.decode("ascii", errors="replace"), trust=trust, now=now)
            raw = read_at_most(stem.with_suffix(".zip"), seal.size)
        except FileNotFoundError as fault:
            raise BundleMissing(
                f"The bundle that the ticket names is not on this host: {fault.filename} is missing. Nothing was "
                "imported; the engine must fetch it."
            ) from None
        named = (ticket.bundle, ticket.experiment, ticket.version, ticket.serial)
        if (seal.digest, seal.experiment, seal.version, seal.serial) != named:
            raise BundleAltered(
                f"The seal beside bundle {ticket.bundle[:12]} is of {seal.experiment}@{seal.version}, serial "
                f"{seal.serial}, digest {seal.digest[:12]}, which is not what the ticket orders. Nothing was imported."
            )
        return open_bundle(raw, seal)

    def _tree(self, digest: str, files: Mapping[str, bytes]) -> Path:
        """A folder that differs in anything from the signed files is thrown away and written again."""
        tree = self.path / "unpacked" / digest
        if tree.is_dir() and read_tree(tree) == files:
            return tree
        shutil.rmtree(tree, ignore_errors=True)
        draft = Path(tempfile.mkdtemp(dir=tree.parent, prefix=DRAFT))
        try:
            write_tree(draft, files)
            draft.rename(tree)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)  # a disk that is full must not be filled further at each start
            raise
        return tree

    def _locked(self) -> AbstractContextManager[None]:
        return hold_file_lock(self.path / "lock")

    def _read_seen(self) -> SeenVersions:
        if not self._seen.exists():
            return SeenVersions()
        try:
            fields = canonical_json.Fields(
                canonical_json.parse_canonical(self._seen.read_bytes(), limit=_LIMIT),
                "seen.json",
                SeenVersions.__dataclass_fields__,
            )
            serials = canonical_json.Fields(fields.part("serials"), "serials", fields.part("serials"))
            return SeenVersions(
                lab=fields.either("lab", canonical_json.check_text),
                trust=fields.whole("trust"),
                link=fields.text("link"),
                sealers=fields.array("sealers", canonical_json.check_text),
                serials={name: serials.whole(name) for name in serials.data},
            )
        except ValueError as fault:
            raise ForeignTicket(
                f"{self._seen} is damaged ({fault}), so it cannot be told whether an old file is served again. "
                f"Nothing was computed. If the disk failed, remove the folder {self.path} and begin anew."
            ) from None

    def _write_seen(self, seen: SeenVersions) -> None:
        facts = {
            "lab": seen.lab,
            "link": seen.link,
            "sealers": seen.sealers,
            "serials": dict(seen.serials),
            "trust": seen.trust,
        }
        write_atomically(self._seen, canonical_json.canonical_bytes(facts))


def read_at_most(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit + 1)
