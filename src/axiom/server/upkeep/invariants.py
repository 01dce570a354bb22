from datetime import datetime

from axiom.errors import AxiomError
from axiom.signed.bundles import MANIFEST, Seal, open_bundle, read_seal
from axiom.signed.trust import Trust
from axiom.store.engine import blobs, counters
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations
from axiom.store.rounds import transcripts
from axiom.store.upkeep import audit, invariants

# As they are numbered in docs/explanation/promises.md. Those of the ledger (I3, I4), of findings (I10) and of
# sessions (I13) are asked with these in laboratory/promises.py.
PROMISES = {
    "I1": "every acknowledged report is stored once, with its payload",
    "I2": "no result without a dispatch to that host with that ticket",
    "I5": "targeted work only on its target, checks at somebody else where there is any, no surplus of living tasks",
    "I6": "every cell once, with the seed that was assigned",
    "I7": "everything that is open has something that will move it",
    "I8": "what is closed or retired is not sent and gets no further task",
    "I9": "no row without its file, no file without its row",
    "I11": "every bundle is what the bundle keys signed",
    "I12": "the chains of audit, registrations, secrets, predictions and transcripts hold, and the counters count",
    "I14": "what hosts have was tried before it was sent",
}
_MOST_MANIFESTS = 1_000
_MANIFESTS: dict[Seal, bytes] = {}  # of bundles that were opened: to open them took longer than all else here


def list_broken_invariants(db: Database, folder: Folder, trust: Trust, now: datetime) -> dict[str, list[str]]:
    with db.snapshot():  # work that flows meanwhile cannot look like a contradiction
        return {
            "I1": invariants.check_report_invariant(db),
            "I2": invariants.check_dispatch_invariant(db),
            "I5": invariants.check_target_invariant(db),
            "I6": invariants.check_seed_invariant(db),
            "I7": invariants.check_liveness_invariant(db),
            "I8": invariants.check_closure_invariant(db),
            "I9": blobs.list_blob_problems(db, folder, now),
            "I11": _bundles(db, folder, trust),
            "I12": [
                *audit.check_audit_chain(db),
                *registrations.check_registration_chain(db),
                *transcripts.check_transcript_chain(db),
                *counters.list_counter_problems(db),
            ],
            "I14": invariants.check_preflight_invariant(db),
        }


def _bundles(db: Database, folder: Folder, trust: Trust) -> list[str]:
    problems = []
    for bundle in experiments.list_bundles(db):
        try:
            seal = read_seal(bundle.seal, trust=trust.in_hindsight, now=bundle.created_at)
            manifest = _manifest_within(blobs.read_blob(db, folder, bundle.digest), bundle.digest, seal)
        except AxiomError as error:
            problems.append(f"bundle {bundle.digest[:12]}: {error}")
            continue
        if (seal.digest, seal.serial) != (bundle.digest, bundle.serial):
            problems.append(f"bundle {bundle.digest[:12]} is stored under another digest or serial than signed")
        if bundle.manifest.encode() != manifest:
            problems.append(f"bundle {bundle.digest[:12]} is stored with another manifest than signed")
    return problems


def _manifest_within(raw: bytes, proven: str, seal: Seal) -> bytes:
    manifest = _MANIFESTS.get(seal) if seal.digest == proven else None
    if manifest is None:
        manifest = open_bundle(raw, seal)[MANIFEST]
        if len(_MANIFESTS) >= _MOST_MANIFESTS:
            _MANIFESTS.clear()
        _MANIFESTS[seal] = manifest
    return manifest
