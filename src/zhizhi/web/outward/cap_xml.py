"""CAP messages and their feed as XML: CAP 1.2 and Atom (RFC 4287)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree import ElementTree

import shapely
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from zhizhi.engine.models import Zone
from zhizhi.web.outward.cap import FALSE, TOLD, CapMessage
from zhizhi.web.words import case_kind_name

CAP, ATOM = "urn:oasis:names:tc:emergency:cap:1.2", "http://www.w3.org/2005/Atom"
CAP_KIND, ATOM_KIND = "application/cap+xml", "application/atom+xml"
LANGUAGES = (("zh-hans", "zh-CN"), ("en", "en-US"))
SEVERITIES = {"urgent": "Severe", "important": "Moderate", "normal": "Minor"}
URGENCIES = {"immediate", "expected", "future"}
CERTAINTIES = {"observed", "likely", "possible"}
AROUND_KM = "0.1"  # of a place that lies in no zone
Node = ElementTree.Element


def alert_xml(request: HttpRequest, message: CapMessage) -> bytes:
    """Return one message."""
    top = Node("alert", xmlns=CAP)
    sender = _sender(request)
    _add(top, "identifier", identifier(message, message.step))
    _add(top, "sender", sender)
    _add(top, "sent", _moment(message.sent))
    _add(top, "status", "Exercise" if settings.DEMO else "Actual")
    _add(top, "msgType", message.kind)
    _add(top, "scope", "Restricted")
    _add(top, "restriction", "For the staff of the district and whom it has given a pass.")
    if settings.DEMO:
        _add(top, "note", "A demonstration: every place and event is invented.")
    if message.before:
        named = (
            f"{sender},{identifier(message, step)},{_moment(at)}"
            for step, at in message.before.items()
        )
        _add(top, "references", " ".join(named))
    for ours, theirs in LANGUAGES:
        with translation.override(ours):
            top.append(_info(request, message, theirs))
    return _written(top)


def feed_xml(request: HttpRequest, messages: Sequence[CapMessage], *, now: datetime) -> bytes:
    """Return the feed: one entry for each message, in the language of the reader."""
    own = request.build_absolute_uri(reverse("web:cap"))
    top = Node("feed", {"xmlns": ATOM, "xml:lang": translation.get_language() or ""})
    _add(top, "id", own)
    _add(top, "title", _("Alerts of the district"))
    _add(top, "updated", _moment(max((one.sent for one in messages), default=now)))
    _add(_add(top, "author"), "name", "Zhizhi")
    _add(top, "link", rel="self", href=own, type=ATOM_KIND)
    for message in messages:
        entry = _add(top, "entry")
        path = reverse("web:cap-alert", args=[message.alert.pk, message.step])
        _add(entry, "id", f"urn:zhizhi:{identifier(message, message.step)}")
        _add(entry, "title", _headline(message))
        _add(entry, "updated", _moment(message.sent))
        _add(entry, "link", rel="alternate", href=request.build_absolute_uri(path), type=CAP_KIND)
        _add(entry, "summary", _told(message))
    return _written(top)


def identifier(message: CapMessage, step: str) -> str:
    """Return how a message is named for ever."""
    return f"{message.alert.pk}.{step}"


def _info(request: HttpRequest, message: CapMessage, language: str) -> Node:
    alert, info = message.alert, Node("info")
    desk = reverse("web:case", args=[alert.case_id])
    _add(info, "language", language)
    _add(info, "category", _category(alert.case.system))
    _add(info, "event", case_kind_name(alert.case.kind))
    _add(info, "responseType", "Assess" if message.step == TOLD else "AllClear")
    _add(info, "urgency", _known(alert.urgency, URGENCIES) if message.step == TOLD else "Past")
    _add(info, "severity", SEVERITIES.get(alert.severity, "Unknown"))
    _add(info, "certainty", _known(alert.certainty, CERTAINTIES))
    _add(info, "effective", _moment(message.sent))
    _add(info, "onset", _moment(alert.started_at))
    _add(info, "senderName", _("Zhizhi"))
    _add(info, "headline", _headline(message))
    _add(info, "description", _told(message))
    _add(info, "web", request.build_absolute_uri(desk))
    for name, value in (("case", alert.case.code), ("detector", alert.detector)):
        _named(info, "parameter", name, value)
    _area(info, message)
    return info


def _area(info: Node, message: CapMessage) -> None:
    alert, zone, place = message.alert, message.zone, message.alert.case.area
    area = _add(info, "area")
    _add(area, "areaDesc", " ".join(str(one) for one in (place, zone) if one) or alert.zone)
    for ring in _rings(zone):
        _add(area, "polygon", ring)
    if zone is None:
        _add(area, "circle", f"{alert.lat:.6f},{alert.lon:.6f} {AROUND_KM}")
    if place:
        _named(area, "geocode", "area_code", place.code)


def _rings(zone: Zone | None) -> Iterator[str]:
    """Yield the outer edge of each part of a zone, latitude first as CAP has it."""
    if zone is None:
        return
    for part in shapely.get_parts(shapely.from_wkb(bytes(zone.boundary))):
        corners = shapely.get_coordinates(shapely.get_exterior_ring(part))
        yield " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat in corners)


def _headline(message: CapMessage) -> str:
    alert = message.alert
    where = str(message.zone or alert.zone)
    return f"{case_kind_name(alert.case.kind)} · {where} · {alert.get_severity_display()}"


def _told(message: CapMessage) -> str:
    if message.step == FALSE:
        return _("Dismissed as false alarm")
    alert = message.alert
    if message.step != TOLD:
        return _("Over since {at}.").format(at=_local(alert.cleared_at or message.sent))
    words = _("Since {since}; found automatically at {found}. Case {code}.")
    since, found = _local(alert.started_at), _local(alert.found_at)
    return words.format(since=since, found=found, code=alert.case.code)


def _category(system: str) -> str:
    """Return the category that the manifest of a system names."""
    found = (app for app in apps.get_app_configs() if app.label == system)
    return str(getattr(next(found, None), "cap_category", "Other"))


def _known(word: str, words: set[str]) -> str:
    return word.capitalize() if word in words else "Unknown"


def _sender(request: HttpRequest) -> str:
    """Return who sends: unlike any other installation, and without its port."""
    return f"zhizhi@{re.sub(r':[0-9]+$', '', request.get_host())}"


def _moment(at: datetime) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds")


def _local(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


def _add(parent: Node, name: str, text: str = "", **attributes: str) -> Node:
    """Append one element; characters that XML cannot hold are left out."""
    node = ElementTree.SubElement(parent, name, attributes)
    node.text = "".join(one for one in text if one.isprintable()) or None
    return node


def _named(parent: Node, name: str, key: str, value: str) -> None:
    node = _add(parent, name)
    _add(node, "valueName", key)
    _add(node, "value", value)


def _written(top: Node) -> bytes:
    return bytes(ElementTree.tostring(top, encoding="utf-8", xml_declaration=True))
