"""The folder of an invented project, and what became of folders like it."""

import shutil

import pytest
from make_dumps import PROJECT

from axiom.errors import NotFound, Refused
from axiom.signed.boinc_code_signing import CodeKey, is_code_signed
from axiom_adopt.project_folder import CodeKeyState, read_project


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(PROJECT, tmp_path / "stars")


def test_its_addresses_are_those_of_its_clients(folder):
    project = read_project(folder)
    assert project.long_name == "Stars & Dust"
    assert project.master_url == "https://stars.example.org/stars/"
    assert project.download_url == "https://stars.example.org/stars/download"
    assert project.upload_url == "https://stars.example.org/stars_cgi/file_upload_handler"
    assert project.schedulers == ("https://stars.example.org/stars_cgi/cgi",)
    assert project.upload_public == (folder / "keys" / "upload_public").read_text()


def test_its_code_key_signs_what_its_clients_accept(folder):
    project = read_project(folder)
    assert project.code_key_state is CodeKeyState.USABLE
    assert is_code_signed(b"a program", project.code_key.sign_file(b"a program"), project.code_public)
    assert "CodeKey object" not in repr(project)


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (lambda key: b"Salted__\x8f\x01" + key[:200], CodeKeyState.ENCRYPTED),
        (lambda _: b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n", CodeKeyState.ENCRYPTED),
        (lambda key: key[:-100], CodeKeyState.DAMAGED),
        (lambda key: key.replace(b"1024", b"2048"), CodeKeyState.DAMAGED),
        (lambda _: b"", CodeKeyState.ABSENT),
    ],
)
def test_a_code_key_that_cannot_be_used_is_told(folder, change, state):
    path = folder / "keys" / "code_sign_private"
    path.write_bytes(change(path.read_bytes()))
    project = read_project(folder)
    assert (project.code_key_state, project.code_key) == (state, None)


def test_a_code_key_of_another_pair_is_told(folder):
    (folder / "keys" / "code_sign_public").write_text(CodeKey.make().public_text)
    assert read_project(folder).code_key_state is CodeKeyState.UNPAIRED
    (folder / "keys" / "code_sign_private").unlink()
    assert read_project(folder).code_key_state is CodeKeyState.ABSENT


def test_keys_may_lie_where_the_configuration_says(folder):
    shutil.move(folder / "keys", folder.parent / "elsewhere")
    config = folder / "config.xml"
    text = config.read_text()
    config.write_text(text.replace("/home/boinc/projects/stars/keys", str(folder.parent / "elsewhere")))
    assert read_project(folder).code_key_state is CodeKeyState.USABLE


def test_a_folder_that_is_no_project_is_refused(folder):
    with pytest.raises(NotFound):
        read_project(folder / "keys")
    (folder / "config.xml").write_text("<boinc><config><long_name>Stars</long_name></config></boinc>")
    with pytest.raises(Refused):
        read_project(folder)
