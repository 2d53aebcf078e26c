"""The resident's copy of the own data: portable JSON, and the same on paper (PIPL art. 45)."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from zhizhi.engine import erasing, settings_in_force
from zhizhi.engine.models import Report
from zhizhi.trust import holding
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Keep, Label, Stored, Whose
from zhizhi.web.exporting.printing import NUMBERS, Manuscript

FORMAT = "zhizhi-own-data@1"
BASES: Mapping[Basis, str | Promise] = {
    Basis.CONSENT: gettext_lazy("Your agreement (PIPL art. 13 no. 1)"),
    Basis.EMPLOYMENT: gettext_lazy("Work for the district (PIPL art. 13 no. 2)"),
    Basis.DUTY: gettext_lazy("A duty of the district by law (PIPL art. 13 no. 3)"),
    Basis.EMERGENCY: gettext_lazy("A danger to life, health or property (PIPL art. 13 no. 4)"),
    Basis.RIGHT: gettext_lazy("Your own demand (PIPL art. 45)"),
}
WHOSE: Mapping[Whose, str | Promise] = {
    Whose.RESIDENT: gettext_lazy("Residents who reported something"),
    Whose.PARTY: gettext_lazy("People whom a notice is addressed to"),
    Whose.STAFF: gettext_lazy("Staff"),
    Whose.OBSERVED: gettext_lazy("Tokens that only the operator can name"),
}
FORMS: Mapping[Stored, str | Promise] = {
    Stored.SEALED: gettext_lazy("sealed under a key that can be destroyed"),
    Stored.DIGEST: gettext_lazy("digest"),
    Stored.TOKEN: gettext_lazy("token or number"),
    Stored.PLAIN: gettext_lazy("as it is"),
}
KEEPS: Mapping[Keep, str | Promise] = {
    Keep.REPORT: gettext_lazy("until {days} days after the matter has ended, or you ask for it"),
    Keep.PARTY: gettext_lazy("until {party} days after the matter has ended"),
    Keep.DRAFT: gettext_lazy("until {minutes} minutes after the last answer"),
    Keep.HOUR: gettext_lazy("two hours"),
    Keep.TRACK: gettext_lazy("{track} days"),
    Keep.ACCOUNT: gettext_lazy("until {account} days after the account was closed"),
    Keep.CASE: gettext_lazy("until {case} days after the matter has ended"),
    Keep.REVIEW: gettext_lazy("until {review} days after it was decided"),
    Keep.LOG: gettext_lazy("for good, in the log that nobody can change"),
    Keep.JOURNAL: gettext_lazy("{journal} days"),
    Keep.CLUE: gettext_lazy("until it is too old to warn of anything"),
    Keep.SESSION: gettext_lazy("until the page is closed"),
}


@dataclass(frozen=True, slots=True)
class HeldLine:
    """One thing that is kept about a resident, in words."""

    field: str
    ref: str
    label: Label
    value: Any

    @property
    def is_picture(self) -> bool:
        return isinstance(self.value, bytes)

    def basis(self) -> str:
        return str(BASES[self.label.basis])

    def keep(self) -> str:
        return kept_for(self.label.keep)


def kept_for(keep: Keep) -> str:
    """Return how long a retention class lasts, in words."""
    known = settings_in_force.snapshot()
    return str(KEEPS[keep]).format(
        days=known["residents.keep_days"],
        minutes=known["residents.draft_minutes"],
        party=known["engine.party_days"],
        track=known["engine.unit_track_days"],
        account=known["engine.account_days"],
        case=known["engine.case_days"],
        review=known["engine.review_days"],
        journal=known["engine.journal_days"],
    )


def held(report: Report, now: datetime) -> list[HeldLine]:
    """Return everything that is kept about the reporter; leaves an access record when opened."""
    labels = holding.labels()
    found = holding.facts(erasing.subject_of(report), now)
    return [HeldLine(fact.field, fact.ref, labels[fact.field], fact.value) for fact in found]


def kinds() -> list[tuple[str, str, str]]:
    """Return what is kept about residents at all: title, purpose and how long; opens nothing."""
    known: dict[str, tuple[str, str, str]] = {}
    for label in holding.labels().values():
        if label.whose == Whose.RESIDENT:
            title = str(label.title)
            known.setdefault(title, (title, str(label.purpose), kept_for(label.keep)))
    return list(known.values())


def as_json(report: Report, lines: Sequence[HeldLine], now: datetime) -> bytes:
    """Return the copy as UTF-8 JSON; pictures are base64."""
    told = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "is_demonstration": settings.DEMO,
        "report": report.number,
        "received_at": report.received_at.isoformat(),
        "data": [_told(line) for line in lines],
    }
    return json.dumps(told, ensure_ascii=False, indent=1).encode()


def _told(line: HeldLine) -> dict[str, Any]:
    value = line.value
    if line.is_picture:
        value = {"media_type": "image/jpeg", "base64": base64.b64encode(value).decode()}
    return {
        "field": line.field,
        "of": line.ref,
        "title": str(line.label.title),
        "value": value,
        "purpose": str(line.label.purpose),
        "basis": line.basis(),
        "kept": line.keep(),
    }


def on_paper(report: Report, lines: Sequence[HeldLine], now: datetime) -> Manuscript:
    """Return the copy as a page to be laid out."""
    pictures = {f"own-{n}": line.value for n, line in enumerate(lines) if line.is_picture}
    rows = [
        {"line": line, "picture": f"own-{n}" if line.is_picture else "", "text": _text(line.value)}
        for n, line in enumerate(lines)
    ]
    context = {"report": report, "rows": rows, "now": now, "demo": settings.DEMO, **NUMBERS}
    return Manuscript(render_to_string("web/paper/own_data.html", context), pictures)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return "" if isinstance(value, bytes) else str(value)
