"""Lines for a proxy: they say what ours say, and each path once. Real proxies with them are in tests/campaign."""

from pathlib import Path

from axiom_adopt.project_addresses import ProjectAddresses
from axiom_adopt.proxy_lines import write_caddy_lines, write_nginx_lines

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"


def addresses(site: str = "http://boinc.example.org", folder: str = "", **changes: str) -> ProjectAddresses:
    stock = {
        "master_url": f"{site}/NAME/",
        "upload_url": f"{site}/NAME_cgi/file_upload_handler",
        "download_url": f"{site}/NAME/download",
    }
    return ProjectAddresses(**stock | changes, download_dir=folder)


def test_the_lines_say_what_the_files_say_with_which_we_deploy():
    for lines, file, begin in (
        (write_nginx_lines(addresses(), 8080), "nginx.conf", "location / {"),
        (write_caddy_lines(addresses(), 8080), "Caddyfile", "reverse_proxy server:8080 {"),
    ):
        whole = (DEPLOY / file).read_text().partition(begin)[2].partition("\n\n")[0].partition("\n    }\n")[0]
        settings = _settings(whole)
        assert len(settings) > 3
        assert settings <= _settings(lines)


def _settings(lines: str) -> set[str]:
    """But for where it passes on to, and for remarks."""
    settings = {line.partition(" #")[0].strip() for line in lines.splitlines()}
    return {setting for setting in settings if setting and not setting.startswith("proxy_pass")}


def test_each_host_has_the_paths_at_which_it_was_asked_and_none_twice():
    old = addresses(upload_url="http://up.example/in/file_upload_handler", cgi_url="http://boinc.example.org/NAME_cgi/")
    for lines, locations in (
        (write_nginx_lines(old, 1), ["/NAME/", "/NAME_cgi/", "= /in/file_upload_handler"]),
        (write_caddy_lines(old, 1), ["/NAME/*", "/NAME_cgi/*", "/in/file_upload_handler"]),
    ):
        begun = [line[:-2].partition(" ")[2] for line in lines.splitlines() if line.startswith(("location", "handle"))]
        assert begun == locations
        assert lines.index("http://boinc.example.org") < lines.index("http://up.example") < lines.index(locations[2])
