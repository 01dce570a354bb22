"""A real nginx and a real Caddy with the lines of a move pass old addresses on to a laboratory."""

import getpass
import subprocess
from pathlib import Path

import httpx
import pytest
from patience import PATIENCE, until
from processes import free_port
from real_parts import need, part
from running_lab import running, typed

from axiom_adopt.project_addresses import ProjectAddresses, derive_settings
from axiom_adopt.proxy_lines import write_caddy_lines, write_nginx_lines

NGINX = """daemon off; user {user}; pid {folder}/pid; error_log {folder}/errors crit;
events {{}}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 307 https://127.0.0.1/; }}
{lines}
    }}
}}
"""
CADDY = """{{
	admin off
}}
http://127.0.0.1:{port} {{
	bind 127.0.0.1
{lines}
	handle {{
		redir https://127.0.0.1/
	}}
}}
"""


def nginx(folder: Path, port: int, behind: int, old: ProjectAddresses) -> list[str]:
    lines, file = write_nginx_lines(old, behind), folder / "nginx.conf"
    file.write_text(NGINX.format(user=getpass.getuser(), folder=folder, port=port, lines=lines))
    return [str(part("nginx")), "-c", str(file), "-p", str(folder)]


def caddy(folder: Path, port: int, behind: int, old: ProjectAddresses) -> list[str]:
    file = folder / "Caddyfile"
    file.write_text(CADDY.format(port=port, lines=write_caddy_lines(old, behind)))
    return [str(part("caddy")), "run", "--adapter", "caddyfile", "--config", str(file)]


@pytest.mark.parametrize("proxy", [pytest.param(nginx, marks=need("nginx")), pytest.param(caddy, marks=need("caddy"))])
def test_a_proxy_with_these_lines_passes_old_addresses_on_and_has_the_old_files(tmp_path, proxy):
    port, data, files = free_port(), tmp_path / "lab", tmp_path / "old files"
    (files / "3a").mkdir(parents=True)
    (files / "3a" / "old_input").write_bytes(b"0123456789")
    site = f"http://127.0.0.1:{port}"
    old = ProjectAddresses(
        master_url=f"{site}/NAME/",
        upload_url=f"{site}/NAME_cgi/file_upload_handler",
        download_url=f"{site}/NAME/download",
        download_dir=f"{files}/",
    )
    assert typed("init", data).returncode == 0
    derived = (f'{name} = "{value}"\n' for name, value in derive_settings(old).items())
    (data / "axiom.toml").write_text("".join(derived))
    with running(data, "--workers", "0", "--no-pi") as lab:
        command = proxy(tmp_path, port, int(lab.address.rstrip("/").rpartition(":")[2]), old)
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                assert until(lambda: _answers(port))
                with httpx.Client(base_url=f"http://127.0.0.1:{port}/", timeout=PATIENCE) as web:
                    assert f'href="http://127.0.0.1:{port}/NAME/scheduler"' in web.get("NAME/").text
                    assert web.get("findings").status_code in {302, 307}  # no path of ours in these lines
                    large = b"<scheduler_request>" + b" " * 2_000_000
                    assert web.post("NAME_cgi/cgi", content=large).text.startswith("<scheduler_reply>")
                    assert "<data_server_reply>" in web.post("NAME_cgi/file_upload_handler", content=b"<a>").text
                    assert web.get("NAME/download/3a/old_input").text == "0123456789"
                    rest = web.get("NAME/download/3a/old_input", headers={"range": "bytes=4-"})
                    assert (rest.status_code, rest.text) == (206, "456789")
                    ours = httpx.get(f"{lab.address}NAME/download/no_such_file")
                    assert web.get("NAME/download/no_such_file").text == ours.text
            finally:
                process.terminate()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/NAME/get_project_config.php").status_code == 200
    except httpx.TransportError:
        return False
