"""A home whose files arrive with the tasks: boinc-client fetches them, and lays them into each task's own folder."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from axiom.errors import BundleAltered, BundleError, ForeignTicket
from axiom.limits import runner as limits
from axiom.runner.files.home import RunnerHome, read_at_most
from axiom.signed import bundles
from axiom.signed.atomic_files import write_atomically
from axiom.signed.bundles import SEAL_LIMIT, Seal, read_seal
from axiom.signed.tickets import Ticket
from axiom.signed.trust import TRUST_FILE, TRUST_LIMIT, Trust, read_trust

_ARCHIVE, _SEAL = "bundle.zip", "bundle.seal"


class SuppliedHome(RunnerHome):
    """The home that all tasks of a laboratory share on a host; `supply` tells where a file of this task lies."""

    def __init__(self, path: Path, supply: Callable[[str], Path]) -> None:
        super().__init__(path)
        self._supply = supply

    def trust(self, now: datetime) -> Trust:
        """Return whom to trust, with the trust file of this task kept if it is the newest.

        Tasks wait for days, so an older file than the one that is here may arrive: it is passed over.
        """
        self.create()
        path = self.path / TRUST_FILE
        fresh = _read(self._supply(TRUST_FILE), TRUST_LIMIT)
        if fresh is not None and (not path.exists() or path.read_bytes() != fresh):
            with self._locked():
                seen = self._read_seen()
                try:
                    read_trust(fresh, lab=seen.lab, seen=seen.anchor, now=now)
                    write_atomically(path, fresh)
                except ValueError as fault:
                    if not path.exists():
                        raise ForeignTicket(f"{fault} Nothing was computed.") from None
        return super().trust(now)

    def proven(self, ticket: Ticket, *, trust: Trust, now: datetime) -> dict[str, bytes]:
        stem = self.path / "bundles" / ticket.bundle
        self._keep_archive(stem.with_suffix(".zip"), ticket.bundle)
        self._keep_seal(stem.with_suffix(".seal"), ticket, trust, now)
        return super().proven(ticket, trust=trust, now=now)

    def _keep_archive(self, path: Path, digest: str) -> None:
        if path.exists() and bundles.digest_bundle(path.read_bytes()) == digest:
            return
        fresh = _read(self._supply(_ARCHIVE), limits.BUNDLE_BYTES)
        if fresh is None:
            return
        if bundles.digest_bundle(fresh) != digest:
            raise BundleAltered(
                f"The bundle that came with the task has the digest {bundles.digest_bundle(fresh)[:12]}, and its "
                f"ticket orders {digest[:12]}. Nothing was imported; boinc-client must fetch the task's files again."
            )
        write_atomically(path, fresh)

    def _keep_seal(self, path: Path, ticket: Ticket, trust: Trust, now: datetime) -> None:
        fresh = _read(self._supply(_SEAL), SEAL_LIMIT)
        if fresh is None:
            return
        before = _read(path, SEAL_LIMIT)
        current = _seal(before, ticket, trust, now) if before is not None else None
        offered = _seal(fresh, ticket, trust, now)
        if current is None or (offered is not None and offered.expires > current.expires):
            write_atomically(path, fresh)  # one that is no good either is refused by name when it is read


def _seal(raw: bytes, ticket: Ticket, trust: Trust, now: datetime) -> Seal | None:
    try:
        seal = read_seal(raw.decode("ascii", errors="replace"), trust=trust, now=now)
    except BundleError:
        return None
    return seal if (seal.digest, seal.serial) == (ticket.bundle, ticket.serial) else None


def _read(path: Path, limit: int) -> bytes | None:
    try:
        return read_at_most(path, limit)
    except FileNotFoundError:
        return None
