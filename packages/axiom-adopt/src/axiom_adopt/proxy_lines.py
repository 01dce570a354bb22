"""Lines for a reverse proxy, so that whoever asks at an old address reaches the laboratory behind it.

They say of these addresses what `deploy/nginx.conf` and `deploy/Caddyfile` say of a whole site.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from axiom_adopt.project_addresses import ProjectAddresses

_NGINX = """\
    proxy_pass http://127.0.0.1:{port};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Upgrade "";
    proxy_request_buffering off;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    client_max_body_size 1g; # outputs of tasks of before
    access_log off; # queries carry hashes of passwords
}}
"""
_NGINX_FILES = """\
location {path} {{ # what tasks of the old server still fetch; the laboratory has the rest
    alias "{folder}/";
    error_page 403 404 = @axiom;
    access_log off;
}}
location @axiom {{
"""
_CADDY = """\
reverse_proxy 127.0.0.1:{port} {{
	header_up -Upgrade
	transport http {{
		keepalive 10s
	}}
}}
"""
_CADDY_FILES = """\
	route {{ # what tasks of the old server still fetch; the laboratory has the rest
		root * "{folder}"
		uri strip_prefix {path}
		@there file
		file_server @there
		rewrite * {path}{{uri}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _OldSite:
    """Paths under which one host was asked; a folder ends in a slash."""

    address: str
    paths: tuple[str, ...]
    files: str  # the path of the folder of downloads; empty where its files are not here


def write_nginx_lines(addresses: ProjectAddresses, port: int) -> str:
    """Lines for each `server` of nginx, under a remark that says for which."""
    text = ""
    for site in _sites(addresses):
        text += (
            f"# Into the server of nginx for {site.address}, in place of its lines for these paths.\n"
            "# A `return` of that server goes into its `location /`: clients follow no redirect of a POST.\n"
        )
        for path in site.paths:
            text += f"location {'' if path.endswith('/') else '= '}{path} {{\n{_NGINX.format(port=port)}"
        if site.files:
            folder = addresses.download_dir.rstrip("/")
            text += _NGINX_FILES.format(path=site.files, folder=folder) + _NGINX.format(port=port)
    return text


def write_caddy_lines(addresses: ProjectAddresses, port: int) -> str:
    """Lines for each site of a Caddyfile, under a remark that says for which."""
    text, passed_on = "", _CADDY.format(port=port)
    for site in _sites(addresses):
        text += (
            f"# Into the block of {site.address} in the Caddyfile, in place of its lines for these paths.\n"
            "# A `redir` of that block goes into a `handle` of its own: clients follow no redirect of a POST.\n"
        )
        for path in site.paths:
            text += f"handle {path}{'*' if path.endswith('/') else ''} {{\n{_indented(passed_on, 1)}}}\n"
        if site.files:
            files = _CADDY_FILES.format(path=site.files.removesuffix("/"), folder=addresses.download_dir)
            text += f"handle {site.files}* {{\n{files}{_indented(passed_on, 2)}\t}}\n}}\n"
    return text


def _sites(addresses: ProjectAddresses) -> Iterator[_OldSite]:
    urls = [f"{url.rstrip('/')}/" for url in (addresses.master_url, addresses.cgi_folder, addresses.download_url)]
    urls.append(addresses.upload_url)
    files = urlsplit(urls[2]) if addresses.download_dir else None
    paths: dict[tuple[str, str], list[str]] = {}
    for address in map(urlsplit, urls):
        paths.setdefault(address[:2], []).append(address.path)
    for site, listed in paths.items():
        own = files.path if files and files[:2] == site else ""
        folders = [path for path in listed if path.endswith("/")]
        within = {path for path in listed for folder in folders if path != folder and path.startswith(folder)}
        outer = tuple(path for path in dict.fromkeys(listed) if path not in within | {own})
        yield _OldSite(address="://".join(site), paths=outer, files=own)


def _indented(lines: str, tabs: int) -> str:
    return "".join("\t" * tabs + line for line in lines.splitlines(keepends=True))
