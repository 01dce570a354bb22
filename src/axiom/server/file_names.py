"""What the files are called that several tasks share: a bundle, and the seal that says until when it is good."""

import hashlib
import re

SHARED = re.compile(r"(?:bundle-([0-9a-f]{64})\.zip|seal-([0-9a-f]{64})\.seal)")


def bundle_file(digest: str) -> str:
    return f"bundle-{digest}.zip"


def seal_file(seal: str) -> str:
    return f"seal-{hashlib.sha256(seal.encode()).hexdigest()}.seal"
