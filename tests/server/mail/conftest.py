"""A laboratory that writes mail."""

import pytest
from mail_lab import mail_lab


@pytest.fixture
def office(small_lab):
    with mail_lab(small_lab) as made:
        yield made
