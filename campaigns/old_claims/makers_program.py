"""`axiom`, whose seeds follow from names: what the makers record can be computed again by anybody.

What a laboratory registers has seeds that follow from a secret, so none counts a seed that the makers looked at.
"""

from unittest.mock import patch

from axiom.__main__ import main
from axiom.domain.registrations import NAMED_SEEDS
from axiom.laboratory.registrations import register

if __name__ == "__main__":
    with patch.object(register, "DRAWN_SEEDS", NAMED_SEEDS):
        main()
