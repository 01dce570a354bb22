"""Which bundles were tried, and that no host is given one that has not passed what it demands."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import axiom
from axiom.domain.fleet import Capacity, Platform
from axiom.domain.preflights import GATES, OWN_GATES, Circumstances, Preflight
from axiom.store.accounts import accounts
from axiom.store.experiments import experiments, preflights
from axiom.store.hosts import hosts
from axiom.store.registrations import registrations
from axiom.store.tasks import workunits
from axiom.store.tasks.workunits import OrderedTask


@pytest.fixture
def stored(database, now):
    """tiny_sum@1 with the bundles aa and bb, other_sum@1 with the bundle cc, one workunit of the first."""
    for name in ("tiny_sum", "other_sum"):
        added = experiments.add(database, name=name, version=1, manifest=f'"{name}"', now=now)
        registrations.register(database, experiment_id=added, cohort="", body=name, predictions=[], now=now)
    for serial, (experiment_id, digest) in enumerate(((1, "aa"), (1, "bb"), (2, "cc")), start=1):
        experiments.add_bundle(
            database,
            experiment_id=experiment_id,
            serial=serial,
            digest=digest,
            seal="seal",
            manifest=f'"{digest}"',
            expires_at=now,
            now=now,
        )
    ours = accounts.ourselves(database, now)
    ann = accounts.create(database, name="Ann", email="ann@example.org", password="", cross_id="c", now=now)
    for volunteer_id in (ours, ann):
        hosts.meet(
            database,
            volunteer_id=volunteer_id,
            name="first",
            platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
            capacity=Capacity(cores=2, memory_mb=4_000),
            now=now,
        )
    with database.transaction():
        workunits.order_many(
            database, experiment_id=1, registration_id=1, replicates=[[0]], configs=[0], max_failures=3, now=now
        )
    return database


def made(bundle: str, now, **changes) -> Preflight:
    sound = Preflight(
        bundle=bundle, gates=GATES, passed=True, reason="all is well", platform="linux", report="{}", at=now
    )
    return replace(sound, **changes)


def test_what_was_recorded_is_read_again(stored, now):
    assert preflights.of_bundle(stored, "aa", GATES) is None
    assert preflights.record(stored, made("aa", now))
    assert preflights.of_bundle(stored, "aa", GATES) == made("aa", now)
    assert preflights.of_bundle(stored, "aa", "other-gates") is None


def test_a_pass_stays_and_a_failure_may_be_repeated(stored, now):
    later = now + timedelta(hours=1)
    assert preflights.record(stored, made("aa", now, passed=False, reason="not finite"))
    assert preflights.record(stored, made("aa", later, passed=False, reason="late"))
    assert preflights.of_bundle(stored, "aa", GATES).reason == "late"
    assert preflights.record(stored, made("aa", later))
    assert not preflights.record(stored, made("aa", later, passed=False, reason="not finite"))
    assert preflights.of_bundle(stored, "aa", GATES) == made("aa", later)


def test_each_set_of_gates_has_a_row_of_its_own(stored, now):
    preflights.record(stored, made("bb", now))
    preflights.record(stored, made("bb", now, gates="more-2", passed=False))
    assert preflights.of_bundle(stored, "bb", GATES).passed
    assert not preflights.of_bundle(stored, "bb", "more-2").passed
    assert preflights.is_offered(stored, 1, GATES)
    assert not preflights.is_offered(stored, 1, "more-2")
    assert preflights.has_passed(stored, "bb")


def test_only_a_bundle_that_is_there_can_have_one(stored, now):
    with pytest.raises(Exception, match="FOREIGN KEY"):
        preflights.record(stored, made("dd", now))


def test_of_each_version_the_newest_bundle_that_passed_is_offered(stored, now):
    assert experiments.passed_bundles(stored, GATES) == []
    preflights.record(stored, made("aa", now))
    preflights.record(stored, made("bb", now, passed=False))
    assert [each.digest for each in experiments.passed_bundles(stored, GATES)] == ["aa"]
    preflights.record(stored, made("bb", now))
    assert [each.digest for each in experiments.passed_bundles(stored, GATES)] == ["bb"]


def test_the_newest_bundle_of_each_open_version_is_listed_with_how_it_fared(stored, now):
    preflights.record(stored, made("bb", now, passed=False, reason="not finite"))
    found = [(one.name, one.bundle, one.manifest, one.passed, one.reason) for one in preflights.newest(stored, GATES)]
    assert found == [("tiny_sum", "bb", '"bb"', False, "not finite"), ("other_sum", "cc", '"cc"', None, "")]
    experiments.retire(stored, 1, now)
    assert [one.name for one in preflights.newest(stored, GATES)] == ["other_sum"]


def test_whoever_keeps_experiments_at_hand_sees_that_one_was_tried(stored, now):
    before = experiments.stamp(stored)
    preflights.record(stored, made("aa", now))
    after = experiments.stamp(stored)
    assert before != after
    preflights.record(stored, made("aa", now, passed=False))  # which changes nothing
    assert experiments.stamp(stored) == after


def test_a_host_is_ours_when_it_computes_in_the_name_of_the_laboratory_itself(stored):
    stored.execute("UPDATE volunteer SET email = NULL WHERE id = 2")  # somebody whom nothing reaches is somebody
    assert [preflights.is_ours(stored, host) for host in (1, 2, 9)] == [True, False, False]


def test_how_the_laboratory_stands(stored, now):
    assert preflights.circumstances(stored, now) == Circumstances(
        has_volunteers=True, has_evidence=False, computes_itself=True
    )
    assert not preflights.circumstances(stored, now + timedelta(seconds=1)).computes_itself


def claim(now, digest: str) -> OrderedTask:
    return OrderedTask(task_id=1, experiment_id=1, bundle_digest=digest, ticket="signed", deadline=now)


OURS = {"gates": OWN_GATES, "ours_only": True}
FAILED = {"passed": False}
SENDS = [
    (1, "bb", (), False),  # nobody gets what nobody looked at: the laboratory's own hosts neither
    (1, "bb", (("aa", OURS),), False),
    (1, "bb", (("bb", OURS | FAILED),), False),
    (1, "bb", (("bb", FAILED),), False),
    (1, "bb", (("bb", OURS),), True),
    (1, "bb", (("bb", OURS), ("bb", FAILED)), True),
    (1, "bb", (("bb", {}),), True),
    (2, "bb", (), False),
    (2, "bb", (("bb", OURS),), False),  # which speaks for our own hosts alone
    (2, "bb", (("bb", OURS | {"gates": "own-2"}), ("bb", FAILED)), False),
    (2, "bb", (("aa", {}),), False),
    (2, "bb", (("bb", FAILED),), False),
    (2, "bb", (("bb", {}),), True),
    (2, "aa", (("aa", {}), ("bb", FAILED)), True),
]


@pytest.mark.parametrize(("host", "digest", "tried", "is_sent"), SENDS)
def test_the_statement_that_sends_gives_no_host_what_has_not_passed(stored, now, host, digest, tried, is_sent):
    for bundle, how in tried:
        preflights.record(stored, made(bundle, now, **how))
    assert preflights.has_passed(stored, digest, is_ours=host == 1) is is_sent
    stored.execute("UPDATE volunteer SET email = NULL WHERE id = 2")  # which makes nobody's hosts ours
    if is_sent:
        workunits.send(stored, [claim(now, digest)], host_id=host, now=now)
        assert workunits.task(stored, 1).bundle_digest == digest
    else:
        with pytest.raises(LookupError, match=f"its bundle {digest} has passed no preflight"):
            workunits.send(stored, [claim(now, digest)], host_id=host, now=now)
        assert workunits.task(stored, 1).state == "unsent"


def test_of_each_version_our_own_hosts_get_the_newest_bundle_that_passed_anything(stored, now):
    def ours() -> list[str]:
        return [each.digest for each in experiments.own_bundles(stored)]

    assert ours() == []
    preflights.record(stored, made("bb", now, **OURS | FAILED))
    assert ours() == []
    preflights.record(stored, made("aa", now, **OURS))
    assert ours() == ["aa"]
    preflights.record(stored, made("bb", now, **OURS))
    preflights.record(stored, made("cc", now))
    assert ours() == ["bb", "cc"]
    assert [each.digest for each in experiments.passed_bundles(stored, GATES)] == ["cc"]


def test_a_bundle_that_was_never_seen_is_sent_to_nobody(stored, now):
    with pytest.raises(LookupError, match="its bundle dd has passed no preflight"):
        workunits.send(stored, [claim(now, "dd")], host_id=1, now=now)


def test_what_a_backup_did_not_know_is_written_down_as_it_was_sent(stored, now):
    workunits.send(stored, [claim(now, "bb")], host_id=2, now=now, is_again=True)
    assert workunits.task(stored, 1).host_id == 2


def test_one_statement_sends_and_it_asks_for_the_preflight():
    found = [
        statement
        for file in sorted(Path(axiom.__file__).parent.rglob("*.py"))
        for statement in re.findall(r"UPDATE task SET[^\"]*", file.read_text(encoding="utf-8"))
        if re.search(r"SET[^\"]*\bstate = 'sent'[^\"]*WHERE", statement)
    ]
    assert len(found) == 1
    assert "FROM preflight" in found[0]
