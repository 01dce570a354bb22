"""Mail and alerts over the wire, to real servers on this computer."""

import ssl
from email.message import EmailMessage

import pytest
from mail_lab import SENDER, server_on
from mail_servers import MAIL_PASSWORD, USER, Mailbox, WebBox, make_certificate, smtp, web
from processes import free_port

from axiom.server.mail.carriers import DeliveryFailed, WebAddress


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
        for message in letters:
            deliver(message)


def refused(carrier, *letters) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as error:
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
    assert (box.subjects(), box.signed_in) == (["First", "Second"], [USER, USER])
    assert box.taken[0].get_content().splitlines() == ["Words.", ".", "A line with a dot alone."]


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(certificate):
    box = Mailbox()
    for security in ("starttls", "tls"):
        with smtp(box, certificate, security=security, auth=True) as port:
            error = refused(server_on(port, security))
            assert "certificate" in str(error)
            assert error.is_whole
    assert box.came == []


@pytest.mark.usefixtures("trusted")
def test_a_server_without_starttls_or_with_another_password_gets_nothing_at_all(certificate):
    box = Mailbox()
    with smtp(box, auth=False) as port:
        error = refused(server_on(port, "starttls"))
    assert "STARTTLS" in str(error)
    assert error.is_whole
    with smtp(box, certificate, security="starttls", auth=True) as port:
        error = refused(server_on(port, "starttls", password="canary"))  # noqa: S106  a wrong one
    assert "535" in str(error)
    for wrong in ({"user": "jörg"}, {"password": "canary-é"}):
        with smtp(box, certificate, security="starttls", auth=True) as port:
            error = refused(server_on(port, "starttls", **wrong))
        assert "ASCII" in str(error)
        assert error.is_whole
    assert "Connection refused" in str(refused(server_on(free_port())))
    assert box.came == []
    assert MAIL_PASSWORD not in repr(server_on(25, "tls"))


@pytest.mark.parametrize(("code", "is_final"), [("550", True), ("451", False)])
def test_a_refusal_is_of_one_message_and_for_good_or_for_now(code, is_final):
    box = Mailbox(refuse=lambda to: f"{code} <{to}> is nobody here" if to.startswith("canary") else None)
    with smtp(box) as port, server_on(port).open() as deliver:
        with pytest.raises(DeliveryFailed) as error:
            deliver(letter())
        deliver(letter("ada@mail.example"))  # the connection is still good
    assert (error.value.is_whole, error.value.is_final) == (False, is_final)
    assert code in str(error.value)
    assert "canary@mail.example" in error.value.server_words  # for the operator's terminal alone
    assert len(box.taken) == 1


def test_without_security_nobody_signs_in_and_a_message_may_be_refused():
    box = Mailbox()
    with smtp(box) as port, server_on(port).open() as deliver:
        deliver(letter())
        box.answer = lambda _: "554 canary looks like spam"
        with pytest.raises(DeliveryFailed, match="554") as error:
            deliver(letter())
    assert (box.subjects()[0], box.signed_in[0]) == ("Hello", "")
    assert not error.value.is_whole
    assert error.value.is_final
    assert "canary" not in str(error.value)


@pytest.mark.usefixtures("trusted")
def test_an_answer_that_is_no_yes_is_a_failure_and_mail_goes_nowhere_without_tls():
    for status in (300, 404):
        box, other = WebBox(status=status), WebBox()
        with web(other) as elsewhere, web(box) as address:
            box.location = f"{elsewhere}/canary"  # no redirect is followed
            error = refused(WebAddress(address=f"{address}/canary", kind="text/plain"), b"full")
        assert f"{status}" in str(error)
        assert error.is_whole
        assert other.posted == []
    address = WebAddress(address=f"http://127.0.0.1:{free_port()}/canary", kind="text/plain")
    assert "Connection refused" in str(refused(address, b"full"))
    assert "canary" not in repr(address)
    with web(box := WebBox()) as address:
        refused(WebAddress(address=address.replace("http:", "https:"), kind="text/plain"), b"full")
    assert box.posted == []
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
