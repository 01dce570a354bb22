"""Makes an experiment's file into a signed bundle, and registers what it asks before any of it is ordered."""

import functools
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from axiom.domain.headlines.finding_sentences import compose_question
from axiom.domain.headlines.levels_to_tell import with_words
from axiom.domain.headlines.names_in_words import setting_of
from axiom.domain.preflights import GATES, Refusal
from axiom.domain.proposals import AUTOPILOT, StoredProposal
from axiom.domain.registrations import WORDS
from axiom.domain.releases import Change
from axiom.errors import BundleError, Refused, Withdrawn
from axiom.laboratory.experiments.own_host_gates import check_archive_source, record_own_host_gates
from axiom.laboratory.experiments.recall_and_reopen import reopen_version
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.experiments.rules.kin import why_informed
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.laboratory.experiments.shipped_declarations import ask_declaration
from axiom.laboratory.registrations import kin
from axiom.laboratory.registrations.predictions import record_blind_predictions
from axiom.laboratory.registrations.register import register_version
from axiom.laboratory.registrations.rules.acceptable_claims import demand_askable, demand_believed_claim
from axiom.runner.direct import Describer, describe_files
from axiom.signed import bundles
from axiom.signed.bundles import Seal, read_seal, write_seal
from axiom.signed.keys import Keys
from axiom.signed.manifests import Manifest, read_manifest, stored_manifest
from axiom.signed.trust import Role, Trust
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts, experiments, preflights, releases
from axiom.store.experiments.experiments import StoredBundle, StoredExperiment
from axiom.store.experiments.kin import is_text_read, set_bundle_code
from axiom.store.registrations import proposals, registrations

log = logging.getLogger("axiom.publish")

# What an experiment means. A file that changes one of these asks another question, so it needs another version.
_MEANING = ("configs", "factors", "measures", "estimands", "map")
_LONGEST = 1e9  # reference-core seconds of a cell: thirty years
WAITS = "waits for a seal"  # what came of publishing where the bundle keys are kept elsewhere


@dataclass(frozen=True, kw_only=True)
class PackedBundle:
    """A bundle that is packed and described, not yet signed or stored."""

    manifest: Manifest
    declaration: str  # the manifest's own text
    archive: bytes
    refusals: tuple[Refusal, ...] | None = field(default=None, compare=False)  # None: its file was not read again
    author: str = field(default="", compare=False)  # whose predictions the file has, where it is none of the catalogue
    ran: str = field(default="", compare=False)  # what a mark beside the file says of runs outside of the laboratory

    @functools.cached_property
    def digest(self) -> str:
        return bundles.digest_bundle(self.archive)


@dataclass(frozen=True, kw_only=True)
class PublishedBundle:
    experiment_id: int | None  # None for a new version that waits for its seal: nothing of it is stored yet
    serial: int
    digest: str
    change: str  # new experiment, new bundle, renewed, mended, unchanged, or waits for a seal


@dataclass(frozen=True, kw_only=True)
class KnownDeclaration:
    """What is known of these very files, so that nobody needs to ask them."""

    declaration: bytes
    refusals: tuple[Refusal, ...] | None  # None: nobody read the experiment's file


FindKnown = Callable[[Mapping[str, bytes]], KnownDeclaration | None]


def pack_experiment(
    package: Path, file: Path, describe: Describer = describe_files, *, find_known: FindKnown = lambda _: None
) -> PackedBundle:
    """Pack the file with its kit and ask it, in a clean process, what it declares. What is known is not asked."""
    files = bundles.collect_sources(package, file)
    known_declaration = find_known(files)
    if known_declaration is None:
        # Before it is asked: where a process was started ahead, it is still on its way meanwhile.
        refused = check_source(files[bundles.experiment_path(file.stem)], file.stem)
        known_declaration = KnownDeclaration(declaration=ask_declaration(files, file.stem, describe), refusals=refused)
    raw = known_declaration.declaration
    declaration = raw.decode()
    return PackedBundle(
        manifest=stored_manifest(declaration),
        declaration=declaration,
        archive=bundles.pack_files({**files, bundles.MANIFEST: raw}),
        refusals=known_declaration.refusals,
    )


def read_packed_declaration(archive: bytes, files: Mapping[str, bytes]) -> KnownDeclaration | None:
    """What was declared when a bundle was packed: the same sources have the same declaration."""
    before = bundles.read_bundle_files(archive)
    raw = before.pop(bundles.MANIFEST, None)
    return KnownDeclaration(declaration=raw, refusals=None) if raw is not None and before == files else None


def unpack_bundle(archive: bytes) -> PackedBundle:
    """What was prepared before and kept as its archive."""
    raw = bundles.read_bundle_files(archive)[bundles.MANIFEST]
    return PackedBundle(manifest=read_manifest(raw), declaration=raw.decode(), archive=archive)


def publish_bundle(
    db: Database,
    folder: Folder,
    prepared: PackedBundle,
    *,
    keys: Keys,
    good_for: timedelta,
    now: datetime,
    has_address: bool = False,
) -> PublishedBundle:
    """Store and seal the bundle, and register the version if it is new. Asked again, it changes nothing.

    Where the bundle keys are kept elsewhere, nothing is stored before the seal was brought. `has_address`: others find
    the laboratory under it.
    """
    version = _published(db, prepared.manifest, prepared.declaration, prepared.digest)
    current = experiments.find_newest_bundle(db, version.id) if version else None
    if version is not None and keys.can(Role.BUNDLE):
        renew_volunteers_seal(db, folder, version, keys=keys, good_for=good_for, now=now)
    wanted = _wanted_seal(prepared, current, trust=keys.trust, good_for=good_for, now=now)
    if wanted is not None and keys.can(Role.BUNDLE):
        text = write_seal(wanted, *keys.sealers)
        return _store(db, folder, prepared, version, wanted, text, now, has_address=has_address)
    if version is None or current is None or current.digest != prepared.digest:
        db.log_once_stored(
            log, "bundle.waits experiment=%s version=%d", prepared.manifest.name, prepared.manifest.version
        )
        return _done(version, wanted.serial if wanted else 1, prepared, WAITS)
    _keep_read(db, prepared, now)
    change = "unchanged"
    if not blobs.is_blob_intact(db, folder, current.digest):
        blobs.store_blob(db, folder, prepared.archive, now)
        change = "mended"
    return _done(version, current.serial, prepared, change if is_sealed(current, keys.trust, now) else WAITS)


def find_wanted_seal(
    db: Database, prepared: PackedBundle, *, trust: Trust, good_for: timedelta, now: datetime
) -> Seal | None:
    """The seal that publishing takes; None where what is published is sealed for long enough."""
    version = _published(db, prepared.manifest, prepared.declaration, prepared.digest)
    current = experiments.find_newest_bundle(db, version.id) if version else None
    return _wanted_seal(prepared, current, trust=trust, good_for=good_for, now=now)


def _wanted_seal(
    prepared: PackedBundle, current: StoredBundle | None, *, trust: Trust, good_for: timedelta, now: datetime
) -> Seal | None:
    is_same = current is not None and current.digest == prepared.digest
    if current is not None and is_same and is_sealed(current, trust, now + good_for / 3):
        return None
    return Seal(
        experiment=prepared.manifest.name,
        version=prepared.manifest.version,
        serial=current.serial + (not is_same) if current else 1,
        digest=prepared.digest,
        size=len(prepared.archive),
        issued=now,
        expires=now + good_for,
    )


@dataclass(frozen=True, kw_only=True)
class SealRenewal:
    """A stored bundle, and the seal that it should have."""

    bundle: StoredBundle
    seal: Seal
    archive: bytes


def find_seal_renewal(
    db: Database, folder: Folder, version: StoredExperiment, *, trust: Trust, good_for: timedelta, now: datetime
) -> SealRenewal | None:
    """What the older bundle needs that volunteers get until the newest has passed its preflight; None if nothing."""
    newest = experiments.find_newest_bundle(db, version.id)
    tried = next(
        (
            passed_bundle
            for passed_bundle in experiments.list_passed_bundles(db, GATES)
            if passed_bundle.experiment_id == version.id
        ),
        None,
    )
    if tried is None or tried == newest or version.status != "open" or is_sealed(tried, trust, now + good_for / 3):
        return None
    archive = blobs.read_blob(db, folder, tried.digest)
    seal = Seal(
        experiment=version.name,
        version=version.version,
        serial=tried.serial,
        digest=tried.digest,
        size=len(archive),
        issued=now,
        expires=now + good_for,
    )
    return SealRenewal(bundle=tried, seal=seal, archive=archive)


def renew_volunteers_seal(
    db: Database, folder: Folder, version: StoredExperiment, *, keys: Keys, good_for: timedelta, now: datetime
) -> bool:
    """Volunteers' bundle of this version is sealed for long enough. Tells whether that took another seal."""
    renewal = find_seal_renewal(db, folder, version, trust=keys.trust, good_for=good_for, now=now)
    if renewal is None:
        return False
    experiments.renew_seal(db, renewal.bundle.id, write_seal(renewal.seal, *keys.sealers), renewal.seal.expires)
    return True


def is_sealed(bundle: StoredBundle, trust: Trust, now: datetime) -> bool:
    """Would a host take this bundle's seal at this moment?"""
    try:
        read_seal(bundle.seal, trust=trust, now=now)
    except BundleError:
        return False
    return True


def store_bundle(
    db: Database,
    folder: Folder,
    prepared: PackedBundle,
    seal: Seal,
    text: str,
    now: datetime,
    *,
    has_address: bool = False,
) -> PublishedBundle:
    """Store a bundle with its seal, and register the version if it is new."""
    earlier = _published(db, prepared.manifest, prepared.declaration, prepared.digest)
    return _store(db, folder, prepared, earlier, seal, text, now, has_address=has_address)


def _store(
    db: Database,
    folder: Folder,
    prepared: PackedBundle,
    earlier: StoredExperiment | None,
    seal: Seal,
    text: str,
    now: datetime,
    *,
    has_address: bool,
) -> PublishedBundle:
    manifest = prepared.manifest
    if earlier is not None and (mending := _mended_by(db, earlier, prepared.digest)):
        reopen_version(db, earlier, f"proposal {mending.number} mends it", now)
    code = _learned(db, folder, prepared)
    version = earlier or _add(
        db, prepared, experiments.find_experiment_by_name(db, manifest.name), code, now, has_address=has_address
    )
    current = experiments.find_newest_bundle(db, version.id)
    blobs.store_blob(db, folder, prepared.archive, now)
    if current and current.digest == prepared.digest:
        experiments.renew_seal(db, current.id, text, seal.expires)
        _keep_read(db, prepared, now)
        return _done(version, current.serial, prepared, "renewed")
    experiments.add_bundle(
        db,
        experiment_id=version.id,
        serial=seal.serial,
        digest=prepared.digest,
        seal=text,
        manifest=prepared.declaration,
        expires_at=seal.expires,
        now=now,
    )
    if code is not None:
        set_bundle_code(db, prepared.digest, code)
    _keep_read(db, prepared, now)
    _name_author(db, version, prepared.digest, now)
    db.log_once_stored(
        log, "bundle.published experiment=%s version=%d serial=%d", manifest.name, manifest.version, seal.serial
    )
    return _done(version, seal.serial, prepared, "new bundle" if earlier else "new experiment")


def _learned(db: Database, folder: Folder, prepared: PackedBundle) -> str | None:
    """The digest of its text, where its kin is known: at once where its forecast could be blind, else some day."""
    text = bundles.read_bundle_files(prepared.archive)[bundles.experiment_path(prepared.manifest.name)]
    if prepared.author:
        return kin.record_kin(db, folder, text)
    digest = bundles.digest_bundle(text)
    return digest if is_text_read(db, digest) else None


def _keep_read(db: Database, prepared: PackedBundle, now: datetime) -> None:
    """There is a row for our own hosts, in the same transaction as the bundle: without it none of them gets it."""
    if preflights.has_bundle_passed(db, prepared.digest, is_ours=True):
        return
    refusals = prepared.refusals
    if refusals is None:
        refusals = check_archive_source(prepared.archive, prepared.manifest.name)
    record_own_host_gates(db, prepared.digest, refusals, now)


def _name_author(db: Database, version: StoredExperiment, bundle: str, now: datetime) -> None:
    """Whose code it is and which person approved it, where it was proposed as a draft."""
    proposal = proposals.find_bundle_approval(db, bundle)
    if proposal is None:
        return
    lines = [(Change.WRITTEN, f"proposal {proposal.number}", proposal.proposal.author)]
    if proposal.decided_by != AUTOPILOT:
        lines.append((Change.APPROVED, f"proposal {proposal.number}: {proposal.why}", proposal.decided_by))
    for change, reason, by in lines:
        releases.record_release(db, change, experiment_id=version.id, bundle=bundle, reason=reason, by=by, now=now)


def _done(version: StoredExperiment | None, serial: int, prepared: PackedBundle, change: str) -> PublishedBundle:
    return PublishedBundle(
        experiment_id=version.id if version else None, serial=serial, digest=prepared.digest, change=change
    )


def _published(
    db: Database, manifest: Manifest, declaration: str, digest: str, *, reopens: bool = False
) -> StoredExperiment | None:
    """The version as it is published, if it is; an error where it may not be published again.

    `reopens`: a retired one is opened again with it, as with a mended text that was approved.
    """
    if experiments.find_bundle(db, digest) is None:
        demand_bounded_cost(manifest)
    _not_older(experiments.find_experiment_by_name(db, manifest.name), manifest)
    version = experiments.find_experiment_by_name(db, manifest.name, manifest.version)
    if version is None:
        demand_sound_claims(manifest)
        _demand_own_words(db, manifest)
        return None
    reopens = reopens or _mended_by(db, version, digest) is not None
    if version.status != "open" and not (reopens and version.status == "retired"):
        raise Withdrawn(
            f"{version.name} version {version.version} is {version.status}, and what was taken back is not published "
            "again. Nothing was changed; raise `version` in the file if the question is to be asked anew."
        )
    _same_question(version, declaration)
    _not_taken_back(db, version, digest)
    return version


def _mended_by(db: Database, version: StoredExperiment, digest: str) -> StoredProposal | None:
    """The proposal by whose approval this bundle opens a retired version again. One that was retired since stays so."""
    proposal = proposals.find_bundle_approval(db, digest)
    if proposal is None or version.retired_at is None or proposal.decided_at is None:
        return None
    return proposal if version.retired_at <= proposal.decided_at else None


def _not_taken_back(db: Database, version: StoredExperiment, digest: str) -> None:
    """Hosts go by serials, so the bytes of an earlier bundle come again by rolling back, and what was left so stays."""
    earlier, current = experiments.find_bundle(db, digest), experiments.find_newest_bundle(db, version.id)
    if earlier is not None and current is not None and earlier.serial < current.serial:
        raise Withdrawn(
            f"This is bundle {earlier.serial} of {version.whole_name} to the byte, and bundle "
            f"{current.serial} took its place. Nothing was changed; `axiom experiment rollback {version.name} --to "
            f"{earlier.serial}` goes back to it."
        )


def demand_publishable(
    db: Database, manifest: Manifest, declaration: str, digest: str, *, reopens: bool = False
) -> None:
    """Refuse what publishing would refuse here, so that nobody waits for a preflight in vain."""
    demand_bounded_cost(manifest)
    _published(db, manifest, declaration, digest, reopens=reopens)


def demand_sound_claims(manifest: Manifest) -> None:
    """Refuse what no laboratory would register, whatever it has already."""
    demand_askable(manifest.estimands, manifest.configs)
    for estimand in manifest.estimands:
        demand_believed_claim(estimand, estimand["prediction"])


def demand_bounded_cost(manifest: Manifest) -> None:
    """Whoever adds up what is to be computed, for everybody's plan, must come to a number."""
    dearest = max(manifest.cell_seconds)
    if dearest > _LONGEST:
        raise Refused(
            f"{manifest.name} declares {dearest:.3g} s of a processor for one cell, and no cell that takes more than "
            f"{_LONGEST:.3g} will ever be computed. Nothing was changed; mend Needs.seconds in the file."
        )


def _not_older(newest: StoredExperiment | None, manifest: Manifest) -> None:
    if newest and newest.version > manifest.version:
        raise Refused(
            f"{manifest.name} is at version {newest.version} here, and the file says {manifest.version}. An older "
            "version is not published after a newer one; raise the version in the file."
        )


def _add(
    db: Database,
    prepared: PackedBundle,
    newest: StoredExperiment | None,
    code: str | None,
    now: datetime,
    *,
    has_address: bool,
) -> StoredExperiment:
    manifest = prepared.manifest
    added = experiments.add_experiment(
        db, name=manifest.name, version=manifest.version, manifest=prepared.declaration, ran=prepared.ran, now=now
    )
    stored = experiments.find_experiment(db, added)
    if stored is None:
        raise LookupError(f"experiment {added} was not stored")
    proposal = proposals.find_bundle_approval(db, prepared.digest)
    if proposal is not None and proposal.proposal.draft is not None:
        draft = drafts.find_draft(db, proposal.proposal.draft)
        informed = draft.informed if draft else None
    elif code and prepared.author:
        informed = kin.why_text_informed(db, code, prepared.author, now, prepared.ran)
    else:
        informed = why_informed((), newest.whole_name) if newest else None
    registered = register_version(
        db,
        stored,
        now,
        has_address=has_address,
        forecaster=proposal.proposal.author if proposal else prepared.author or None,
        informed=informed,
        proposal=proposal.registered_words if proposal else None,
        mended=next(iter(registrations.read_registrations(db, newest.id)), None) if newest else None,
    )
    if proposal is not None:
        proposals.set_proposal_registration(db, proposal.number, experiment_id=added, registration_id=registered)
        record_blind_predictions(db, registered, proposal.proposal.estimands, informed, now)
    if newest and newest.status == "open":
        retire_version(db, newest.id, f"version {manifest.version} takes its place", now)
    return stored


def _demand_own_words(db: Database, manifest: Manifest) -> None:
    """Two headlines that read alike could not be told apart: in one file, and where two files name one setting."""
    by_question: dict[str, str] = {}
    for estimand in manifest.estimands:
        question = compose_question(with_words(estimand, manifest, manifest.configs))
        alike = by_question.setdefault(question, estimand["name"])
        if alike != estimand["name"]:
            raise Refused(
                f"{alike} and {estimand['name']} of {manifest.name} ask in the same words: “{question}”. Nothing was "
                "changed; give their measures, factors or levels other `words`, or compare other arms."
            )
    for stored in experiments.list_experiment_versions(db):
        is_other = stored.status == "open" and stored.name != manifest.name
        if is_other and setting_of(stored_manifest(stored.manifest)) == setting_of(manifest):
            raise Refused(
                f"The setting “{setting_of(manifest)}” is that of {stored.name}, so their headlines would read alike. "
                f"Nothing was changed; say in `setting` of {manifest.name} what is its own."
            )


def _same_question(version: StoredExperiment, declaration: str) -> None:
    stored, declared = json.loads(version.manifest), json.loads(declaration)
    changed = [name for name in _MEANING if _meaning_of(stored, name) != _meaning_of(declared, name)]
    if changed:
        raise Refused(
            f"{version.name} version {version.version} is registered with other {' and '.join(changed)}. What is "
            "registered cannot change; raise `version` in the file, so that it is registered anew."
        )


def _meaning_of(document: Mapping[str, Any], name: str) -> Any:
    """A part of what it means. How its estimands and its map are told may become clearer: it is the same question."""
    content = document.get(name)  # a document says nothing of a map where there is none
    if content is None:
        return None
    if name == "map":
        axes = {axis: {**content[axis], "name": ""} for axis in ("x", "y")}
        return {**content, **axes, "title": "", "arms": [], "bands": [band["shades"] for band in content["bands"]]}
    if name != "estimands":
        return content
    return [{word: value for word, value in estimand.items() if word not in WORDS} for estimand in content]
