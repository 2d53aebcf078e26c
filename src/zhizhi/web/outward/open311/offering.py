"""What can be reported and what is asked for it: discovery, the services and their definitions."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from zhizhi.directory.models import Area
from zhizhi.engine import reporting, settings_in_force
from zhizhi.engine.system import ReportKind
from zhizhi.web.outward.open311.answers import KINDS
from zhizhi.web.outward.problems import Unanswerable
from zhizhi.web.residents.questions import CONSENT

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
WHEN, AGREED = "occurred_at", "contact_consent"


def discovery(request: HttpRequest) -> dict[str, Any]:
    """Return where the interface is; clients read the services again once a day."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    changed = today.isoformat()
    walls, calls = (
        request.build_absolute_uri(reverse(f"web:{name}")) for name in ("walls", "resident-calls")
    )
    own = request.build_absolute_uri(reverse("web:open311-discovery", args=["json"]))
    endpoint = {
        "specification": SPECIFICATION,
        "url": own.rpartition("/")[0],
        "changeset": changed,
        "type": "test" if settings.DEMO else "production",
        "formats": [KINDS["xml"], KINDS["json"]],
    }
    return {
        "changeset": changed,
        "contact": f"The numbers of the district: {calls}",
        "key_service": f"An administrator makes a pass for programs, the API key: {walls}",
        "endpoints": [endpoint],
    }


def services() -> list[dict[str, Any]]:
    """Return every kind of report that residents are asked for."""
    systems = {app.label: str(app.verbose_name) for app in apps.get_app_configs()}
    offered = (kind for kind in reporting.kinds().values() if kind.is_for_residents)
    return [_service(kind, systems.get(kind.system, "")) for kind in offered]


def kind_of(code: str, *, is_known: bool = False) -> ReportKind:
    """Return the kind with this code that is offered, or only known; raises Unanswerable."""
    kind = reporting.kinds().get(code)
    if kind is None or not (kind.is_for_residents or is_known):
        told = f"service_code “{code[:48]}” was not found. The services are listed at services."
        raise Unanswerable(404, "service_code", told)
    return kind


def definition(code: str) -> dict[str, Any]:
    """Return what is asked besides the fields of the specification: the same for every kind."""
    return {"service_code": kind_of(code).code, "attributes": attributes()}


def attributes() -> list[dict[str, Any]]:
    """Return the questions; the second one is the wording that a reporter agrees to or not."""
    agreed = _("I agree that name and number are kept for this report")
    asked = _(  # what the page of the residents says as well
        "Name and number are used only to call you about this report. They are kept encrypted "
        "under a key of your own; whoever looks at them must say why, and it is written down. "
        "Your agreement counts for %(span)s days, and you can withdraw it at any time with your "
        "receipt number. They are destroyed when it ends, and %(days)s days after the report has "
        "ended at the latest."
    ) % {
        "span": settings_in_force.value("residents.consent_days"),
        "days": settings_in_force.value("residents.keep_days"),
    }
    when = _("When it happened, with its zone; without it: now")
    return [
        _attribute(1, WHEN, "datetime", when, "2026-03-01T08:00:00+08:00"),
        {
            **_attribute(2, AGREED, "singlevaluelist", asked, ""),
            "values": [{"key": CONSENT, "name": agreed}],
        },
    ]


def check_jurisdiction(request: HttpRequest, asked: str) -> None:
    """Raise Unanswerable for another place: there is one, named by its code or by its host."""
    if not asked or asked == request.get_host().partition(":")[0]:
        return
    if not Area.objects.in_force().filter(kind=Area.Kind.DISTRICT, code=asked[:24]).exists():
        told = f"jurisdiction_id “{asked[:48]}” was not found. There is one: leave it away."
        raise Unanswerable(404, "jurisdiction_id", told)


def _service(kind: ReportKind, system: str) -> dict[str, Any]:
    """Return one service, in the group above it, or of its system."""
    names = [str(name) for _code, name in kind.groups] or [system]
    return {
        "service_code": kind.code,
        "service_name": str(kind.name),
        "description": str(kind.hint or kind.name),
        "metadata": True,
        "type": "realtime",
        "keywords": ", ".join(names[1:]),
        "group": names[0],
    }


def _attribute(order: int, code: str, datatype: str, told: str, example: str) -> dict[str, Any]:
    return {
        "variable": True,
        "code": code,
        "datatype": datatype,
        "required": False,
        "datatype_description": example,
        "order": order,
        "description": told,
        "values": [],
    }
