"""Of which parts a scheduler is made."""

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from datetime import datetime

from axiom.domain.runners import OfferedRunner
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.work_request import DispatchSettings
from axiom.server.scheduler.build_reply import ReplyBuilder
from axiom.server.scheduler.bundle_archives import BundleArchives
from axiom.server.scheduler.grant_work import WorkGranter
from axiom.server.scheduler.handle_request import RequestHandler
from axiom.server.scheduler.record_reports import ReportRecorder
from axiom.server.scheduler.refusals import Refusals
from axiom.server.scheduler.reply import Project
from axiom.server.scheduler.scheduler import Scheduler
from axiom.signed.trust import Trust
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.writer import Writer


def open_scheduler(
    project: Project,
    *,
    writer: Writer,
    folder: Folder,
    threads: Executor,
    now: Callable[[], datetime],
    dispatch: DispatchSettings,
    cache: DispatchCache,
    runners: Mapping[str, OfferedRunner],
    trust: Trust,
    judge_and_pay: Callable[[Database, datetime], None],
    announce_reports: Callable[[], None],
    forget_uploads: Callable[[Collection[int]], None],
) -> Scheduler:
    """`judge_and_pay` does so within a request that reports, `announce_reports` is called once reports are stored.

    `forget_uploads` drops what has come of outputs of tasks that are sent again to clients that do not have them.
    """
    refusals = Refusals(project=project, now=now)
    handler = RequestHandler(
        refusals=refusals,
        reports=ReportRecorder(folder=folder, trust=trust, judge_and_pay=judge_and_pay),
        runners=runners,
        work=WorkGranter(dispatch=dispatch, cache=cache, forget_uploads=forget_uploads),
        replies=ReplyBuilder(project=project, cache=cache, archives=BundleArchives(folder=folder)),
        now=now,
    )
    return Scheduler(
        handler=handler,
        refusals=refusals,
        writer=writer,
        connections=Connections(folder=folder),
        threads=threads,
        announce_reports=announce_reports,
    )
