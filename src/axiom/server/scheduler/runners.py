from collections.abc import Iterable

from axiom.boinc.replies import AppVersion, FileRef, SignedFile
from axiom.domain.runners import OfferedRunner

APP = "axiom"
_API = "7.20.0"


def signed_files(runners: Iterable[OfferedRunner], downloads: str) -> tuple[SignedFile, ...]:
    files = {file.name: file for runner in runners for file in runner.files}
    return tuple(
        SignedFile(
            name=file.name,
            urls=(downloads + file.name,),
            md5=file.md5,
            bytes=file.size,
            signature=file.signature,
            executable=file.is_main,
        )
        for file in files.values()
    )


def app_version(runner: OfferedRunner, *, flops: float, gpu: str = "") -> AppVersion:
    return AppVersion(
        app=APP,
        version=runner.version,
        platform=runner.platform,
        plan_class=runner.plan_class(gpu),
        files=tuple(
            FileRef(
                file=file.name,
                open_name="" if file.is_main else file.open_name,
                main_program=file.is_main,
                copy=file.is_copied,
            )
            for file in runner.files
        ),
        api_version=_API,
        cores=0.5 if gpu else 1.0,
        flops=flops,
        coprocessor=gpu,
        coprocessors=1.0 if gpu else 0.0,
    )
