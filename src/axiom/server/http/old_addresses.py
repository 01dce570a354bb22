"""Addresses from other days: paths that stand for ours, and pages of the official BOINC server that links still name.

A client asks at the address that it was once told, and follows no redirect of a POST: it is answered in place, and
nothing behind `RequestGuard` sees that it asked elsewhere. A person who follows an old link is led to the page of
today.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from starlette.types import Scope

_NUMBER = re.compile(rb"(?:^|&)(hostid|userid|teamid)=([1-9][0-9]{0,17})(?:&|$)")
_PAGES = {b"hostid": "/hosts/", b"userid": "/volunteers/", b"teamid": "/teams/"}

# The nearest of our pages. Tasks, workunits and threads of the official server have no number here.
_NEAREST = {
    "/": "index",
    "/about": "donate donated donations",
    "/account": "account_finish cert1 cert_all home host_delete manage merge_by_name openid_login",
    "/account/forgot": "get_passwd mail_passwd recover_email",
    "/account/preferences": "add_venue kw_prefs opt_out prefs prefs_default prefs_edit prefs_remove",
    "/account/profile": "create_profile delete_profile edit_forum_preferences_form edit_user_info_form friend",
    "/account/security": "account_ownership delete_account_confirm delete_account_request edit_email_form "
    "edit_passwd_form validate_email_addr weak_auth",
    "/account/sign-in": "login_form logout",
    "/account/team": "cert_team create_team team_create_form team_join_form team_manage team_quit_form",
    "/experiments": "app_versions apps per_app_list show_apps",
    "/help": "explain_state forum_help_desk",
    "/hosts": "cpu_list gpu_list host_app_versions host_edit_form host_stats hosts_user os_stats results "
    "show_host_detail",
    "/join": "create_account_form download_network download_software language_select signup welcome",
    "/leaderboards": "stats top_users",
    "/leaderboards?of=hosts": "top_hosts",
    "/leaderboards?of=teams": "top_teams",
    "/news": "all_news forum_forum forum_index forum_search forum_thread forum_user_posts old_news pm team_forum",
    "/news.atom": "forum_rss notify_rss rss_main",
    "/status": "result result_status workunit",
    "/teams": "team team_admins team_delta team_display team_email_list team_members team_search",
    "/terms": "info user_agreetermsofuse",
    "/volunteers": "profile_menu show_user uotd user_search userw view_profile",
}
_NEAREST_TO = {f"/{name}.php": page for page, names in _NEAREST.items() for name in names.split()}


def page_in_place_of(scope: Scope) -> str | None:
    """The page to which an old link leads: of whom it names by a number, else the list; None where there is none."""
    page = _NEAREST_TO.get(scope["path"])
    number = _NUMBER.search(scope["query_string"]) if page in {"/hosts", "/teams", "/volunteers"} else None
    return page if number is None else _PAGES[number[1]] + number[2].decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class OldPaths:
    """Under which paths others ask for ours: whole ones, and all that is below one."""

    whole: Mapping[bytes, bytes]
    below: bytes  # ends in a slash; empty where there is none

    def translate(self, scope: Scope) -> Scope:
        raw_path: bytes = scope["raw_path"]
        path = self.whole.get(raw_path)
        if path is None:
            if not self.below or not raw_path.startswith(self.below):
                return scope
            path = raw_path[len(self.below) - 1 :]
        return {**scope, "path": unquote(path.decode("ascii")), "raw_path": path}


def read_old_paths(below: str, aliases: str) -> OldPaths | None:
    """By the path of the setting `url`, which ends in a slash, and by `aliases`; None where nothing is translated."""
    pairs = [pair.partition("=") for pair in aliases.split(",") if pair]
    whole = {old.strip().encode(): ours.strip().encode() for old, _, ours in pairs}
    if below != "/":
        whole = {below.removesuffix("/").encode(): b"/", **whole}
    return OldPaths(whole=whole, below=b"" if below == "/" else below.encode()) if whole else None
