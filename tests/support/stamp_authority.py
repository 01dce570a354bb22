"""A time-stamping authority: openssl behind a small server, and whatever else one may answer."""

import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_OPENSSL = shutil.which("openssl") or "openssl"
_CONFIG = """
[req]
distinguished_name = name
prompt = no
[name]
CN = {name}
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
[signer]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ordering = no
tsa_name = no
ess_cert_id_chain = no
"""


class Authority:
    """Answers on 127.0.0.1 until it is closed. `manner` is how: true, silent, broken, rubbish, old, other."""

    def __init__(self, folder: Path, name: str = "A test authority") -> None:
        self.folder, self.manner, self.asked, self._first = folder, "true", 0, b""
        folder.mkdir()
        (folder / "serial").write_text("01")
        (folder / "config").write_text(_CONFIG.format(name=name, folder=folder))
        key = ("req", "-config", "config", "-newkey", "rsa:2048", "-noenc", "-batch")
        self._openssl(*key, "-x509", "-days", "30", "-extensions", "root", "-keyout", "root.key", "-out", "root.pem")
        self._openssl(*key, "-subj", "/CN=signer", "-keyout", "signer.key", "-out", "signer.csr")
        sign = ("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-days", "30")
        self._openssl(*sign, "-extfile", "config", "-extensions", "signer", "-out", "signer.pem")
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                authority.asked += 1
                answer = authority.answer(query)
                self.send_response(500 if authority.manner == "broken" else 200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """It says nothing at the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}/stamp"
        self._free = threading.Event()
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def roots(self) -> Path:
        return self.folder / "root.pem"

    def answer(self, query: bytes) -> bytes:
        match self.manner:
            case "silent":
                self._free.wait()
                return b""
            case "rubbish":
                return b"<html>Our stamps cost money now.</html>"
            case "old":
                return self._first
            case "other":  # the digest of another text, with the nonce that was sent
                digest = query.index(b"\x04\x20") + 2
                query = query[:digest] + bytes(32) + query[digest + 32 :]
        (self.folder / "query").write_bytes(query)
        certificate = ("-signer", "signer.pem", "-inkey", "signer.key")
        config = ("-config", "config", "-section", "tsa")
        self._openssl("ts", "-reply", "-queryfile", "query", *config, *certificate, "-out", "reply")
        answer = (self.folder / "reply").read_bytes()
        self._first = self._first or answer
        return answer

    def close(self) -> None:
        self._free.set()
        self._server.shutdown()
        self._server.server_close()

    def _openssl(self, *words: str) -> None:
        subprocess.run([_OPENSSL, *words], cwd=self.folder, check=True, capture_output=True)
