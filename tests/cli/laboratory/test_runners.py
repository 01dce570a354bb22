"""`axiom runner`, typed: signed where it was built, fetched where it is offered."""

import pytest
from fake_builds import LINUX, build

from axiom.__main__ import _main


@pytest.fixture
def say(hand_over):
    """Types a command about a laboratory; status, answer and what was said."""
    return hand_over()


@pytest.fixture
def sign(capsys, tmp_path):
    """Signs what was built, with the key in this file."""
    build(tmp_path / "built")

    def sign(*words: object):
        status = _main(["runner", "sign", str(tmp_path / "built"), "--key", *map(str, words)])
        return status, *capsys.readouterr()

    return sign


def test_what_was_signed_is_fetched_once(say, sign, tmp_path, small_lab):
    status, public, err = sign(tmp_path / "release.key", "--make-key")
    assert (status, len(public.strip()), LINUX in err) == (0, 64, True)
    assert (tmp_path / "release.key").stat().st_mode & 0o777 == 0o600
    words = ("runner", "fetch", tmp_path / "built", "--key", public.strip(), "--json")
    answers = [say(*words, *more)[1] for more in (["--dry-run"], [], ["--only", LINUX])]
    assert [answer["runners"][0]["change"] for answer in answers] == ["would be fetched", "fetched", "there already"]
    assert [path.name for path in small_lab.folder.fetched_runners.iterdir()] == [LINUX]
    assert sign(tmp_path / "release.key")[1] == public


def test_a_key_is_never_written_over_a_file_nor_made_unasked(sign, tmp_path):
    (tmp_path / "mine").write_text("mine")
    assert sign(tmp_path / "mine", "--make-key")[0] == 5
    assert (tmp_path / "mine").read_text() == "mine"
    assert sign(tmp_path / "none")[0] == 5
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("place", "key", "status"),
    [("built", "0" * 64, 4), ("built", "0" * 63, 2), ("built", "", 2), ("none", "0" * 64, 3)],
)
def test_what_is_wrong_is_refused_and_nothing_is_fetched(say, sign, place, key, status, tmp_path, small_lab):
    sign(tmp_path / "release.key", "--make-key")
    found, _, err = say("runner", "fetch", tmp_path / place, "--key", key)
    assert found == status, err
    assert not small_lab.folder.fetched_runners.exists()


def test_without_a_laboratory_nothing_is_fetched(sign, tmp_path, capsys):
    public = sign(tmp_path / "release.key", "--make-key")[1].strip()
    words = ["runner", "fetch", str(tmp_path / "built"), "--key", public, "--data", str(tmp_path / "empty")]
    assert _main(words) == 5
    assert "axiom init" in capsys.readouterr().err
