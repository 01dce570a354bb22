from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.work import Exit
from axiom.runner.boinc.delivered_files import SuppliedHome
from axiom.runner.tasks import Runner
from axiom.signed.bundles import write_seal
from axiom.signed.trust import write_trust


@pytest.fixture
def folder(tmp_path):
    """Where the files of the task at hand lie."""
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.fixture
def host(lab, folder, tmp_path):
    """A host on which nothing was done yet, and everything that its first task needs."""
    home = SuppliedHome(tmp_path / "fresh", folder.joinpath)
    (folder / "trust.json").write_bytes(write_trust(lab.keys.trust, [lab.keys.root]))
    (folder / "bundle.zip").write_bytes(lab.archive)
    (folder / "bundle.seal").write_text(write_seal(lab.seal(), lab.keys.bundle))
    return replace(lab, home=home)


@pytest.fixture
def obey(host, now, tmp_path):
    runner = Runner(host.home, 1)
    yield lambda order=None, at=now: runner.obey(
        (order or host.order()).argv(), tmp_path / "slot", now=at, report=lambda *_: None
    )
    runner.stop()


def test_the_first_task_brings_everything_and_the_next_replaces_what_is_damaged(obey, host, folder):
    assert (obey().exit, obey().message) == (Exit.DONE, "")
    bundle = host.home.path / "bundles" / f"{host.digest}.zip"
    assert {path.name for path in bundle.parent.iterdir()} == {f"{host.digest}.seal", bundle.name}
    bundle.write_bytes(b"PK")
    assert obey().exit is Exit.DONE
    assert bundle.read_bytes() == host.archive
    for name in ("trust.json", "bundle.zip", "bundle.seal"):
        (folder / name).unlink()
    assert obey().exit is Exit.DONE, "what is here already need not come again"


def test_a_newer_trust_file_is_kept_and_an_older_one_or_a_stranger_s_is_passed_over(obey, host, folder, strangers):
    older = write_trust(host.keys.trust, [host.keys.root])
    newer = write_trust(replace(host.keys.trust, version=2), [host.keys.root], older)
    foreign = write_trust(strangers.trust, [strangers.root])
    for brought, kept in (*((older, older), (foreign, older), (newer, newer), (older, newer), (newer[:-9], newer)),):
        (folder / "trust.json").write_bytes(brought)
        assert obey().exit is Exit.DONE
        assert (host.home.path / "trust.json").read_bytes() == kept


def test_a_host_that_is_given_no_usable_trust_file_trusts_nobody(obey, host, folder):
    whole = (folder / "trust.json").read_bytes()
    for damaged in (whole[:-9], b"", whole * 200):
        (folder / "trust.json").write_bytes(damaged)
        answer = obey()
        assert (answer.exit, host.nothing_was_imported) == (Exit.BAD_TICKET, True)
        assert "The trust file is damaged" in answer.message


def test_of_two_seals_the_one_that_runs_longer_is_kept(obey, host, folder, now):
    def seal(days: int) -> str:
        return write_seal(host.seal(expires=now + timedelta(days=days)), host.keys.bundle)

    held = host.home.path / "bundles" / f"{host.digest}.seal"
    texts = {days: seal(days) for days in (10, 90)}
    for brought, kept in ((10, 10), (90, 90), (10, 90)):
        (folder / "bundle.seal").write_text(texts[brought])
        assert obey().exit is Exit.DONE
        assert held.read_text() == texts[kept]
    (folder / "bundle.seal").write_text(texts[10])
    assert obey(at=now + timedelta(days=20), order=host.order(expires=now + timedelta(days=99))).exit is Exit.DONE


def test_a_seal_that_ran_out_is_replaced_by_a_fresh_one(obey, host, folder, now):
    short = write_seal(host.seal(expires=now + timedelta(days=1)), host.keys.bundle)
    (folder / "bundle.seal").write_text(short)
    later, order = now + timedelta(days=2), host.order(expires=now + timedelta(days=9))
    assert obey().exit is Exit.DONE
    assert obey(at=later, order=order).exit is Exit.BAD_BUNDLE
    (folder / "bundle.seal").write_text(write_seal(host.seal(), host.keys.bundle))
    assert obey(at=later, order=order).exit is Exit.DONE


def test_the_seal_of_a_stranger_or_a_ticket_that_is_not_the_laboratory_s_is_refused(obey, host, folder, strangers):
    answer = obey(order=replace(host.order(), bundle="../../elsewhere"))
    assert answer.exit is Exit.BAD_TICKET
    assert list((host.home.path / "bundles").iterdir()) == []
    (folder / "bundle.seal").write_text(write_seal(host.seal(), strangers.bundle))
    answer = obey()
    assert (answer.exit, host.nothing_was_imported) == (Exit.BAD_BUNDLE, True)
    assert "not the laboratory's" in answer.message
