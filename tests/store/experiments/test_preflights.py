"""Which bundles were tried, and that no host is given one that has not passed what it demands."""

from datetime import timedelta

import pytest

from axiom.domain.preflights import GATES, OWN_GATES, Circumstances, Preflight
from axiom.store.experiments import experiments, preflights
from axiom.store.tasks import tasks
from axiom.store.tasks.tasks import TaskClaim


@pytest.fixture
def stored(ordered, now):
    """tiny_sum@1 with the bundles aa and bb, other_sum@1 with the bundle cc; host 1 is ours and 2 Bob's."""
    experiments.add_experiment(ordered, name="other_sum", version=1, manifest="{}", now=now)
    for serial, (experiment_id, digest) in enumerate(((1, "aa"), (1, "bb"), (2, "cc")), start=2):
        facts = {"digest": digest, "seal": "seal", "manifest": f'"{digest}"', "expires_at": now, "now": now}
        experiments.add_bundle(ordered, experiment_id=experiment_id, serial=serial, **facts)
    ordered.execute("DELETE FROM preflight")
    ordered.execute("DELETE FROM bundle WHERE digest = 'ab'")
    return ordered


def made(bundle: str, now, **changes) -> Preflight:
    words = {"reason": "all is well", "platform": "linux", "report": "{}"}
    return Preflight(**{"bundle": bundle, "gates": GATES, "passed": True, "at": now, **words} | changes)


def test_a_pass_stays_and_a_failure_may_be_repeated_for_each_set_of_gates(stored, now):
    later, untried = now + timedelta(hours=1), experiments.read_experiment_stamp(stored)
    assert preflights.find_preflight(stored, "aa", GATES) is None
    assert preflights.record_preflight(stored, made("aa", now, passed=False, reason="not finite"))
    assert experiments.read_experiment_stamp(stored) != untried  # whoever keeps experiments at hand reads them again
    assert preflights.record_preflight(stored, made("aa", later, passed=False, reason="late"))
    assert preflights.find_preflight(stored, "aa", GATES).reason == "late"
    assert not preflights.has_bundle_passed(stored, "aa")
    assert preflights.record_preflight(stored, made("aa", later))
    tried = experiments.read_experiment_stamp(stored)
    assert not preflights.record_preflight(stored, made("aa", later, passed=False, reason="not finite"))
    assert experiments.read_experiment_stamp(stored) == tried
    assert preflights.find_preflight(stored, "aa", GATES) == made("aa", later)
    assert preflights.record_preflight(stored, made("aa", now, gates="more-2", passed=False))
    assert not preflights.find_preflight(stored, "aa", "more-2").passed
    assert [preflights.is_version_offered(stored, 1, gates) for gates in (GATES, "more-2")] == [True, False]
    assert preflights.has_bundle_passed(stored, "aa")
    with pytest.raises(Exception, match="FOREIGN KEY"):
        preflights.record_preflight(stored, made("dd", now))


def test_the_newest_bundles_and_the_laboratory_itself_are_told_as_they_stand(stored, now):
    stands = Circumstances(has_volunteers=True, has_evidence=False, computes_itself=True)
    assert preflights.read_circumstances(stored, now) == stands
    assert not preflights.read_circumstances(stored, now + timedelta(seconds=1)).computes_itself
    stored.execute("UPDATE volunteer SET email = NULL")  # somebody whom nothing reaches is somebody
    assert [preflights.is_own_host(stored, host) for host in (1, 2, 9)] == [True, False, False]
    preflights.record_preflight(stored, made("bb", now, passed=False, reason="not finite"))
    found = [
        (new.name, new.bundle, new.manifest, new.passed, new.reason)
        for new in preflights.list_newest_preflights(stored, GATES)
    ]
    assert found == [("tiny_sum", "bb", '"bb"', False, "not finite"), ("other_sum", "cc", '"cc"', None, "")]
    experiments.retire_experiment(stored, 1, now)
    assert [new.name for new in preflights.list_newest_preflights(stored, GATES)] == ["other_sum"]


OURS = {"gates": OWN_GATES, "ours_only": True}
FAILED = {"passed": False}
SENDS = [
    (1, "bb", (), False),  # nobody gets what nobody looked at: the laboratory's own hosts neither
    (1, "bb", (("aa", OURS),), False),
    (1, "bb", (("bb", OURS | FAILED),), False),
    (1, "bb", (("bb", OURS), ("bb", FAILED)), True),
    (1, "bb", (("bb", {}),), True),
    (2, "bb", (("bb", OURS),), False),  # which speaks for our own hosts alone
    (2, "bb", (("bb", OURS | {"gates": "own-2"}), ("bb", FAILED)), False),
    (2, "bb", (("aa", {}),), False),
    (2, "bb", (("bb", {}),), True),
    (2, "aa", (("aa", {}), ("bb", FAILED)), True),
    (1, "dd", (), False),
]


@pytest.mark.parametrize(("host", "digest", "tried", "is_sent"), SENDS)
def test_the_statement_that_sends_gives_no_host_what_has_not_passed(stored, now, host, digest, tried, is_sent):
    claims = [TaskClaim(task_id=1, experiment_id=1, bundle_digest=digest, ticket="signed", deadline=now)]
    for bundle, how in tried:
        preflights.record_preflight(stored, made(bundle, now, **how))
    assert preflights.has_bundle_passed(stored, digest, is_ours=host == 1) is is_sent
    stored.execute("UPDATE volunteer SET email = NULL")  # which makes nobody's hosts ours
    if is_sent:
        tasks.send_tasks(stored, claims, host_id=host, now=now)
    else:
        with pytest.raises(LookupError, match=digest):
            tasks.send_tasks(stored, claims, host_id=host, now=now)
        assert tasks.find_task(stored, 1).state == "unsent"
        if digest != "dd":  # a backup may not have known it
            tasks.send_tasks(stored, claims, host_id=host, now=now, is_again=True)
    if digest != "dd":
        assert (tasks.find_task(stored, 1).bundle_digest, tasks.find_task(stored, 1).host_id) == (digest, host)


def test_the_newest_bundles_that_passed_are_offered_as_they_stand(stored, now):
    def offered() -> tuple[list[str], list[str]]:
        ours, everybodys = experiments.list_own_bundles(stored), experiments.list_passed_bundles(stored, GATES)
        return [bundle.digest for bundle in ours], [bundle.digest for bundle in everybodys]

    steps = [("bb", OURS | FAILED, [], []), ("aa", OURS, ["aa"], []), ("bb", OURS, ["bb"], [])]
    steps += [("cc", {}, ["bb", "cc"], ["cc"]), ("aa", {}, ["bb", "cc"], ["aa", "cc"])]
    steps += [("bb", FAILED, ["bb", "cc"], ["aa", "cc"]), ("bb", {}, ["bb", "cc"], ["bb", "cc"])]
    assert offered() == ([], [])
    for bundle, how, *expected in steps:
        preflights.record_preflight(stored, made(bundle, now, **how))
        assert offered() == tuple(expected)
