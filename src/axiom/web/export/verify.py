"""Was what an export claims to have been predicted dated by somebody else before there was data? Asks no laboratory."""

import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from axiom.errors import NotStamped, WrongUse
from axiom.limits import registrations as limits
from axiom.reads.base.request import Answer
from axiom.signed.time_stamps import check_stamp
from axiom.web.export.recompute import FINDING, registration_mismatches

STAMP, ROOTS = "registrations/{}.tsr", "registrations/{}.pem"
_LARGEST = 16 * 1024 * 1024  # bytes of a file of an export that is read here
_FOR_PEOPLE = "%Y-%m-%d %H:%M:%S UTC"


def verify_export(export: Path, roots: Path | None) -> Answer:
    """Of each registration by whose word it existed when, and when the laboratory dates its first result.

    `roots`: certificates that somebody trusts; else those of the export, which its maker chose.
    """
    try:
        trusted = roots.read_text(encoding="ascii") if roots else None
        files = _files(export)
        finding = json.loads(files[FINDING])
        rows = [_registration(finding, row, files, trusted) for row in finding["registrations"]]
        claim = {name: finding[name] for name in ("finding", "answer", "claim")}
    except (OSError, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise WrongUse(
            f"{export} cannot be read as the export of a finding ({reason}). Nothing was verified."
        ) from error
    return claim | {"is_sealed": all(row["is_sealed"] for row in rows), "registrations": rows}


def verification_in_words(answer: Answer, *, is_trusted: bool) -> Iterator[str]:
    """The same for people. `is_trusted`: they named the certificates themselves."""
    yield f"Finding {answer['finding']}: {answer['answer']}"
    yield f"Asked in these words: {answer['claim']}"
    for row in answer["registrations"]:
        yield f"\nRegistration {row['number']}"
        for prediction in row["predictions"]:
            chances = ", ".join(f"{name} {prediction[name]:g}" for name in ("positive", "negative", "absent"))
            interval = f"[{prediction['low']:g}, {prediction['high']:g}]"
            yield f"  holds the prediction of {prediction['forecaster']}: {chances}; {interval}"
        if row["stamped_at"]:
            yield f"  existed by {_moment(row['stamped_at'])}, by the word of an authority with this root certificate:"
            yield from (f"    {authority}" for authority in row["authorities"])
        first = row["first_result_at"]
        yield f"  had its first result {_moment(first)}, by the laboratory's own clock" if first else "  has no result"
        yield from (f"  {fault}" for fault in row["faults"])
    yield ""
    if not answer["is_sealed"]:
        yield "That all of it was written down before its first result, the laboratory alone says."
        return
    late = max(row["younger_by_seconds"] for row in answer["registrations"])
    clocks = f", if its clock is at least {late:.0f} s behind the authority's" if late else ""
    yield f"All of it was written down before its first result, as the laboratory dates that{clocks}."
    if not is_trusted:
        yield (
            "The certificate is the export's own. Compare its SHA-256 with what the authority publishes, or get it "
            "there and name it with --roots."
        )


def _moment(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):{_FOR_PEOPLE}}"


def _registration(
    finding: Mapping[str, Any], row: Mapping[str, Any], files: Mapping[str, bytes], trusted: str | None
) -> Answer:
    body, number = files[row["file"]].decode(), row["number"]
    response = files.get(STAMP.format(number))
    faults, stamp = list(registration_mismatches(finding, row, body)), None
    if response is None:
        faults.append("No authority has dated it.")
    else:
        try:
            stamp = check_stamp(response, row["hash"], trusted or files[ROOTS.format(number)].decode())
        except NotStamped as error:
            faults.append(str(error))
    first = row["first_result_at"]
    younger_by = max(timedelta(0), stamp.at - datetime.fromisoformat(first)) if stamp and first else timedelta(0)
    if younger_by > limits.STAMP_CLOCKS_APART:
        allowed = f"{limits.STAMP_CLOCKS_APART.total_seconds():.0f} s that clocks may lie apart"
        faults.append(f"Its stamp is younger than its first result, by more than the {allowed}.")
    return {
        "number": number,
        "predictions": [
            prediction
            for prediction in json.loads(body)["predictions"]
            if prediction["estimand"] == finding["estimand"]["name"]
        ],
        "stamped_at": stamp.at.isoformat() if stamp else None,
        "authorities": list(stamp.authorities) if stamp else [],
        "first_result_at": first,
        "younger_by_seconds": younger_by.total_seconds(),  # its stamp than its first result, by two clocks
        "faults": faults,
        "is_sealed": not faults,
    }


def _files(export: Path) -> dict[str, bytes]:
    """What of an export is needed here, from a folder or a ZIP file with one."""
    if export.is_dir():
        places = [export / FINDING, *sorted((export / "registrations").iterdir())]
        return {str(place.relative_to(export)): place.read_bytes() for place in places}
    with zipfile.ZipFile(export) as archive:
        read = {}
        for info in archive.infolist():
            name = info.filename.partition("/")[2]
            if name == FINDING or name.startswith("registrations/"):
                if info.file_size > _LARGEST:
                    raise ValueError(f"{name} is too large")
                read[name] = archive.read(info)
        return read
