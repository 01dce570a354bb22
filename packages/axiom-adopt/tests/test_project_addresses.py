"""From the addresses of a project to settings with which a laboratory answers there."""

import pytest

from axiom.errors import WrongUse
from axiom.settings import read_settings
from axiom_adopt.project_addresses import ProjectAddresses, derive_settings

STOCK = {
    "master_url": "http://boinc.example.org/NAME/",
    "upload_url": "http://boinc.example.org/NAME_cgi/file_upload_handler",
    "download_url": "http://boinc.example.org/NAME/download",
    "cgi_url": "http://boinc.example.org/NAME_cgi/",
}
ALIASES = "/NAME_cgi/cgi=/scheduler, /NAME_cgi/file_upload_handler=/file_upload_handler"


@pytest.mark.parametrize(
    ("changes", "url", "aliases", "names"),
    [
        ({}, STOCK["master_url"], ALIASES, ""),
        ({"cgi_url": ""}, STOCK["master_url"], ALIASES, ""),
        ({"cgi_url": "http://boinc.example.org/NAME_cgi"}, STOCK["master_url"], ALIASES, ""),
        ({"master_url": "https://Lab.example:8443"}, "https://Lab.example:8443/", ALIASES, "boinc.example.org"),
        (
            {"upload_url": "http://up.example/file_upload_handler", "download_url": "http://down.example/NAME"},
            STOCK["master_url"],
            "/NAME_cgi/cgi=/scheduler",
            "up.example, down.example",
        ),
        ({"upload_url": "http://boinc.example.org/NAME/file_upload_handler"}, STOCK["master_url"], ALIASES[:24], ""),
    ],
)
def test_a_laboratory_answers_where_the_project_did(tmp_path, changes, url, aliases, names):
    derived = derive_settings(ProjectAddresses(**STOCK | changes))
    expected = {"url": url, "aliases": aliases, "names": names}
    assert derived == {name: value for name, value in expected.items() if value}
    settings, _ = read_settings(tmp_path / "axiom.toml", {}, derived)
    assert (settings.url, settings.aliases, settings.names) == (url, aliases, names)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("master_url", ""),
        ("master_url", "boinc.example.org/NAME/"),
        ("master_url", "http://[::1/NAME/"),
        ("master_url", "ftp://boinc.example.org/"),
        ("upload_url", "http://boinc.example.org/a b"),
        ("upload_url", "http://boinc.example.org/up?x=1"),
        ("cgi_url", 'http://boinc.example.org/";'),
        ("download_url", "http:///download"),
        ("download_dir", 'down"; load'),
        ("download_dir", "/home/$request_uri"),
    ],
)
def test_an_address_that_could_not_stand_in_settings_and_lines_is_refused(name, value):
    with pytest.raises(WrongUse, match=name):
        ProjectAddresses(**STOCK | {name: value})
