"""A laboratory whose server has no root, bundle and code-signing key: it serves, asks for seals, and goes on."""

from pathlib import Path

from running_lab import answer, axiom, running


def test_a_server_without_signing_keys_of_its_own_computes_what_was_sealed_elsewhere(tmp_path: Path) -> None:
    data, stick = tmp_path / "lab", tmp_path / "stick"

    def done(*words: object, at: Path | None = data) -> str:
        typed = axiom(*words, data=at)
        assert typed.returncode == 0, typed.stderr
        return typed.stdout + typed.stderr

    done("keys", "make", stick, at=None)
    done("keys", "request", tmp_path / "first.json", "--public", stick / "public.json")
    assert "Complete." in done("keys", "sign", tmp_path / "first.json", "--keys", stick, "--yes", at=None)
    done("keys", "accept", tmp_path / "first.json")
    assert not {"root.key", "bundle.key", "code.key"} & {path.name for path in (data / "keys").iterdir()}

    with running(data, "--workers", "1", "--no-pi") as lab:
        assert "waits for a seal" in done("experiment", "publish", "test_deploy")
        waiting = answer("keys", "status", data=data)["keys"]["waiting"]
        assert "it was never sealed" in {one["why"] for one in waiting}
        done("keys", "request", tmp_path / "next.json")
        done("keys", "sign", tmp_path / "next.json", "--keys", stick, "--yes", at=None)
        assert "test_deploy@2: new experiment" in done("keys", "accept", tmp_path / "next.json")
        done("experiment", "deploy", "test_deploy")
        lab.wait(lambda status: status["totals"]["result"] > 0)
        assert lab.stop() == 130
    assert axiom("doctor", "--invariants", data=data).returncode == 0
