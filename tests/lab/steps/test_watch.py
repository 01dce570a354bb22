"""Watches are held against each result once; the log tells of them, of what follows from what, where to go on."""

from axiom.domain.failures import Comparison
from axiom.domain.links import LinkKind, Node, Noun
from axiom.lab.registrations.links import link
from axiom.lab.steps.watch import look_for
from axiom.store.upkeep import watches

SAYS = "More than half on any host confirms it."


def register(lab, threshold: float, comparison=Comparison.ABOVE, measure="total") -> int:
    with lab.db.transaction():
        return watches.register(
            lab.db,
            experiment_id=1,
            sentence=SAYS,
            measure=measure,
            comparison=comparison,
            threshold=threshold,
            now=lab.now,
        )


def look(lab) -> list[str]:
    with lab.db.transaction():
        return [note.sentence for note in look_for(lab.db, lab.now)]


def test_the_first_hit_is_told_once_and_later_ones_are_counted(rounds, variant):
    lab = rounds.lab
    assert look(lab) == []
    lab.publish(variant("other_sum"))
    met = register(lab, 1.0)
    borders = [
        register(lab, threshold, comparison, measure)
        for comparison, threshold, measure in (
            (Comparison.ABOVE, 1.5, "total"),
            (Comparison.BELOW, 0.5, "total"),
            (Comparison.ABOVE, 15, "count"),
        )
    ]
    ended = register(lab, 0.0)
    with lab.db.transaction():
        assert watches.end(lab.db, ended, lab.now)
        assert not watches.end(lab.db, ended, lab.now)
        facts = {"sentence": SAYS, "measure": "total", "comparison": Comparison.ABOVE, "threshold": 0.0}
        other = watches.register(lab.db, experiment_id=2, now=lab.now, **facts)
    (nothing,) = look(lab)
    rounds.fill_block()
    (told,) = look(lab)
    assert all(fact in told for fact in (f"Watch {met} ", SAYS, "tiny_sum@1", "1.5", "8 results"))
    watch = watches.of(lab.db, met)
    first = (1.5, 2, lab.now)
    assert (watch.hits, (watch.value, watch.first_hit, watch.first_hit_at)) == (8, first)
    before = register(lab, 0.5, Comparison.AT_MOST)  # results that were there before are looked at, too
    assert (len(look(lab)), watches.of(lab.db, before).hits) == (1, 8)
    lab.later(hours=1)
    rounds.fill_block()
    assert look(lab) == [nothing.replace("5", "6")]
    watch = watches.of(lab.db, met)
    assert (watch.hits, (watch.value, watch.first_hit, watch.first_hit_at)) == (16, first)
    assert [watches.of(lab.db, number).hits for number in (*borders, ended, other)] == [0] * 5


def test_results_are_read_once_for_all_watches_that_have_seen_as_many(rounds):
    """A hundred watches of one version must not make a session read a hundred thousand results a hundred times."""
    lab, said = rounds.lab, []
    first = register(lab, 1.0)
    rounds.fill_block()
    look(lab)
    later = [register(lab, threshold) for threshold in (0.0, 1e9, 1.0)]
    lab.db._connection.set_trace_callback(said.append)
    notes = look(lab)
    lab.db._connection.set_trace_callback(None)
    assert [note.split()[1] for note in notes] == [str(later[0]), str(later[2])]
    assert sum("SELECT id, measures FROM result" in one for one in said) == 2 + 1  # for the later three, and the first
    assert [watches.of(lab.db, number).hits for number in (first, *later)] == [8, 16, 0, 8]


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
