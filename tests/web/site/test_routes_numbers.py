"""Addresses that no record has, and requests that fail outside of any page."""

from dataclasses import replace

import pytest

from axiom.web.site import routes
from axiom.web.site.app import site

NUMBERED = (
    "/findings",
    "/registrations",
    "/proposals",
    "/ideas",
    "/hosts",
    "/volunteers",
    "/teams",
    "/workunits",
    "/tasks",
)


@pytest.mark.parametrize("digits", [17, 19, 20, 4_300, 4_301, 20_000])
@pytest.mark.parametrize("ending", ["", ".json"])
def test_a_number_however_long_names_nothing(site_of, caplog, digits, ending):
    for noun in NUMBERED:
        reply = site_of.get(f"{noun}/{'9' * digits}{ending}")
        assert (reply.status, reply.headers["x-content-type-options"]) == (404, "nosniff")
        assert "default-src 'none'" in reply.headers["content-security-policy"]
    assert site_of.get(f"/findings/{'9' * digits}.zip").status == 404
    assert not caplog.records


def test_a_record_is_found_under_its_number(site_of):
    assert site_of.get("/hosts/1.json").json == site_of.get("/hosts/01.json").json


@pytest.mark.parametrize(
    ("address", "status", "kind"),
    [
        ("/results.csv?" + "x" * 5_000, 500, "text/html; charset=utf-8"),
        ("/hosts.json", 500, "application/json"),
        ("/", 200, "text/html; charset=utf-8"),
    ],
)
def test_what_fails_outside_of_any_page_is_answered_as_a_page_is_and_takes_one_line(
    browse, small_lab, monkeypatch, caplog, address, status, kind
):
    def fail(*_args):
        raise ValueError("very " * 2_000 + "long")

    browser = browse(small_lab)
    monkeypatch.setattr("starlette.routing.Route.matches", fail)
    reply = browser.get(address)
    assert (reply.status, reply.headers["content-type"]) == (status, kind)
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    (record,) = caplog.records
    assert (record.name, record.exc_info) == (routes.log.name, None)
    assert record.getMessage().startswith("page.escaped number=e-")
    assert "test_routes_numbers.py:" in record.getMessage()
    assert len(record.getMessage()) < 1_000
    assert "e-" + record.getMessage().split("e-")[1][:4] in reply.text


@pytest.mark.parametrize("address", ["/", "/results.json", "/results.csv", "/nowhere.json", "/static/style.css"])
def test_pages_of_other_sites_read_what_is_public_where_the_operator_says_so(site_of, browse, small_lab, address):
    assert "access-control-allow-origin" not in site_of.get(address).headers
    browser = browse(small_lab)
    browser.app = site(replace(browser.pages, is_open=True))
    headers = browser.get(address).headers
    assert headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in headers
