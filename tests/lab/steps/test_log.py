"""The log's research direction: what follows from what, what is watched for, and where to go on."""

from axiom.domain.failures import Comparison
from axiom.domain.links import LinkKind, Node, Noun
from axiom.lab.registrations.links import link
from axiom.store.upkeep import watches


def test_the_log_tells_what_is_watched_for_what_follows_from_what_and_where_to_go_on(rounds):
    rounds.hold()
    rounds.lab.later(days=1)
    db, now = rounds.db, rounds.lab.now
    assert "direction.none" in rounds.kinds()
    assert any("16 cells more for finding 1 (tiny_sum@1)" in step for step in rounds.said("log.next"))
    watch = {"sentence": "If any total exceeds 50, look at it.", "comparison": Comparison.ABOVE, "threshold": 50.0}
    with db.transaction():
        watches.register(db, experiment_id=1, measure="total", now=now, **watch)
        claim = db.insert(
            "INSERT INTO old_claim (name, claim, experiment, figure, rests_on, status, source, scripts, created_at) "
            "VALUES ('old', 'larger is more', 'tiny', '', '', '', '', '[]', 0)"
        )
        nodes = Node(noun=Noun.FINDING, id=1), Node(noun=Noun.OLD_CLAIM, id=claim)
        link(db, LinkKind.EXPLAINS, *nodes, why="a sum grows", by="a test", now=now)
    rounds.hold()
    (told,) = rounds.said("direction.watch")
    assert watch["sentence"] in told
    assert rounds.said("direction.link") == ["Finding 1 explains old claim 1: a sum grows"]
    assert any("1 claim of the old laboratory" in step for step in rounds.said("log.next"))
