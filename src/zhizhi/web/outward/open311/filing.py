"""From a posted form to a report: read, refused with what to do, or filed once.

A pass says who sends; what it may not leave here without the reporter's agreement is not kept, and
the answer says so. No address that a program names is ever opened.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from zhizhi.directory import identity, walls
from zhizhi.directory.models import WallPass
from zhizhi.directory.people import PersonalData
from zhizhi.engine import quotas, reporting, requesting, settings_in_force
from zhizhi.engine.intake import KeyReused
from zhizhi.engine.reporting import CATCH_ALL, Filed, NewReport, ReportRefused
from zhizhi.trust import ciphers
from zhizhi.web.outward.open311 import offering
from zhizhi.web.outward.open311.asking import moment
from zhizhi.web.outward.open311.offering import AGREED, WHEN
from zhizhi.web.outward.problems import Unanswerable
from zhizhi.web.outward.reader import secret_of
from zhizhi.web.residents import finding
from zhizhi.web.residents.finding import BY, Found
from zhizhi.web.residents.questions import CONSENT, LONGEST_PLACE, PhotoForm
from zhizhi.web.wall.admission import NotAdmitted, admitted_by

LONGEST = 4000  # characters of a description, as the specification has it
LIMITS: Mapping[str, int] = {
    "jurisdiction_id": 200, "service_code": 48, "lat": 40, "long": 40, "address_id": 24,
    "address_string": LONGEST_PLACE, "description": LONGEST, "media_url": 2000,
    "first_name": 20, "last_name": 20, "phone": 30, "email": 254, "external_id": 200,
}  # fmt: skip
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
ATTRIBUTE = re.compile(r"attribute\[(.*?)\](?:\[\])?", re.DOTALL)
HALF_ROUND, POLE = 180, 90  # degrees
Fields = Mapping[str, str]


def file(request: HttpRequest, *, now: datetime) -> tuple[Filed, list[str]]:
    """File what was posted; returns the report and what of it is not kept, in words.

    Raises Unanswerable for what cannot be taken as it is.
    """
    row = _sender(request)
    most: int = settings_in_force.value("residents.reports_per_pass")
    if not quotas.take("report by pass", walls.actor(row), most=most, now=now):
        left = max(1, math.ceil((quotas.again_at(now) - now).total_seconds()))
        told = f"More than {most} reports in this hour. Send again in {left} s."
        raise Unanswerable(429, "too-many", told, {"Retry-After": str(left)})
    try:
        new, left_out = _read(request, row, now)
        return reporting.file_report(new, by=f"source:{new.source}", now=now), left_out
    except ReportRefused as refused:
        where = f"attribute[{WHEN}]" if refused.code in {"future", "too-old"} else "lat and long"
        raise Unanswerable(400, refused.code, f"{where}: {refused}.") from refused
    except KeyReused as reused:
        told = "external_id came with other content before. Give a new report another one."
        raise Unanswerable(409, "external_id", told) from reused


def _sender(request: HttpRequest) -> WallPass:
    """Return the pass; raises Unanswerable without a valid one."""
    if request.content_type not in FORMS:
        raise Unanswerable(400, "not-a-form", f"Send a form ({' or '.join(FORMS)}), in UTF-8.")
    key = request.POST.get("api_key", "") or secret_of(request.headers.get("Authorization", ""))
    row = admitted_by(key, WallPass.Use.PROGRAMS)
    if isinstance(row, NotAdmitted):
        told = "api_key is missing or not valid. It is the secret of a pass for programs."
        raise Unanswerable(403, f"pass-{row.reason}", told)
    return row


def _read(request: HttpRequest, row: WallPass, now: datetime) -> tuple[NewReport, list[str]]:
    given, answers = _fields(request), _attributes(request)
    offering.check_jurisdiction(request, given["jurisdiction_id"])
    if not given["service_code"]:
        raise Unanswerable(400, "service_code", "service_code was not provided.")
    kind = offering.kind_of(given["service_code"]).code
    if kind == CATCH_ALL.code and not given["description"]:
        raise Unanswerable(400, "description", f"{kind} needs a description: what happened.")
    at, photo = _place(given), _photo(request)
    _check_area(at, row)
    contact, left_out = _contact(given, answers.get(AGREED, ""))
    if given["media_url"]:
        left_out.append(_("The photo was not taken: no address is opened. Send the file itself."))
    when, source = answers.get(WHEN, ""), f"open311-{row.pk}"
    told = [kind, given["description"], given["address_string"], at.written(), when,
            ciphers.sha256(photo) if photo else "", contact.given() if contact else {}]  # fmt: skip
    key = requesting.external_id(source, given["external_id"], json.dumps(told), now=now)
    new = NewReport(
        key, kind, given["description"], at.lon, at.lat, at.by,
        moment(when, f"attribute[{WHEN}]") if when else now,
        place=given["address_string"] or at.name, accuracy_m=at.accuracy_m, photo=photo,
        contact=contact, consent=CONSENT if contact else "", source=source,
    )  # fmt: skip
    return new, left_out


def _fields(request: HttpRequest) -> Fields:
    """Return every field that counts, empty where it was not sent; others are not looked at."""
    told = {}
    for name, most in LIMITS.items():
        values = request.POST.getlist(name)
        if len(values) > 1:
            raise Unanswerable(400, "given-twice", f"“{name}” is given twice. Give it once.")
        text = "".join(values).replace("\x00", "").strip()
        if len(text) > most:
            message = f"{name} has at most {most} characters; these are {len(text)}."
            raise Unanswerable(400, "too-long", message)
        told[name] = text
    return told


def _attributes(request: HttpRequest) -> Fields:
    """Return the answers to the questions of the definition."""
    told = {}
    for name, values in request.POST.lists():
        parts = ATTRIBUTE.fullmatch(name)
        if parts is None:
            continue
        if parts[1] not in {AGREED, WHEN} or len(values) > 1 or parts[1] in told:
            message = f"attribute[{parts[1][:48]}] is not asked for, or not twice: see services."
            raise Unanswerable(400, "attribute", message)
        told[parts[1]] = values[0].strip()
    return told


def _place(given: Fields) -> Found:
    """Return where it is: by latitude and longitude, else by a code, else by a name."""
    if given["lat"] or given["long"]:
        return _measured(given)
    if given["address_id"]:
        chosen = finding.by_code(given["address_id"])
        if chosen is None:
            raise Unanswerable(400, "address_id", "address_id is no code of a community.")
        return chosen
    if not given["address_string"]:
        told = "Nothing says where: send lat and long, address_string or address_id."
        raise Unanswerable(400, "no-place", told)
    several = finding.named(given["address_string"])
    if len(several) == 1:
        return several[0]
    names = "; ".join(one.name for one in several)
    told = f"address_string fits several places ({names})" if several else "No place is called so"
    raise Unanswerable(400, "address_string", f"{told}. Write more of it, or send lat and long.")


def _measured(given: Fields) -> Found:
    try:
        lat, lon = float(given["lat"]), float(given["long"])
    except ValueError:
        lat = lon = math.nan
    if not (abs(lat) <= POLE and abs(lon) <= HALF_ROUND):  # false for what is no number as well
        raise Unanswerable(400, "no-place", "lat and long are two numbers in degrees (WGS84).")
    return Found(round(lon, 6), round(lat, 6), BY.MAP)


def _check_area(at: Found, row: WallPass) -> None:
    """Raise ReportRefused for a place outside of the district, or of what the pass is for."""
    found = reporting.check_place(at.lon, at.lat)
    if found.area is None or not found.area.path.startswith(row.area.path):
        message = f"the place lies outside of {row.area.name}, for which the pass is"
        raise ReportRefused("outside", message)


def _contact(given: Fields, agreed: str) -> tuple[PersonalData | None, list[str]]:
    """Return how the reporter can be reached where that was agreed to, and what is left out."""
    if agreed not in {"", CONSENT}:
        told = f"attribute[{AGREED}] is the wording that was agreed to. It is {CONSENT} now."
        raise Unanswerable(400, "consent", told)
    left_out = []
    if given["email"]:
        left_out.append(_("The e-mail address was not kept: residents are called."))
    if not agreed:
        if given["phone"] or given["first_name"] or given["last_name"]:
            left_out.append(_("Name and number were not kept: nobody agreed to it."))
        return None, left_out
    if not given["phone"]:
        raise Unanswerable(400, "phone", "Somebody agreed to be called: send the phone.")
    try:
        contact = PersonalData(_name(given["first_name"], given["last_name"]), given["phone"])
        contact.admit()
    except (identity.IdentityInvalid, identity.WrongWorld) as wrong:
        raise Unanswerable(400, "phone", f"phone: {wrong}") from wrong
    return contact, left_out


def _name(first: str, last: str) -> str:
    """Return the name as it is written where it comes from: 魏小河, Wei Xiaohe."""
    is_latin = f"{first}{last}".isascii()
    return f"{first} {last}".strip() if is_latin else f"{last}{first}"


def _photo(request: HttpRequest) -> bytes | None:
    """Return the file “media”, redrawn; raises Unanswerable for what is no picture."""
    sent = request.FILES.getlist("media")
    if len(sent) > 1:
        raise Unanswerable(400, "media", "One photo belongs to a report. Send one.")
    form = PhotoForm({}, MultiValueDict({"photo": sent}))
    if not form.is_valid():
        raise Unanswerable(400, "media", " ".join(map(str, form.errors["photo"])))
    photo: bytes | None = form.cleaned_data["photo"]
    return photo
