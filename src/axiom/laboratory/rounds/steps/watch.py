"""A step of rounds: new results are held against every watch, and the first that meets one is told."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from axiom.domain.failures import Watch
from axiom.domain.rounds import Note
from axiom.laboratory.failures.rules.watches import find_watch_hit
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.upkeep import watches
from axiom.store.upkeep.watches import WatchHit
from axiom_weigh.grouping import group_pairs


def check_watches(db: Database, now: datetime) -> list[Note]:
    """Look through the results that no round has looked at; one note for each watch that is met now."""
    looked = watches.list_open_watches(db)
    together = group_pairs(((watch.experiment_id, watch.seen_result), watch) for watch in looked)
    notes = {number: note for group in together.values() for number, note in _note_hits(db, group, now).items()}
    if notes or not looked:
        return [note for _, note in sorted(notes.items())]
    text = "Watches: {watches}. No new result meets one."
    return [Note(kind="watch.nothing", text=text, facts={"watches": len(looked)}, about="/watches")]


def _note_hits(db: Database, group: Sequence[Watch], now: datetime) -> dict[int, Note]:
    """Read what watches of one version have not seen once for all of them; a note for each that is met now."""
    after = seen = group[0].seen_result
    hits, first = Counter[int](), dict[int, WatchHit]()
    while results := watches.list_watched_results(db, group[0].experiment_id, seen):
        for number, measures in results:
            for watch in group:
                if (value := find_watch_hit(watch, measures)) is not None:
                    hits[watch.id] += 1
                    first.setdefault(watch.id, WatchHit(result_id=number, value=value))
        seen = results[-1][0]
    if seen != after:
        for watch in group:
            watches.record_watch_progress(
                db, watch.id, seen_result=seen, hits=hits[watch.id], first=first.get(watch.id), now=now
            )
    new = [watch for watch in group if watch.id in first and watch.first_hit is None]
    return {watch.id: _note(db, watch, first[watch.id], hits[watch.id]) for watch in new}


def _note(db: Database, watch: Watch, first: WatchHit, hits: int) -> Note:
    version = experiments.find_experiment(db, watch.experiment_id)
    name = version.whole_name if version else str(watch.experiment_id)
    return Note(
        kind="watch.met",
        text="Watch {watch} is met: {sentence} In {experiment}, {measure} is {value}, first of {hits} result(s). "
        "It is no evidence.",
        facts={
            "watch": watch.id,
            "sentence": watch.sentence,
            "experiment": name,
            "measure": watch.measure,
            "value": first.value,
            "hits": hits,
        },
        about=f"/results?experiment={name}",
    )
