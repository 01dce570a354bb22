"""Real servers on this computer that take mail and alerts: SMTP with STARTTLS and AUTH, and HTTP."""

import contextlib
import datetime as dt
import email
import email.policy
import http.server
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, MAIL_PASSWORD = "axiom", "canary password of the mail server"


@dataclass
class Mailbox:
    came: list[EmailMessage] = field(default_factory=list)  # in full, whatever was answered and whoever heard it
    taken: list[EmailMessage] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # free once for each that came
    refuse: Callable[[str], str | None] = lambda _to: None
    answer: Callable[[EmailMessage], str] = lambda _message: "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options) -> str:  # noqa: N802
        if refusal := self.refuse(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.came.append(message)
        self.arrived.release()
        said = await server.loop.run_in_executor(None, self.answer, message)
        if said.startswith("250"):
            self.taken.append(message)
            self.signed_in.append(getattr(session, "login_name", None) or "")
        return said

    def subjects(self) -> list[str]:
        return [message["Subject"] for message in self.taken]


class _SmtpOnFreePort(Controller):
    def __init__(self, mailbox: Mailbox, listening: socket.socket, security: str, tls: ssl.SSLContext, *, auth: bool):
        self._listening = listening
        self._own: dict[str, Any] = {
            "tls_context": tls if security == "starttls" else None,
            "require_starttls": security == "starttls",
            "authenticator": _who if auth else None,
            "auth_required": auth,
        }
        host, port = listening.getsockname()
        super().__init__(mailbox, hostname=host, port=port, ssl_context=tls if security == "tls" else None)

    def factory(self) -> SMTP:
        made = SMTP(self.handler, hostname="localhost", **self._own)
        if self.ssl_context:
            made._auth_require_tls = False  # it asks for STARTTLS where all is private already
        return made

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self._listening, ssl=self.ssl_context)


def _who(server, session, envelope, mechanism, auth_data) -> AuthResult:  # noqa: ARG001
    is_right = (auth_data.login, auth_data.password) == (USER.encode(), MAIL_PASSWORD.encode())
    session.login_name = auth_data.login.decode() if is_right else None
    return AuthResult(success=is_right, handled=False)


@contextlib.contextmanager
def smtp(
    mailbox: Mailbox, certificate: Path | None = None, *, security: str = "none", auth: bool = False, port: int = 0
) -> Iterator[int]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate:
        tls.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", port))
    controller = _SmtpOnFreePort(mailbox, listening, security, tls, auth=auth)
    controller.start()
    try:
        yield listening.getsockname()[1]
    finally:
        controller.stop()
        listening.close()


def make_certificate(path: Path) -> Path:
    """A certificate with its key for 127.0.0.1, which whoever names it in SSL_CERT_FILE trusts."""
    key, now = ec.generate_private_key(ec.SECP256R1()), dt.datetime.now(dt.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@dataclass
class WebBox:
    posted: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)  # path, headers, body
    status: int = 200
    location: str = ""
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))  # free once for each post


@contextlib.contextmanager
def web(box: WebBox) -> Iterator[str]:
    """An HTTP server on 127.0.0.1; its address, without a slash."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            box.posted.append((self.path, dict(self.headers), body))
            box.arrived.release()
            self.send_response(box.status)
            if box.location:
                self.send_header("Location", box.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
