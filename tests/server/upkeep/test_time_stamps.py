"""No task goes out before somebody else has dated what is predicted, and anybody can see that it was so."""

import shutil
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from furnished_lab import weigh_three_blocks
from running_lab import answer, typed
from stamp_authority import Authority

from axiom.errors import NotStamped
from axiom.laboratory.planning import read_candidates as planning
from axiom.limits import mail as mail_limits
from axiom.server.upkeep.time_stamps import StampJob
from axiom.store.registrations import time_stamps


@pytest.fixture
def authority(tmp_path):
    made = Authority(tmp_path / "authority")
    yield made
    made.close()


@pytest.fixture
def stamping(small_lab, prepared, authority):
    """A laboratory of today with one registration, and the job."""
    small_lab.now = datetime.now(UTC)
    small_lab.publish(prepared())

    def run(work):
        with small_lab.db.transaction():
            return work(small_lab.db)

    return StampJob(
        folder=small_lab.folder,
        writer=SimpleNamespace(run=run),
        address=authority.address,
        roots=authority.roots,
        now=lambda: small_lab.now,
    )


def faults(lab) -> list[str]:
    return [found.fault for found in planning.list_candidates(lab.db, lab.now, is_stamped=True)]


@pytest.mark.parametrize("manner", ["silent", "broken", "rubbish", "old", "other"])
def test_what_is_no_stamp_is_refused_and_asked_for_again(stamping, small_lab, authority, manner, monkeypatch):
    monkeypatch.setattr(mail_limits, "SERVER_SECONDS", 0.2)
    if manner == "old":
        stamping()
        small_lab.db.execute("DELETE FROM stamp")
    authority.manner = manner
    with pytest.raises(NotStamped, match="registration 1"):
        stamping()
    asked = authority.asked
    with pytest.raises(NotStamped):  # the authority has peace for a while
        stamping()
    assert (authority.asked, time_stamps.find_stamp(small_lab.db, 1)) == (asked, None)
    assert all(faults(small_lab))
    authority.manner = "true"
    small_lab.later(minutes=2)
    stamping()
    assert time_stamps.find_stamp(small_lab.db, 1)
    assert not any(faults(small_lab))


def test_what_was_ordered_before_anybody_asked_for_stamps_goes_on(stamping, small_lab, authority):
    small_lab.deploy()
    stamping()
    assert authority.asked == 0
    assert not any(faults(small_lab))


def test_an_export_proves_without_the_laboratory_that_the_prediction_came_first(
    stamping, small_lab, prepared, authority, tmp_path
):
    stamping()
    small_lab.now = datetime.now(UTC) + timedelta(seconds=2)  # the authority's clock tells whole seconds
    weigh_three_blocks(small_lab, prepared)
    for target in ("export", "export.zip"):
        assert typed("finding", "export", 1, "--to", tmp_path / target, data=small_lab.folder.path).returncode == 0
    shutil.rmtree(small_lab.folder.path)
    seen = answer("finding", "verify", tmp_path / "export.zip", "--roots", authority.roots)["verified"]
    (registration,) = seen["registrations"]
    assert seen["is_sealed"]
    assert registration["predictions"][0]["positive"] == 0.8
    assert registration["stamped_at"] < registration["first_result_at"]
    assert "A test authority" in registration["authorities"][0]
    proven = typed("finding", "verify", tmp_path / "export")
    assert proven.returncode == 0
    assert "--roots" in proven.stdout

    stranger = Authority(tmp_path / "stranger", "Another authority")
    stranger.close()
    assert typed("finding", "verify", tmp_path / "export", "--roots", stranger.roots).returncode == 1
    body = tmp_path / "export" / "registrations" / "1.json"
    text = body.read_text()
    body.write_text(text.replace('"positive":0.8', '"positive":0.9'))
    assert typed("finding", "verify", tmp_path / "export").returncode == 1
    body.write_text(text)
    finding = tmp_path / "export" / "finding.json"
    exported, stamped = finding.read_text(), datetime.fromisoformat(registration["stamped_at"])
    for seconds, code in ((59, 0), (61, 1)):  # so much the laboratory's clock may be behind
        dated = (stamped - timedelta(seconds=seconds)).isoformat()
        finding.write_text(exported.replace(registration["first_result_at"], dated))
        proven = typed("finding", "verify", tmp_path / "export")
        assert (proven.returncode, "at least 59 s behind" in proven.stdout) == (code, code == 0)
    body.with_suffix(".tsr").unlink()
    assert typed("finding", "verify", tmp_path / "export").returncode == 1
    assert typed("finding", "verify", body).returncode == 2
