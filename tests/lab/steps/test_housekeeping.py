"""What a session does about hosts and files: named, held down, told, swept, each with its reason."""

import contextlib

from axiom.lab.steps.clean import clean, give_up_stuck, look_at_hosts
from axiom.server.upkeep import janitor
from axiom.store.engine import blobs
from axiom.store.hosts import hosts, notices


def done(lab, what) -> list:
    with lab.db.transaction():
        return list(what(lab.db, lab.now))


def test_a_crash_looping_host_is_named_while_its_quota_halves_and_is_well_again_when_it_has_doubled(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=20, max_failures=50)
    quotas = []
    for _ in range(5):
        rounds.compute(1, host=2, by=lambda _order: b"nonsense")
        quotas.append(hosts.host(lab.db, 2).standing.quota)
    assert quotas == [16, 8, 4, 2, 1]
    (note,) = done(lab, look_at_hosts)
    assert note.sentence.startswith("Host 2 looks failing")
    lab.later(days=1)
    for _ in range(5):
        rounds.compute(1, host=2)
        lab.later(days=1)
        quotas.append(hosts.host(lab.db, 2).standing.quota)
    assert quotas[5:] == [2, 4, 8, 16, None]
    assert [note.kind for note in done(lab, look_at_hosts)] == ["hosts.nothing"]


def test_a_host_that_floods_is_held_down_until_it_shows_something(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.db.execute("UPDATE host SET rpc_seqno = 5000 WHERE id = 2")
    lab.later(hours=1)
    lab.ask(2, wanted=0)
    for _ in range(2):
        (note,) = done(lab, look_at_hosts)
        assert note.sentence.startswith("Host 2 looks flooding")
        assert hosts.host(lab.db, 2).standing.quota == 1
    lab.deploy(workunits=1)
    rounds.compute(1, host=2)
    assert hosts.host(lab.db, 2).standing.quota == 2


def test_the_owners_of_a_copied_folder_are_told_once_a_day(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.later(hours=1)
    lab.host("third", volunteer="Ben")
    lab.db.execute("UPDATE host SET cpid = 'the same' WHERE id > 1")
    lab.later(minutes=5)
    for host in (2, 3):
        lab.ask(host, wanted=0)
    for _ in range(2):
        assert [note.facts["host"] for note in done(lab, look_at_hosts)] == [2, 3]
    for host in (2, 3):
        assert len(notices.shown(lab.db, host, lab.now)) == 1


def test_many_stuck_tasks_are_named_up_to_a_few_and_counted(rounds):
    lab = rounds.lab
    lab.host("second", cores=30, memory_mb=100_000)
    lab.deploy(workunits=25)
    given = lab.ask(2, wanted=25).orders
    lab.later(days=-3650)  # a clock that is wrong gives up on nothing
    assert [note.kind for note in done(lab, give_up_stuck)] == ["clean.nothing"]
    lab.later(days=3650, hours=49)
    notes = done(lab, give_up_stuck)
    assert (len(given), len(notes), notes[-1].facts["more"]) == (25, 21, 5)
    assert lab.db.one("SELECT count(*) AS amount FROM task WHERE state = 'expired'")["amount"] == 25
    assert done(lab, clean)[0].kind == "clean.nothing"
    assert rounds.broken() == {}


def test_a_session_tells_what_the_janitor_swept_since_the_one_before_and_deletes_nothing_itself(rounds):
    lab, folder = rounds.lab, rounds.lab.folder

    def swept() -> list[str]:
        rounds.hold()
        return [kind for kind in rounds.kinds() if kind.startswith("sweep.")]

    with contextlib.suppress(LookupError), lab.db.transaction():
        janitor.clean(lab.db, folder, lab.now)
        raise LookupError  # it is undone, and told by nobody
    assert swept() == ["sweep.none"]
    with lab.db.transaction():
        old = blobs.put(lab.db, folder, b"a seal that was renewed since", lab.now)
        kept = blobs.put(lab.db, folder, lab.db.one("SELECT seal FROM bundle")["seal"].encode(), lab.now)
    lab.later(days=61)
    assert swept() == ["sweep.none"]
    assert old in {row["digest"] for row in lab.db.select("SELECT digest FROM blob")}
    for _ in range(2):
        with lab.db.transaction():
            janitor.clean(lab.db, folder, lab.now)
    lab.later(minutes=1)
    (kind,) = swept()
    (told,) = rounds.said(kind)
    assert "nothing names 1" in told
    digests = {row["digest"] for row in lab.db.select("SELECT digest FROM blob")}
    assert (kept in digests, old in digests) == (True, False)
    assert lab.db.one("SELECT count(*) AS amount FROM blob JOIN bundle USING (digest)")["amount"] == 1
    assert rounds.broken() == {}


def test_what_waits_for_a_host_that_fell_silent_goes_to_any(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=1)
    lab.db.execute("UPDATE task SET target_host_id = 2")
    lab.db.execute("UPDATE workunit SET target_host_id = 2")
    lab.later(days=6)
    assert lab.ask(1, wanted=1).orders == ()
    assert "clean.freed" not in {note.kind for note in done(lab, clean)}
    lab.later(days=1, hours=2)
    lab.ask(1, wanted=0)
    assert [note.kind for note in done(lab, clean)].count("clean.freed") == 1
    assert len(lab.ask(1, wanted=1).orders) == 1
    assert lab.broken() == {}
