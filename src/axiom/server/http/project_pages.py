"""What the project says of itself at its own addresses, and who answers at each of the others."""

from collections.abc import Mapping
from dataclasses import dataclass

from axiom.boinc.accounts import AccountError, Problem, account_out, error_reply, read_create, read_lookup
from axiom.boinc.project import config_reply
from axiom.boinc.project_pictures import PICTURES, load_project_pictures
from axiom.boinc.terms import terms_text
from axiom.domain.runners import OfferedRunner
from axiom.limits import accounts as limits
from axiom.locale.languages import choose_language, gettext, speak_language
from axiom.server.accounts.account_managers import AccountManagers
from axiom.server.accounts.server_load import LoadFigures
from axiom.server.accounts.sign_up import Accounts
from axiom.server.accounts.statistics_files import NAMES, StatisticsFiles
from axiom.server.http.routes import Endpoint, HttpAnswer, HttpQuery

_NO_TOKENS = Problem(
    error=AccountError.NO_SUCH_ACCOUNT,
    text="This laboratory gives out no login tokens. Add the project with your e-mail address and password.",
)

# What makes or changes something when it is asked, or answers a password: no page of another site may.
CHANGING = frozenset(
    {
        "/create_account.php",
        "/lookup_account.php",
        "/am_get_info.php",
        "/am_set_info.php",
        "/am_set_host_info.php",
    }
)


@dataclass(frozen=True, kw_only=True)
class ProjectEndpoints:
    """Answers at the project's own addresses. Its functions may wait: they are called from threads."""

    name: str
    master: str  # the project's address; ends in a slash
    runners: Mapping[str, OfferedRunner]
    accounts: Accounts
    account_managers: AccountManagers
    load: LoadFigures
    statistics: StatisticsFiles

    def endpoints(self) -> dict[str, Endpoint]:
        return {
            "/get_project_config.php": self._config,
            "/create_account.php": self._create,
            "/lookup_account.php": self._lookup,
            "/am_get_info.php": lambda query: HttpAnswer(body=self.account_managers.info(query.fields)),
            "/am_set_info.php": lambda query: HttpAnswer(body=self.account_managers.change(query.fields)),
            "/am_set_host_info.php": lambda query: HttpAnswer(body=self.account_managers.place(query.fields)),
            "/team_lookup.php": lambda query: HttpAnswer(body=self.account_managers.teams(query.fields)),
            "/login_token_lookup.php": lambda _: HttpAnswer(body=error_reply(_NO_TOKENS)),
            "/server_status.php": self._status,
            **{f"/stats/{name}": self._file(name) for name in NAMES},
            **{f"/{PICTURES}/{picture.name}": _picture(picture.body) for picture in load_project_pictures()},
        }

    def _config(self, query: HttpQuery) -> HttpAnswer:
        classes = sorted(
            {(runner.platform, plan_class) for runner in self.runners.values() for plan_class in runner.plan_classes}
        )
        with speak_language(choose_language("", query.accepted)):
            terms = terms_text()
        return HttpAnswer(
            body=config_reply(
                self.name,
                self.master,
                platforms=classes,
                min_passwd_length=limits.SHORTEST_PASSWORD,
                terms_of_use=terms,
                creation_disabled=not self.accounts.is_open,
            )
        )

    def _create(self, query: HttpQuery) -> HttpAnswer:
        read = read_create(query.fields)
        return _account_answer(read if isinstance(read, Problem) else self.accounts.create(read, query.address), query)

    def _lookup(self, query: HttpQuery) -> HttpAnswer:
        read = read_lookup(query.fields)
        return _account_answer(read if isinstance(read, Problem) else self.accounts.lookup(read, query.address), query)

    def _status(self, query: HttpQuery) -> HttpAnswer:
        if query.fields.get("xml") == "1":
            return HttpAnswer(body=self.load.xml())
        return HttpAnswer(body=b"", status=302, location=f"{self.master}status")

    def _file(self, name: str) -> Endpoint:
        def answer(_asked: HttpQuery) -> HttpAnswer:
            body = self.statistics.read(name)
            if body is None:
                return HttpAnswer(body=b"It is not written yet.\n", kind="text/plain; charset=utf-8", status=404)
            return HttpAnswer(body=body, kind="application/xml" if name.endswith(".xml") else "application/gzip")

        return answer


def _picture(body: bytes) -> Endpoint:
    def answer(_asked: HttpQuery) -> HttpAnswer:
        return HttpAnswer(body=body, kind="image/png")

    return answer


def _account_answer(outcome: str | Problem, query: HttpQuery) -> HttpAnswer:
    """The key, or why there is none: BOINC's window shows that, so it comes in a language that was asked for."""
    if not isinstance(outcome, Problem):
        return HttpAnswer(body=account_out(outcome))
    with speak_language(choose_language("", query.accepted)):
        return HttpAnswer(body=error_reply(Problem(error=outcome.error, text=gettext(outcome.text))))
