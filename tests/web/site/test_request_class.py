"""The class of a request comes from a short list, whatever a stranger writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.web.site.request_class import class_of

CLASSES = {
    *("page", "data", "probe", "static", "figure", "download", "account", "boinc", "statistics", "other"),
}


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(("/", "page"), ("/findings/12", "page"), ("/experiments/lazy@1", "page"), ("/findings.json", "data")),
        *(("/index.json", "data"), ("/findings/12.zip", "data"), ("/results.csv", "data"), ("/news.atom", "data")),
        *(("/readyz", "probe"), ("/metrics", "probe"), ("/static/style.css", "static"), ("/account/hosts", "account")),
        *(("/download/a/b", "download"), ("/figures/finding/1/x.svg", "figure"), ("/stats/user.gz", "statistics")),
        *(("/create_account.php", "boinc"), ("/wp-login.aspx", "other"), ("/findingss", "other"), ("//", "page")),
    ],
)
def test_each_kind_of_address_has_its_class(path, kind):
    assert class_of(path) == kind


@given(st.one_of(st.text(), st.from_regex(r"/[a-z0-9./%-]{0,40}", fullmatch=True)))
def test_no_path_makes_a_new_class(path):
    assert class_of(path) in CLASSES
