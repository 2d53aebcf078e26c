"""A bank's or operator's warning, written down by the staff: a case and a dissuasion at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from zhizhi.directory.people import PersonalData
from zhizhi.engine import dispatching, reporting, timeline
from zhizhi.engine.models import Report
from zhizhi.engine.reporting import NewReport
from zhizhi.systems.antifraud import dissuading
from zhizhi.systems.antifraud.apps import AT_RISK
from zhizhi.systems.antifraud.dissuading import Risk
from zhizhi.systems.antifraud.models import Dissuasion

SOURCE = "fraud-warnings"


@dataclass(frozen=True, slots=True, repr=False)
class FraudWarning:
    """What was told of somebody at risk: who, where, in which words; ``key`` arrives once.

    ``repr`` is left out because logs must hold neither words nor numbers of anybody.
    """

    key: str
    person: PersonalData
    telling: str
    lon: float
    lat: float
    place: str = ""


def write_down(warning: FraudWarning, risk: Risk, *, by: str, now: datetime) -> Dissuasion:
    """Open a case for the warning and begin to dissuade; the same one again is the same case.

    Raises reporting.ReportRefused, intake.KeyReused, and what ``people`` says of a person who may
    not be here.
    """
    new = NewReport(
        external_id=warning.key, kind=AT_RISK, telling=warning.telling, lon=warning.lon,
        lat=warning.lat, place_by=Report.PlaceBy.LIST, place=warning.place, occurred_at=now,
        source=SOURCE,
    )  # fmt: skip
    with timeline.writing():
        filed = reporting.file_report(new, by=by, now=now)
        case = filed.report.case
        if filed.is_repeat:
            return Dissuasion.everything.filter(case=case).earliest("pk")
        dispatching.acknowledge(case, by=by, now=now)
        return dissuading.begin(case, risk, person=warning.person, by=by, now=now)
