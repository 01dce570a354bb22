"""Finds what is kin of a text, and says whether a forecast was made before a run of it or its kin was recorded."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from axiom import shipped
from axiom.domain.preflights import Attempt, Code, Demands, KinRun, StoredDraft
from axiom.domain.proposals import AUTOPILOT
from axiom.errors import BundleError, NotFound, StoreError
from axiom.laboratory.experiments.rules.kin import (
    UNKNOWN,
    draft_forecast_in_words,
    find_kinship,
    outline_code,
    why_informed,
)
from axiom.laboratory.experiments.rules.kin_by_numbers import comparable_numbers, kinship_by_numbers
from axiom.signed import bundles
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import drafts, experiments, kin
from axiom.store.registrations import registrations

log = logging.getLogger("axiom.kin")

_READ_AHEAD = 512  # texts that are taken apart before the writer begins
_texts_ahead: dict[str, bytes] = {}  # by their bundles, until the writer has kept what they compute


def read_texts_ahead(folder: Folder, text: bytes) -> None:
    """Take apart a text and what nobody read yet, which can take seconds, before the writer waits for that."""
    count_usual_parts()
    with Connections(folder=folder).reader() as db:
        unread = [published for _, published in _unread(db, folder)]
        unread += [draft.text.encode() for draft in drafts.list_unread_drafts(db)]
    for other in unread[-_READ_AHEAD + 1 :]:
        if bundles.digest_bundle(other) not in _shipped(shipped.catalogue_folder()):
            _taken_apart(other)
    _taken_apart(text)


def record_kin(db: Database, folder: Folder, text: bytes) -> str:
    """Keep what a text computes and to which texts of all that are known it is kin, once; the text's digest."""
    digest = bundles.digest_bundle(text)
    if kin.is_text_read(db, digest) and not kin.list_unread_bundles(db):
        return digest
    codes, usual = kin.list_codes(db), count_usual_parts()
    for other, (name, code) in _shipped(shipped.catalogue_folder()).items():
        if other not in codes:
            _compare(db, other, code, codes, usual, name)
    for bundle, published in _unread(db, folder):
        kin.set_bundle_code(db, bundle, _keep(db, published, codes, usual))
    for draft in drafts.list_unread_drafts(db):
        _keep(db, draft.text.encode(), codes, usual)
    _texts_ahead.clear()
    _keep(db, text, codes, usual)
    _decide_older(db)
    return digest


def why_text_informed(db: Database, digest: str, author: str, until: datetime, ran: str = "") -> str:
    """What of a text's kin was run until then, in a few words; nothing where nothing was. `ran`: what marks say."""
    unread, is_readable = kin.list_unread_runs(db, until), kin.is_text_readable(db, digest)
    return why_informed(kin.list_kin_runs(db, digest, author, until), unread=unread, ran=ran, is_readable=is_readable)


def why_draft_informed(db: Database, draft: StoredDraft, until: datetime) -> str:
    """The same of a draft, which is no kin of itself; it may mend what is published under its name."""
    mends, is_readable = kin.find_published_version(db, draft.name, until), kin.is_text_readable(db, draft.digest)
    return why_informed(
        list_draft_kin_runs(db, draft, until), mends, kin.list_unread_runs(db, until), is_readable=is_readable
    )


def record_kin_numbers(db: Database, digest: str, numbers: frozenset[str]) -> None:
    """Keep what a text gave at the seeds that all preflights share; whatever gave the same before is kin of it."""
    others = {other: kinship_by_numbers(numbers, theirs) for other, theirs in kin.list_text_numbers(db).items()}
    near = {other: kinship for other, kinship in others.items() if kinship and other != digest}
    kin.store_text_numbers(db, digest, numbers, near)


def record_bundle_numbers(db: Database, folder: Folder, bundle: str, attempt: Attempt, demands: Demands) -> None:
    """The same of a published bundle. What was predicted of it may be informed by that from now on."""
    stored = experiments.find_bundle(db, bundle)
    version = experiments.find_experiment(db, stored.experiment_id) if stored else None
    if version is None:
        return
    text = bundles.read_bundle_files(blobs.read_blob(db, folder, bundle))[bundles.experiment_path(version.name)]
    digest = record_kin(db, folder, text)
    record_kin_numbers(db, digest, comparable_numbers(attempt, demands))
    for prediction in registrations.list_blind_predictions(db, version.id):
        if informed := why_text_informed(db, digest, prediction.forecaster, prediction.at):
            registrations.set_prediction_informed(db, prediction.id, informed)


def list_draft_kin_runs(db: Database, draft: StoredDraft, until: datetime) -> list[KinRun]:
    """What was run of a draft's kin, the nearest first."""
    return kin.list_kin_runs(db, draft.digest, draft.author, until, without=draft.number)


def read_draft_forecast(db: Database, draft: StoredDraft, now: datetime) -> str:
    return draft_forecast_in_words(draft, draft.informed if draft.ordered_at else why_draft_informed(db, draft, now))


def why_experiment_informed(db: Database, experiment_id: int, until: datetime) -> str:
    """The same of a version that is published: nobody is blind to what was computed of it, or of its kin."""
    if kin.has_version_run(db, experiment_id, until):
        return "informed by what was computed of it"
    version, digest = experiments.find_experiment(db, experiment_id), kin.find_experiment_code(db, experiment_id)
    if version is not None and is_shipped_experiment(version.name):
        return f"informed by what the file of {version.name} says of its pilots"
    return UNKNOWN if digest is None else why_text_informed(db, digest, "", until)


def _decide_older(db: Database) -> None:
    """Say of what was written down before anybody looked for kin whether it was blind, by what had run by then."""
    for draft in drafts.list_undecided_drafts(db):
        until = draft.ordered_at or draft.created_at
        drafts.record_why_draft_informed(db, draft.number, why_draft_informed(db, draft, until))
    for prediction in registrations.list_undecided_predictions(db):
        published = drafts.find_draft(db, prediction.draft) if prediction.draft else None
        informed = why_experiment_informed(db, prediction.experiment_id, prediction.at)
        if published and published.informed is not None and prediction.forecaster in (published.author, AUTOPILOT):
            informed = published.informed
        registrations.set_prediction_informed(db, prediction.id, informed)


def is_shipped_experiment(name: str) -> bool:
    """Does Axiom bring an experiment of this name along?"""
    return (shipped.catalogue_folder() / f"{name}.py").is_file()


def _unread(db: Database, folder: Folder) -> Iterator[tuple[str, bytes]]:
    """Each bundle of whose text nobody knows what it computes, with that text; none that is damaged."""
    for bundle, name in kin.list_unread_bundles(db):
        text = _texts_ahead.get(bundle)
        try:
            text = text or bundles.read_bundle_files(blobs.read_blob(db, folder, bundle))[bundles.experiment_path(name)]
        except (StoreError, BundleError, NotFound, KeyError) as error:
            log.warning("kin.unread experiment=%s bundle=%s: %s", name, bundle, error)
            continue
        _texts_ahead[bundle] = text
        yield bundle, text


def _keep(db: Database, text: bytes, codes: dict[str, Code], usual: Mapping[int, int]) -> str:
    digest = bundles.digest_bundle(text)
    if digest not in codes:
        _compare(db, digest, _taken_apart(text), codes, usual)
    return digest


def _compare(
    db: Database, digest: str, code: Code, codes: dict[str, Code], usual: Mapping[int, int], shipped_name: str = ""
) -> None:
    """Keep what a text computes, and its kin; what Axiom brings along are sisters, of which nobody asks."""
    near = {
        other: find_kinship(code, theirs, usual)
        for other, theirs in codes.items()
        if not (code.is_shipped and theirs.is_shipped)
    }
    kin.store_code(db, digest, code, shipped_name, {other: nearness for other, nearness in near.items() if nearness})
    codes[digest] = code


@lru_cache(maxsize=_READ_AHEAD)
def _taken_apart(text: bytes) -> Code:
    return outline_code(text.decode(errors="replace"))


@cache
def _shipped(catalogue: Path) -> Mapping[str, tuple[str, Code]]:
    """What each experiment that Axiom brings along computes, with its name, by its text's digest."""
    texts = {file.stem: file.read_bytes() for file in sorted(catalogue.glob("[a-z]*.py"))}
    return {
        bundles.digest_bundle(text): (name, outline_code(text.decode(errors="replace"), is_shipped=True))
        for name, text in texts.items()
    }


def count_usual_parts() -> Mapping[int, int]:
    """In how many of the experiments that Axiom brings along each part is."""
    return _usual(shipped.catalogue_folder())


@cache
def _usual(catalogue: Path) -> Mapping[int, int]:
    return Counter(part for _, code in _shipped(catalogue).values() for part in code.parts)
