"""What a session does about hosts and files: named, held down, told, swept, each with its reason."""

import contextlib

from axiom.domain.sessions import Step
from axiom.lab.steps.clean import clean, give_up_stuck, look_at_hosts
from axiom.server.upkeep import janitor
from axiom.store.engine import blobs
from axiom.store.hosts import hosts, notices


def done(lab, what) -> list[str]:
    with lab.db.transaction():
        return [note.sentence for note in what(lab.db, lab.now)]


def test_a_crash_looping_host_is_named_while_its_quota_halves_and_is_well_again_when_it_has_doubled(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=20, max_failures=50)
    quotas = []
    for _ in range(5):
        rounds.compute(1, host=2, by=lambda _order: b"nonsense")
        quotas.append(hosts.host(lab.db, 2).standing.quota)
    assert quotas == [16, 8, 4, 2, 1]
    (said,) = done(lab, look_at_hosts)
    assert said == (
        "Host 2 looks failing: it gets 1 task a day and core, and none since has been valid; each that is doubles it"
    )
    lab.later(days=1)
    for _ in range(5):
        rounds.compute(1, host=2)
        lab.later(days=1)
        quotas.append(hosts.host(lab.db, 2).standing.quota)
    assert quotas[5:] == [2, 4, 8, 16, None]
    assert done(lab, look_at_hosts) == ["Hosts that are heard from or have tasks: 1. None looks wrong."]


def test_a_host_that_floods_is_held_down_until_it_shows_something(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.db.execute("UPDATE host SET rpc_seqno = 5000 WHERE id = 2")
    lab.later(hours=1)
    lab.ask(2, wanted=0)
    (said,) = done(lab, look_at_hosts)
    assert said.startswith("Host 2 looks flooding: its client has called 5000 times in 1 h")
    assert hosts.host(lab.db, 2).standing.quota == 1
    assert len(done(lab, look_at_hosts)) == 1
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
        assert [said[:20] for said in done(lab, look_at_hosts)] == ["Host 2 looks copied:", "Host 3 looks copied:"]
    for host in (2, 3):
        (told,) = notices.shown(lab.db, host, lab.now)
        assert "was copied" in told.text


def test_many_stuck_tasks_are_named_up_to_a_few_and_counted(rounds):
    lab = rounds.lab
    lab.host("second", cores=30, memory_mb=100_000)
    lab.deploy(workunits=25)
    given = lab.ask(2, wanted=25).orders
    lab.later(hours=49)
    said = done(lab, give_up_stuck)
    assert len(given) == 25
    assert len(said) == 21
    assert said[-1] == "Tasks given up on: 5 more, beside the 20 named above."
    assert lab.db.one("SELECT count(*) AS amount FROM task WHERE state = 'expired'")["amount"] == 25
    assert done(lab, clean)[0] == "Tasks that are out: 0. None is stuck."
    assert rounds.broken() == {}


def test_a_clock_that_was_wrong_by_years_gives_up_on_nothing_but_what_is_out_for_long(rounds):
    rounds.lab.deploy(workunits=1)
    order = rounds.lab.order(1)
    rounds.lab.later(days=-3650)
    assert done(rounds.lab, clean)[0] == "Tasks that are out: 1. None is stuck."
    rounds.lab.later(days=3650, hours=1)
    rounds.lab.ask(1, holding=(order.task,), wanted=0)
    assert done(rounds.lab, clean)[0] == "Tasks that are out: 1. None is stuck."


def swept(rounds) -> list[str]:
    """What a session says of the janitor."""
    notes = next(done.notes for done in rounds.hold() if done.step is Step.CLEAN)
    return [note.sentence for note in notes if note.kind.startswith("sweep.")]


def test_a_session_tells_what_the_janitor_swept_since_the_one_before_and_deletes_nothing_itself(rounds):
    lab, folder = rounds.lab, rounds.lab.folder
    assert swept(rounds) == ["The janitor has not cleaned since the session before."]
    with lab.db.transaction():
        old = blobs.put(lab.db, folder, b"a seal that was renewed since", lab.now)
        kept = blobs.put(lab.db, folder, lab.db.one("SELECT seal FROM bundle")["seal"].encode(), lab.now)
    (folder.engine / "cache" / "ab12").mkdir(parents=True)
    lab.later(days=61)
    assert swept(rounds) == ["The janitor has not cleaned since the session before."]
    assert old in {row["digest"] for row in lab.db.select("SELECT digest FROM blob")}
    for _ in range(2):
        with lab.db.transaction():
            janitor.clean(lab.db, folder, lab.now)
    lab.later(minutes=1)
    assert swept(rounds) == [
        "Cleanings since the session before: 2. Deleted: files without a row 0, uploads that nobody reported 0, stored "
        "files that nothing names 1, sign-ins that ran out 0, compiled programs unused for long 0."
    ]
    digests = {row["digest"] for row in lab.db.select("SELECT digest FROM blob")}
    assert kept in digests
    assert old not in digests
    assert lab.db.one("SELECT count(*) AS amount FROM blob JOIN bundle USING (digest)")["amount"] == 1
    with lab.db.transaction():
        janitor.clean(lab.db, folder, lab.now)
    lab.later(minutes=1)
    assert swept(rounds) == ["Cleanings since the session before: 1. Nothing lay about that nothing refers to."]
    assert rounds.broken() == {}


def test_a_cleaning_that_is_undone_is_told_by_nobody(rounds):
    lab = rounds.lab
    with contextlib.suppress(LookupError), lab.db.transaction():
        janitor.clean(lab.db, lab.folder, lab.now)
        raise LookupError
    assert lab.db.select("SELECT * FROM cleaning") == []


def test_what_waits_for_a_host_that_fell_silent_goes_to_any(rounds):
    lab = rounds.lab
    lab.host("second", volunteer="Ben")
    lab.deploy(workunits=1)
    lab.db.execute("UPDATE task SET target_host_id = 2")
    lab.db.execute("UPDATE workunit SET target_host_id = 2")
    lab.later(days=6)
    assert lab.ask(1, wanted=1).orders == ()
    assert done(lab, _freed) == []
    lab.later(days=1, hours=2)
    lab.ask(1, wanted=0)
    assert len(done(lab, _freed)) == 1
    assert len(lab.ask(1, wanted=1).orders) == 1
    assert lab.broken() == {}


def _freed(db, now):
    return [note for note in clean(db, now) if note.kind == "clean.freed"]
