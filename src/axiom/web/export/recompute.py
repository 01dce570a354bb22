"""The part of `recompute.py` that knows the files of an export: reads them, weighs again, compares every number.

It is carried in each export with the modules that it needs (`recompute.py`), and runs there without Axiom.
"""

import csv
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from axiom.domain.registrations import DRAWN_SEEDS, commit_to_secret, estimand_definition, list_possible_seeds
from axiom_weigh.evidence.finding_card import Card, Stratum
from axiom_weigh.evidence.weigh_claim import make_finding_card
from axiom_weigh.values import Agreements, Cohort, Evidence, Home, Observation, Outcome, Surroundings

FINDING, NUMBERS, OBSERVATIONS, HOSTS = "finding.json", "numbers.json", "observations.csv", "hosts.csv"
OBSERVED = (
    "registration",
    "design",
    "cohort",
    "replicate",
    "seed",
    "value",
    "outcome",
    "hosts",
    "fingerprint",
    "why_missing",
    "repeats",
)
AT_HOME = ("host", "volunteer", "platform", "is_ours")
_WORDS = {"line", "needs", "flags", "reasons", "alarms", "agreements"}  # sentences, and what is compared in parts
_SHOWN = ("seeds", "estimate", "low", "high", "e_value", "verdict", "grade")


def main(arguments: Sequence[str], script: str) -> int:
    """Weigh the finding in a folder, by default the one that the script lies in."""
    folder = Path(arguments[0]) if arguments else Path(script).resolve().parent
    try:
        finding = json.loads((folder / FINDING).read_text(encoding="utf-8"))
        expected = json.loads((folder / NUMBERS).read_text(encoding="utf-8"))
        computed = card_numbers(_weighed(folder, finding))
        problems = [*_differences(expected, computed), *_broken(folder, finding)]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        sys.stderr.write(f"{folder} cannot be weighed: {type(fault).__name__}: {fault}\n")
        return 2
    lines = [f"Finding {finding['finding']}: {finding['answer']}"]
    lines += [f"  {name:<10}{computed.get(f'evidence {name}')}" for name in _SHOWN]
    lines += problems or [f"All {len(expected)} numbers are the same; hashes and seeds are as they should be."]
    lines += list(_unchecked(finding))
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(problems))


def card_numbers(weighed: Card) -> dict[str, Any]:
    """Every number and verdict of a card by its name, in JSON's own types."""
    by_name = {f"evidence {name}": value for name, value in evidence_numbers(weighed.evidence).items()}
    by_name["next grade"] = weighed.next_grade
    for part in [*weighed.strata, *([weighed.exploratory] if weighed.exploratory else [])]:
        by_name |= {f"{part.by} {part.name}: {name}": value for name, value in _of_part(part).items()}
    if weighed.pooled:
        by_name |= {f"pooled {name}": value for name, value in asdict(weighed.pooled).items()}
    by_name |= {f"without {without.by} {without.number}": without.verdict for without in weighed.without}
    plain: dict[str, Any] = json.loads(json.dumps(by_name))
    return plain


def evidence_numbers(evidence: Evidence) -> dict[str, Any]:
    """What must come out again of a line of the history; sentences may be worded better one day."""
    numbers = {field.name: getattr(evidence, field.name) for field in fields(evidence) if field.name not in _WORDS}
    return numbers | {"alarms": sorted(alarm.kind for alarm in evidence.alarms)}


def _of_part(part: Stratum) -> dict[str, Any]:
    return {name: value for name, value in asdict(part).items() if name not in {"by", "name"}}


def _weighed(folder: Path, finding: Mapping[str, Any]) -> Card:
    around = finding["surroundings"]
    agreements = tuple(Agreements(**{**row, "platforms": tuple(row["platforms"])}) for row in around["agreements"])
    return make_finding_card(
        finding["estimand"],
        tuple(_observation(row) for row in _rows(folder / OBSERVATIONS, OBSERVED)),
        blocks=finding["blocks"],
        homes={
            int(row["host"]): Home(
                host_id=int(row["host"]),
                volunteer_id=int(row["volunteer"]),
                platform=row["platform"],
                is_ours=row["is_ours"] == "1",
            )
            for row in _rows(folder / HOSTS, AT_HOME)
        },
        surroundings=Surroundings(**{**around, "agreements": agreements}),
    )


def _observation(row: Mapping[str, str]) -> Observation:
    computed = [named.partition(":") for named in row["hosts"].split()]
    return Observation(
        replicate=int(row["replicate"]),
        value=float(row["value"]) if row["value"] else None,
        hosts=tuple(int(number) for number, _, _ in computed),
        why_missing=row["why_missing"],
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        registration=int(row["registration"]),
        design=row["design"],
        cohort=Cohort(row["cohort"]),
        fingerprint=row["fingerprint"],
        repeats=row["repeats"],
        gpus=tuple((int(number), gpu) for number, _, gpu in computed if gpu),
    )


def _rows(file: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        rows = csv.DictReader(opened)
        if set(rows.fieldnames or ()) != set(columns):
            raise ValueError(f"{file.name} has the columns {rows.fieldnames}, and must have {', '.join(columns)}")
        return list(rows)


def _differences(expected: Mapping[str, Any], computed: Mapping[str, Any]) -> Iterator[str]:
    for name in [*expected, *(name for name in computed if name not in expected)]:
        was, now = expected.get(name, "nothing"), computed.get(name, "nothing")
        if was != now:
            yield f"DIFFERS {name}: the laboratory said {was!r}, and it comes out as {now!r}{_nearly(was, now)}"


def _nearly(was: Any, now: Any) -> str:
    """Mathematical functions may differ in the last bit between C libraries."""
    is_near = isinstance(was, float) and isinstance(now, float) and abs(was - now) <= 1e-12 * max(abs(was), abs(now))
    return " (the same to 12 digits: another library's logarithm)" if is_near else ""


def _broken(folder: Path, finding: Mapping[str, Any]) -> Iterator[str]:
    """What is not as it was signed, hashed or derived."""
    for row in finding["registrations"]:
        yield from registration_mismatches(finding, row, (folder / row["file"]).read_bytes().decode())
    archive = (folder / finding["bundle"]["file"]).read_bytes()
    if hashlib.sha256(archive).hexdigest() != finding["bundle"]["digest"]:
        yield "DIFFERS bundle: its bytes are not those that were signed"
    registered = {row["number"]: row for row in finding["registrations"]}
    for row in _rows(folder / OBSERVATIONS, OBSERVED):
        if row["cohort"] != Cohort.CONFIRMATORY.value:
            continue  # what is older than the claim is shown, and counts for nothing
        origin = registered[int(row["registration"])]
        if _is_hidden(origin):
            continue
        secrets = [secret["secret"] for secret in origin["secrets"]]
        possible = list_possible_seeds(secrets, finding["experiment"], finding["version"], int(row["replicate"]))
        if int(row["seed"]) not in possible:
            yield f"DIFFERS replicate {row['replicate']}: its seed is not the one that follows from its number"


def _is_hidden(row: Mapping[str, Any]) -> bool:
    return any(secret["secret"] is None for secret in row["secrets"])


def _unchecked(finding: Mapping[str, Any]) -> Iterator[str]:
    for row in finding["registrations"]:
        if _is_hidden(row):
            yield f"Registration {row['number']} goes on: its seeds can be checked once its secret is revealed."


def registration_mismatches(finding: Mapping[str, Any], row: Mapping[str, Any], body: str) -> Iterator[str]:
    """What is not as it was chained when this registration was written down."""
    facts = {name: row[name] for name in ("experiment_id", "cohort", "created_at")} | {"body": body}
    if _link_hash("registration", row["previous_hash"], facts) != row["hash"]:
        yield f"DIFFERS registration {row['number']}: its text does not have the hash that was chained"
    yield from _secret_mismatches(row, body)
    if row["number"] == finding["registration"]:
        declared = [
            estimand for estimand in json.loads(body)["estimands"] if estimand["name"] == finding["estimand"]["name"]
        ]
        if [estimand_definition(estimand) for estimand in declared] != [estimand_definition(finding["estimand"])]:
            yield "DIFFERS estimand: it is not the one that was registered"


def _secret_mismatches(row: Mapping[str, Any], body: str) -> Iterator[str]:
    """What is wrong with the secrets from which the seeds of a registration follow."""
    secrets = row.get("secrets", ())  # an export of before has none
    if not secrets and json.loads(body).get("seeds") == DRAWN_SEEDS:
        yield f"DIFFERS registration {row['number']}: its seeds follow from a secret, and there is none"
    for secret in secrets:
        facts = {"registration_id": row["number"]} | {name: secret[name] for name in ("commitment", "created_at")}
        if _link_hash("seed_secret", secret["previous_hash"], facts) != secret["hash"]:
            yield f"DIFFERS registration {row['number']}: the commitment to its secret is not the one that was chained"
        if secret["secret"] is not None and commit_to_secret(row["hash"], secret["secret"]) != secret["commitment"]:
            yield f"DIFFERS registration {row['number']}: its secret is not the one that it was committed to"


def _link_hash(table: str, previous: str, facts: Mapping[str, Any]) -> str:
    """The hash of a link, as a laboratory's chains have it."""
    text = json.dumps([previous, facts], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"axiom-{table}-1|{text}".encode()).hexdigest()
