"""Mail and alerts over the wire, to real servers on this computer."""

import json
import ssl
from email.message import EmailMessage

import pytest
from mail_lab import SENDER, server_on
from mail_servers import MAIL_PASSWORD, USER, Mailbox, WebBox, free_port, make_certificate, smtp, web

from axiom.server.mail.carriers import Undelivered, WebAddress


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls") / "mail.pem")


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def letter(to: str = "canary@mail.example", subject: str = "Hello") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = SENDER, to, subject
    made.set_content("Words.\n.\nA line with a dot alone.\n")
    return made


def hand_over(carrier, letters) -> None:
    with carrier.open() as deliver:
        for each in letters:
            deliver(each)


def refused(carrier, *letters) -> Undelivered:
    with pytest.raises(Undelivered) as error:
        hand_over(carrier, letters or (letter(),))
    said = f"{error.value}"
    assert "canary" not in said  # neither who it is for nor the password
    return error.value


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_goes_over_a_private_connection_to_a_server_that_asks_for_a_password(certificate, security):
    box = Mailbox()
    with smtp(box, certificate, security=security, auth=True) as port, server_on(port, security).open() as deliver:
        deliver(letter(subject="First"))
        deliver(letter(subject="Second"))
    assert box.subjects() == ["First", "Second"]
    assert box.signed_in == [USER, USER]
    assert box.taken[0].get_content().splitlines() == ["Words.", ".", "A line with a dot alone."]


def test_without_security_nothing_is_private_and_nobody_signs_in():
    box = Mailbox()
    with smtp(box) as port, server_on(port).open() as deliver:
        deliver(letter())
    assert (box.subjects(), box.signed_in) == (["Hello"], [""])


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate):
    box = Mailbox()
    for security in ("starttls", "tls"):
        with smtp(box, certificate, security=security, auth=True) as port:
            error = refused(server_on(port, security))
        assert ("its certificate is not trusted" in str(error), error.is_whole) == (True, True)
    assert box.came == []


def test_a_server_without_starttls_gets_nothing_at_all():
    box = Mailbox()
    with smtp(box, auth=False) as port:
        error = refused(server_on(port, "starttls"))
    assert "does not offer STARTTLS" in str(error)
    assert (box.came, error.is_whole) == ([], True)


@pytest.mark.usefixtures("trusted")
def test_a_wrong_password_is_said_without_the_password(certificate):
    with smtp(Mailbox(), certificate, security="starttls", auth=True) as port:
        error = refused(server_on(port, "starttls", password="canary"))  # noqa: S106  a wrong one
    assert str(error) == "it refused the user or the password with code 535"


def test_a_server_that_is_not_there_is_said():
    assert str(refused(server_on(free_port()))) == "it cannot be reached (Connection refused)"


@pytest.mark.parametrize(("code", "is_final"), [("550", True), ("451", False)])
def test_a_refusal_is_of_one_message_and_for_good_or_for_now(code, is_final):
    box = Mailbox(refuse=lambda to: f"{code} <{to}> is nobody here" if to.startswith("canary") else None)
    with smtp(box) as port, server_on(port).open() as deliver:
        with pytest.raises(Undelivered) as error:
            deliver(letter())
        deliver(letter("ada@mail.example"))  # the connection is still good
    assert (error.value.is_whole, error.value.is_final) == (False, is_final)
    assert str(error.value) == f"the server refused it with code {code}"
    assert "canary@mail.example" in error.value.said  # for the operator's terminal alone
    assert len(box.taken) == 1


def test_a_message_that_the_server_does_not_like_is_refused():
    box = Mailbox(answer=lambda _: "554 canary looks like spam")
    with smtp(box) as port:
        error = refused(server_on(port))
    assert (error.is_whole, error.is_final, str(error)) == (False, True, "the server refused it with code 554")


def test_no_word_of_a_server_shows_its_password():
    assert MAIL_PASSWORD not in repr(server_on(25, "tls"))


def test_an_alert_is_posted_as_it_is():
    box = WebBox()
    with web(box) as address, WebAddress(address=f"{address}/a/b?c=d", kind="application/json").open() as deliver:
        deliver(json.dumps({"text": "full – disk"}).encode())
    ((path, headers, body),) = box.posted
    assert (path, headers["Content-Type"], json.loads(body)) == (
        "/a/b?c=d",
        "application/json",
        {"text": "full – disk"},
    )
    assert headers["User-Agent"].startswith("Axiom/")


@pytest.mark.parametrize("status", [199 + 101, 404, 429, 500])
def test_an_answer_that_is_no_yes_is_a_failure_and_no_redirect_is_followed(status):
    box, other = WebBox(status=status), WebBox()
    with web(other) as elsewhere, web(box) as address:
        box.location = f"{elsewhere}/canary"
        error = refused(WebAddress(address=f"{address}/canary", kind="text/plain"), b"full")
    assert (str(error), error.is_whole, other.posted) == (f"it answered with status {status}", True, [])


def test_an_address_that_does_not_answer_is_said_without_the_address():
    address = WebAddress(address=f"http://127.0.0.1:{free_port()}/canary", kind="text/plain")
    assert str(refused(address, b"full")) == "it cannot be reached (Connection refused)"
    assert "canary" not in repr(address)


@pytest.mark.usefixtures("trusted")
def test_what_speaks_no_tls_is_not_posted_to():
    with web(box := WebBox()) as address:
        refused(WebAddress(address=address.replace("http:", "https:"), kind="text/plain"), b"full")
    assert box.posted == []
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
