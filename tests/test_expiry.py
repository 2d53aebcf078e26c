"""An agreement ends by the clock of the machine, whichever process looks at it, and for good."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.expiry_world import NAME
from tests.installing import House

LAST_HOUR, OVER = "+8759h", "+8760h"  # residents.consent_days


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "data")
    made.make()
    yield made
    made.end()


def done(house: House, verb: str, *, later: str = "") -> str:
    """Return what ``verb`` prints in a process whose clock is ``later``."""
    ran = house.python("tests.expiry_world", verb, later=later)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_an_agreement_holds_until_its_last_hour_and_never_again(house: House) -> None:
    done(house, "file")

    assert done(house, "look") == NAME
    assert done(house, "look", later=LAST_HOUR) == NAME
    assert done(house, "work", later=LAST_HOUR) == "0"
    assert done(house, "look", later=OVER) == "no-consent"  # before any worker has come by
    assert done(house, "work", later=OVER) != "0"
    assert done(house, "look", later=OVER) == "no-consent"
    assert done(house, "look") == "no-consent"  # the clock was set back
