"""The ways out of the laboratory: a mail server, and addresses of the web to which alerts are posted.

What went wrong is said in words that name nobody: servers like to repeat the address of whoever a mail is for.
"""

import contextlib
import http.client
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from axiom import __version__
from axiom.http_client import exchange_http, parse_http_address
from axiom.limits import mail as limits

_REFUSED_FOR_GOOD = 500  # SMTP: what is refused with a code from here on is refused the next time, too
_CLOSES = 421  # and with this one it ends the connection
_READ = 65_536  # bytes of an answer
_ALSO_SAID = 300  # signs of what a server said


class DeliveryFailed(Exception):
    """It was not taken, or nobody knows whether it was."""

    def __init__(self, says: str, *, is_whole: bool = True, is_final: bool = False, server_words: str = "") -> None:
        super().__init__(says)
        self.is_whole = is_whole  # the server takes nothing at this moment; else it refuses this one message
        self.is_final = is_final
        self.server_words = server_words[:_ALSO_SAID]  # for the operator's terminal and nowhere else


@dataclass(frozen=True, kw_only=True)
class MailServer:
    host: str
    port: int
    security: str  # none, starttls, tls
    user: str
    password: str = field(repr=False)
    sender: str

    @contextlib.contextmanager
    def open(self) -> Iterator[Callable[[EmailMessage], None]]:
        server = self._connect()
        try:
            yield lambda message: _hand_over(server, message)
        finally:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connect(self) -> smtplib.SMTP:
        name = self.sender.rpartition("@")[2]
        try:
            if self.security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(
                    self.host,
                    self.port,
                    local_hostname=name,
                    timeout=limits.SERVER_SECONDS,
                    context=ssl.create_default_context(),
                )
            else:
                server = smtplib.SMTP(self.host, self.port, local_hostname=name, timeout=limits.SERVER_SECONDS)
        except (smtplib.SMTPException, OSError) as error:
            raise _no_server(error) from error
        try:
            if self.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user:
                server.login(self.user, self.password)
        except (smtplib.SMTPException, OSError) as error:
            server.close()
            raise _no_server(error) from error
        except UnicodeError:  # it holds the password
            server.close()
            raise DeliveryFailed("only ASCII letters, digits and signs can be sent as user and password") from None
        return server


@dataclass(frozen=True, kw_only=True)
class WebAddress:
    """An address of the web to which alerts are posted. It may be a secret, so nothing that is logged names it."""

    address: str = field(repr=False)
    kind: str  # of what is posted

    @contextlib.contextmanager
    def open(self) -> Iterator[Callable[[bytes], None]]:
        yield self._post

    def _post(self, body: bytes) -> None:
        post_body(self.address, body, self.kind)


def post_body(address: str, body: bytes, kind: str) -> bytes:
    """Post it to an address, and return the beginning of the answer.

    Redirects are not followed: they would lead to an address that the operator did not choose.
    """
    headers = {"Content-Type": kind, "User-Agent": f"Axiom/{__version__}"}
    try:
        parts, connect = parse_http_address(address)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        with contextlib.closing(connect(limits.SERVER_SECONDS)) as connection:
            reply, answer = exchange_http(connection, "POST", path, body, headers, _READ)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryFailed(_reason_of(error)) from error
    if not http.HTTPStatus.OK <= reply.status < http.HTTPStatus.MULTIPLE_CHOICES:
        raise DeliveryFailed(f"it answered with status {reply.status}")
    return answer


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _refusal(code, words) from error
    except smtplib.SMTPDataError as error:
        raise _refusal(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise DeliveryFailed("the server cannot write to such an address", is_whole=False, is_final=True) from error
    except (smtplib.SMTPException, OSError) as error:
        raise _no_server(error) from error


def _refusal(code: int, answer: Any) -> DeliveryFailed:
    words = f"the server refused it with code {code}"
    return DeliveryFailed(
        words, is_whole=code == _CLOSES, is_final=code >= _REFUSED_FOR_GOOD, server_words=_text(answer)
    )


def _no_server(error: Exception) -> DeliveryFailed:
    if isinstance(error, smtplib.SMTPAuthenticationError):
        words = f"it refused the user or the password with code {error.smtp_code}"
        return DeliveryFailed(words, server_words=_text(error.smtp_error))
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return DeliveryFailed("it does not offer STARTTLS, or no way to sign in that Axiom knows")
    if isinstance(error, smtplib.SMTPResponseException):
        return DeliveryFailed(f"it answered with code {error.smtp_code}", server_words=_text(error.smtp_error))
    return DeliveryFailed(_reason_of(error))


def _reason_of(error: Exception) -> str:
    """What stands between us and a server, in words that hold no address of a person."""
    if isinstance(error, TimeoutError):
        return f"it did not answer within {limits.SERVER_SECONDS:.0f} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"no private connection could be made ({error.reason or 'TLS failed'})"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if isinstance(error, OSError) and error.strerror:
        return f"it cannot be reached ({error.strerror})"
    return "it ended the connection"


def _text(answer: Any) -> str:
    return answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
