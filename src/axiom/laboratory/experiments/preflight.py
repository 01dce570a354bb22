"""Tries a bundle before it goes to other people's computers, and remembers how that ended.

To try one takes as long as its sweep, and its controls: it is done outside of the writer, by whoever asks for it. What
is brought to the writer are facts; whether they are enough is decided there.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from axiom import shipped
from axiom.domain.preflights import GATES, Attempt, ControlDemand, Demands, Preflight, Refusal
from axiom.errors import ExperimentError, NotFound, Refused, TaskError, WrongUse
from axiom.laboratory.experiments.own_host_gates import check_archive_source
from axiom.laboratory.experiments.preflight_cells import PreflightRun, Progress, compute_cells_of_bundle, is_own_fault
from axiom.laboratory.experiments.preflight_report import why_out_of_order, write_preflight_report
from axiom.laboratory.experiments.publish import PackedBundle, demand_bounded_cost, pack_experiment
from axiom.laboratory.experiments.rules.gates import PreflightVerdict, judge_preflight
from axiom.laboratory.experiments.rules.next_preflight import NextPreflight, UntriedBundle, choose_preflight
from axiom.laboratory.experiments.rules.seeds_and_factors import SAME_HIGH, SAME_LOW
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.limits import experiments as experiment_limits
from axiom.limits import hosts as host_limits
from axiom.rules.planning.cell_limits import allowed_seconds
from axiom.runner.child.pause import PauseGate
from axiom.runner.confine import bubblewrap
from axiom.runner.direct import describe_boxed
from axiom.runner.platform.host import platform_here
from axiom.signed import bundles
from axiom.signed.manifests import Manifest, read_manifest, stored_manifest
from axiom.signed.signing_key import SigningKey
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments, preflights

NOBODYS = b"axiom-preflight-nobody"


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What came of trying a file or a bundle, and what it was held to: nothing where it declares nothing."""

    attempt: Attempt
    manifest: Manifest | None
    is_shipped: bool = False

    @property
    def judged(self) -> PreflightVerdict:
        demands = preflight_demands(self.manifest) if self.manifest else None
        return judge_preflight(self.attempt, demands, is_shipped=self.is_shipped)


def preflight_bundle(
    archive: bytes,
    on_progress: Progress | None = None,
    *,
    secret: bytes = NOBODYS,
    patience: float = experiment_limits.COMPILE_CPU_SECONDS,
    gate: PauseGate | None = None,
    is_invented: bool = False,
    on_failed: Callable[[str], None] = lambda _: None,
) -> Attempt:
    """Put a bundle to all gates; at the first fault nothing more is computed. NoSandbox where none can be entered.

    The seeds follow from the laboratory's `secret`. Without one they are the same each time, so that an author sees
    what a change of the file does; no laboratory takes that report.
    `patience` is how many CPU seconds a cell may take beyond five times what it declares. Whoever may want it to end
    before it is through gives it a `gate` to close; then nothing is known of the bundle, and Ended says so.
    `on_failed` is told what a cell that failed printed; no report has it.
    """
    began, digest = time.monotonic(), bundles.digest_bundle(archive)
    files = bundles.read_bundle_files(archive)
    manifest = read_manifest(files[bundles.MANIFEST])
    refused = check_source(files[bundles.experiment_path(manifest.name)], manifest.name)
    preflight_run = PreflightRun(
        files,
        manifest,
        preflight_demands(manifest, is_invented=is_invented),
        lambda number: preflight_seed(secret, number),
        on_progress,
        patience,
        gate,
        on_failed=on_failed,
    )
    if not refused:
        bubblewrap.demand_sandbox()
        preflight_run.run()
    return Attempt(
        bundle=digest,
        gates=GATES,
        platform=str(platform_here()),
        seed=preflight_seed(secret),
        refusals=refused,
        first=preflight_run.tried("first"),
        again=preflight_run.tried("again"),
        others=preflight_run.tried("others"),
        compared=preflight_run.tried("compared"),
        controls=preflight_run.controls(),
        fault=preflight_run.fault,
        seconds=round(time.monotonic() - began, 3),
    )


def compare_with_published(
    attempt: Attempt, manifest: Manifest, published: bytes, secret: bytes, gate: PauseGate | None
) -> Attempt:
    """The attempt of a mended text, with what the bundle that it would replace gives at the same seeds.

    Another version may have other numbers.
    """
    files = bundles.read_bundle_files(published)
    before = read_manifest(files[bundles.MANIFEST])
    if before.version != manifest.version or attempt.fault:
        return attempt
    tried = [cell for cell in (*attempt.first, *attempt.others) if cell.config < len(before.configs)]
    cells = [(cell.config, cell.seed) for cell in tried]
    return replace(
        attempt,
        published=compute_cells_of_bundle(
            files, before, preflight_demands(before), cells, lambda number: preflight_seed(secret, number), gate
        ),
    )


def pack_in_sandbox(package: Path, file: Path) -> PackedBundle | Attempt:
    """The bundle of a file of which nothing is known; or, where none can be made, an attempt that says why.

    To ask a file what it declares is to run it, so that happens behind the first two gates and in the bubblewrap.
    """
    if not file.is_file():
        raise NotFound(f"There is no experiment file {file}. Nothing was tried.")
    refused = check_source(file.read_bytes(), file.stem)
    if refused:
        return _attempt_without_bundle(refused)
    try:
        made = pack_experiment(package, file, describe=describe_boxed)
        demand_bounded_cost(made.manifest)
    except Refused as error:
        return _attempt_without_bundle((), str(error))
    except (ExperimentError, TaskError) as error:
        if not is_own_fault(error):
            raise
        bubblewrap.demand_sandbox()  # one that lets nobody compute would be blamed on the file
        return _attempt_without_bundle((), str(error))
    return made


def preflight_file(
    package: Path,
    file: Path,
    on_progress: Progress | None = None,
    *,
    patience: float = experiment_limits.COMPILE_CPU_SECONDS,
) -> Examination:
    """Put a file to all gates, as the bundle that would be made of it."""
    made = pack_in_sandbox(package, file)
    if isinstance(made, Attempt):
        return Examination(attempt=made, manifest=None)
    return Examination(attempt=preflight_bundle(made.archive, on_progress, patience=patience), manifest=made.manifest)


def _attempt_without_bundle(refused: tuple[Refusal, ...], fault: str = "") -> Attempt:
    return Attempt(bundle="", gates=GATES, platform=str(platform_here()), seed=0, refusals=refused, fault=fault)


def recheck_source(db: Database, folder: Folder, attempt: Attempt) -> Attempt:
    """The attempt with what this laboratory says itself at G0 and G1, of the file that it has sealed.

    To read a file takes milliseconds and nothing of it is run, so nobody's word is taken for that.
    """
    bundle = experiments.find_bundle(db, attempt.bundle)
    experiment = experiments.find_experiment(db, bundle.experiment_id) if bundle else None
    if bundle is None or experiment is None:
        return attempt  # and that is refused
    return replace(attempt, refusals=check_archive_source(blobs.read_blob(db, folder, bundle.digest), experiment.name))


def is_shipped_bundle(archive: bytes) -> bool:
    """Is its file one that Axiom brings along, to the byte?"""
    files = bundles.read_bundle_files(archive)
    name = read_manifest(files[bundles.MANIFEST]).name
    file = shipped.catalogue_folder() / f"{name}.py"
    return file.is_file() and file.read_bytes() == files[bundles.experiment_path(name)]


def store_judged_preflight(
    db: Database, attempt: Attempt, secret: bytes, now: datetime, *, is_shipped: bool = False
) -> tuple[Preflight, bool]:
    """Judge an attempt by what its bundle declares, and remember it; and whether that is new, since a pass stays.

    The stored reason is read by programs, so it tells no measure; a person finds the measures in the report.
    One that was not computed to its end, or not as it is done here, says nothing of the bundle: it is refused.
    """
    bundle = experiments.find_bundle(db, attempt.bundle)
    if bundle is None:
        raise NotFound(
            f"There is no bundle {attempt.bundle[:12]} here, so its preflight is for nothing. Nothing was stored; "
            "publish the experiment first."
        )
    if attempt.gates != GATES:
        raise WrongUse(f"Gates {attempt.gates} are not those that are asked here, {GATES}. Nothing was stored.")
    manifest = stored_manifest(bundle.manifest)
    if amiss := why_out_of_order(attempt):
        raise WrongUse(f"The report of the preflight is no report: {amiss}. Nothing was stored.")
    if attempt.seed != preflight_seed(secret):
        raise WrongUse(
            f"Seed {attempt.seed} is not that of a preflight of {manifest.name} in this laboratory. Nothing was "
            "stored; try the bundle with the keys of this laboratory."
        )
    judged = judge_preflight(attempt, preflight_demands(manifest), is_shipped=is_shipped)
    if judged.is_lacking:
        raise WrongUse(f"The preflight is not complete. {judged.reason} Nothing was stored.")
    made = Preflight(
        bundle=bundle.digest,
        gates=attempt.gates,
        passed=judged.passed,
        reason=judged.unseen,
        platform=attempt.platform,
        report=write_preflight_report(attempt),
        at=now,
    )
    if preflights.record_preflight(db, made):
        return made, True
    return preflights.find_preflight(db, bundle.digest, GATES) or made, False


def choose_due_preflight(db: Database, now: datetime, without: Collection[str] = ()) -> NextPreflight:
    """Which bundle should be tried now; none while that would hold up the laboratory's own first answers.

    `without`: those that could not be tried just now, for the others should not wait for them.
    """
    waiting = [
        UntriedBundle(bundle=preflight.bundle, name=preflight.name, seconds=stored_manifest(preflight.manifest).seconds)
        for preflight in preflights.list_newest_preflights(db, GATES)
        if preflight.passed is None and preflight.bundle not in without
    ]
    return choose_preflight(waiting, preflights.read_circumstances(db, now - host_limits.COUNTED_ON_FOR))


def preflight_demands(manifest: Manifest, *, is_invented: bool = False) -> Demands:
    """What a bundle with this manifest is held to: its own words, and the very limits that a ticket will set.

    `is_invented`: it is a draft, and nothing is published under its name.
    """
    return Demands(
        configs=manifest.configs,
        seconds=manifest.cell_seconds,
        allowed_seconds=[allowed_seconds(seconds) for seconds in manifest.cell_seconds],
        ranges=manifest.ranges,
        estimands=[
            {**estimand, "is_event": True} if estimand["measure"] in manifest.events else estimand
            for estimand in manifest.estimands
        ],
        controls=[
            ControlDemand(
                estimand=control.estimand, placebo=control.placebo, planted=control.planted, side=control.side
            )
            for control in manifest.controls
        ],
        is_invented=is_invented,
    )


def preflight_secret(key: SigningKey) -> bytes:
    """What seeds are drawn from: nobody without the laboratory's ticket key can foresee them."""
    return hashlib.sha256(key.sign(b"axiom-preflight-2")).digest()


def preflight_seed(secret: bytes, number: int = 0) -> int:
    """A seed of every preflight, below 2 to the 63rd: no replicate's, so that no evidence is seen before.

    All bundles have it in common, so that those which compute the same give the same. Two of them share half of their
    bits with number 0, to show whether a file heeds both halves.
    """
    drawn = hmac.digest(secret, f"{number}".encode(), hashlib.sha256)
    seed = int.from_bytes(drawn[:8], "big") >> 1
    if number == SAME_LOW:
        return preflight_seed(secret) ^ (1 + seed % (2**31 - 1) << 32)
    if number == SAME_HIGH:
        return preflight_seed(secret) ^ (1 + seed % (2**32 - 1))
    return seed
