"""An account manager as BAM! or Science United are: the stock client asks it, and it asks the laboratory."""

import hashlib
import re
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from xml.etree import ElementTree as ET

from patience import PATIENCE

from axiom.signed.boinc_code_signing import CodeKey


class AccountManager:
    """Attaches every client that names a person's address and password to one laboratory, with a weak key."""

    def __init__(self, laboratory: str) -> None:
        self._laboratory, self._key, self.takes_away = laboratory, CodeKey.make(), False
        self.account_key, self.host = "", 0  # of the last client that asked
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                answer = manager.answer(body).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """It says nothing at the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, body: str) -> str:
        """What a client is told: the project, where the manager says so in its own signature, and the weak key."""
        asked = ET.fromstring(body)
        master = self.ask("get_project_config").findtext("master_url") or ""
        email = asked.findtext("name") or ""
        opened = {"email_addr": email, "passwd_hash": asked.findtext("password_hash") or "", "user_name": "Mona"}
        self.account_key = self.ask("create_account", **opened).findtext("authenticator") or ""
        self.host = next((int(row.findtext("hostid") or 0) for row in asked.iter("project")), 0)
        signed = self._key.sign_digest(hashlib.md5(master.encode(), usedforsecurity=False).hexdigest())
        return (
            "<acct_mgr_reply>\n<name>Manager of a test</name>\n"
            f"<signing_key>\n{self._key.public_text}</signing_key>\n<repeat_sec>86400</repeat_sec>\n"
            f"<account>\n<url>{master}</url>\n<url_signature>\n{signed}</url_signature>\n"
            f"<authenticator>{self.info().findtext('weak_auth')}</authenticator>\n"
            f"{'<detach>1</detach>' * self.takes_away}</account>\n</acct_mgr_reply>\n"
        )

    def info(self) -> ET.Element:
        return self.ask("am_get_info", account_key=self.account_key)

    def share(self, wanted: int) -> ET.Element:
        """Change the resource share in the preferences as they are, and send them back whole."""
        (preferences,) = self.info().findall("project_prefs/project_preferences")
        text = ET.tostring(preferences, encoding="unicode")
        changed = re.sub("<resource_share>[0-9.]+<", f"<resource_share>{wanted}<", text)
        return self.ask("am_set_info", account_key=self.account_key, project_prefs=changed)

    def ask(self, what: str, **fields: object) -> ET.Element:
        address = f"{self._laboratory}{what}.php?{urllib.parse.urlencode(fields)}"
        with urllib.request.urlopen(address, timeout=PATIENCE) as reply:  # noqa: S310  our own laboratory
            return ET.fromstring(reply.read())
