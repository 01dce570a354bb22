"""Which texts are near to one, of a published version or of a draft, and what became of them."""

from collections.abc import Sequence

from axiom.domain.preflights import KinRun
from axiom.reads.base.request import Answer, Reading
from axiom.store.experiments import experiments, kin
from axiom.store.registrations import proposals


def kin_of_experiment(reading: Reading, experiment_id: int, name: str) -> Answer:
    """The kin of a published version, without the draft that it was."""
    digest, bundle = (
        kin.find_experiment_code(reading.db, experiment_id),
        experiments.find_newest_bundle(reading.db, experiment_id),
    )
    if digest is None or bundle is None:
        return {"kin": []}
    own = proposals.find_bundle_approval(reading.db, bundle.digest)
    author, number = (own.proposal.author, own.proposal.draft or 0) if own else ("", 0)
    near = kin.list_kin_runs(reading.db, digest, author, reading.now, without=number)
    rows = list_kin_rows(reading, near, digest, author, number)
    return {"kin": [row for row in rows if row["draft"] is not None or row["name"].partition("@")[0] != name]}


def kin_in_words(rows: Sequence[Answer]) -> str:
    """All of them in a sentence."""
    return ", ".join(
        f"draft {row['draft']} ({row['name']} by {row['author']}, {row['state']})" if row["draft"] else row["name"]
        for row in rows
    )


def list_kin_rows(reading: Reading, near: Sequence[KinRun], digest: str, author: str, without: int) -> list[Answer]:
    """What is near, and then the drafts that were tried among the kin of its kin."""
    listed = {run.draft for run in near}
    family = kin.find_text_family(reading.db, digest, author)
    far = [
        run
        for run in kin.list_tried_drafts(reading.db, family, reading.now)
        if run.draft not in listed and run.draft != without
    ]
    return [
        {
            "draft": run.draft,
            "name": run.name,
            "author": run.author,
            "state": run.state,
            "tried_at": run.at.isoformat() if run.at else None,
            "share": round(run.share, 3),
            "reason": run.reason,
        }
        for run in (*near, *far)
    ]
