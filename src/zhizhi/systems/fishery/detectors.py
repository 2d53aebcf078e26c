"""The rule of the fishery watch: the kernel's dwell judge with the numbers of this system."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from zhizhi.kernel.dwell import Dwell

CODE = "fishery.dwell"
VERSION = 1
VESSELS, SHORE, CAMERAS = "vessel_positions.v1", "shore_positions.v1", "zone_occupancy.v1"
STREAMS = (VESSELS, SHORE, CAMERAS)


def stay_rule(numbers: Mapping[str, Any]) -> Dwell:
    """Return the rule "in a no-fishing zone longer than 30 minutes" with these settings.

    ``numbers`` maps setting keys ("fishery.limit_minutes") to values; the defaults stand in the
    manifest, once.
    """
    return Dwell(
        code=CODE,
        version=VERSION,
        reads=STREAMS,
        lateness=timedelta(seconds=numbers["fishery.lateness_seconds"]),
        limit=timedelta(minutes=numbers["fishery.limit_minutes"]),
        grace=timedelta(seconds=numbers["fishery.grace_seconds"]),
        gap=timedelta(seconds=numbers["fishery.gap_seconds"]),
        minimum_fixes=numbers["fishery.minimum_fixes"],
        enter_margin_m=numbers["fishery.enter_margin_m"],
        exit_margin_m=numbers["fishery.exit_margin_m"],
        maximum_accuracy_m=numbers["fishery.maximum_accuracy_m"],
        cooldown=timedelta(hours=numbers["fishery.cooldown_hours"]),
    )
