"""The words of a reminder: versioned, previewed, and counted as the operator will bill them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from zhizhi.engine import timeline
from zhizhi.engine.models import Template
from zhizhi.engine.states import StateConflict
from zhizhi.engine.wording import PLACE, fill, places
from zhizhi.trust.audit import Leaf

REMINDER = "fishery.reminder"  # by the operator, to a telephone
HAIL = "fishery.hail"  # read out on ship radio by the duty desk
CALL = "fishery.call"  # read out over the loudspeaker beside the camera
DISSUASION = "fishery.dissuasion"  # tells the operators that the second stage began
LIFTED = "fishery.lifted"  # corrects a reminder whose alert was lifted on appeal
CODES = (REMINDER, HAIL, CALL, DISSUASION, LIFTED)
LANGUAGES = ("zh-hans", "en")
FIELDS = frozenset({"zone", "minutes", "appeal"})
# what the preview fills in
LONGEST = {"zone": "长江干流下游禁渔区", "minutes": "120", "appeal": "1000000-1234-5678"}
MAXIMUM_CHARACTERS = 500

# GSM 03.38, the alphabet in which a segment holds 160 letters; everything else is UCS-2 with 70.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("^{}\\[~]|€")  # sent as two letters


class WordingInvalid(ValueError):
    """A text that could not be sent; ``code`` is a stable word, ``detail`` what it is about."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is for the operator: its units and the segments that are billed."""

    units: int
    per_segment: int
    segments: int


def length(text: str) -> Length:
    """Count ``text`` as a text message.

    One segment holds 70 UTF-16 units (160 letters of the GSM alphabet); several hold 67 (153) each,
    because the joining header takes its room (3GPP TS 23.040).
    """
    if set(text) <= _GSM | _GSM_TWICE:
        units, single, joined = len(text) + sum(c in _GSM_TWICE for c in text), 160, 153
    else:
        units, single, joined = len(text.encode("utf-16-le")) // 2, 70, 67
    if units <= single:
        return Length(units, single, 1)
    return Length(units, joined, -(-units // joined))


def preview(text: str) -> str:
    """Return ``text`` as it goes out with the longest values; raises WordingInvalid."""
    return fill(check(text), LONGEST)


def check(text: str) -> str:
    """Return ``text`` on one line; raises WordingInvalid when it is empty, too long or odd."""
    tidy = " ".join(text.split())
    if not tidy:
        raise WordingInvalid("empty")
    if len(tidy) > MAXIMUM_CHARACTERS:
        raise WordingInvalid("too-long", str(len(tidy)))
    unknown = sorted(places(tidy) - FIELDS)
    if unknown:
        raise WordingInvalid("field", ", ".join(unknown))
    if set(PLACE.sub("", tidy)) & set("{}"):
        raise WordingInvalid("braces")
    return tidy


def current_version(code: str) -> int:
    """Return the number of the version in force, 0 before the first."""
    newest = Template.objects.filter(code=code).order_by("-version").values_list("version")
    return next((row[0] for row in newest[:1]), 0)


def texts(code: str, version: int) -> dict[str, str]:
    """Return the text of each language of one version."""
    rows = Template.objects.filter(code=code, version=version)
    found = dict(rows.values_list("language", "text"))
    return {language: found[language] for language in LANGUAGES if language in found}


def versions(code: str) -> list[Template]:
    """Return every row of ``code``, newest version first."""
    return list(Template.objects.filter(code=code).order_by("-version", "-language"))


def render(code: str, values: Mapping[str, str], *, language: str) -> tuple[str, str]:
    """Return the name of the version in force ("fishery.reminder@3") and its text filled in.

    Raises Template.DoesNotExist when the installation was never seeded.
    """
    version = current_version(code)
    row = Template.objects.get(code=code, version=version, language=language)
    return f"{code}@{version}", fill(row.text, values)


def publish(
    code: str, wanted: Mapping[str, str], *, after: int, by: str, now: datetime
) -> list[Template]:
    """Put ``wanted`` (language → text) in force as the version that follows version ``after``.

    A version is made in every language at once, so that one number names the words everywhere.
    ``after`` is the version its writer had read: StateConflict when somebody has published since.
    Raises WordingInvalid for a text that could not be sent.
    """
    rows = [_row(code, language, wanted, after + 1, by, now) for language in LANGUAGES]
    try:
        with timeline.writing():
            if current_version(code) != after:
                raise _overtaken(code)
            Template.objects.bulk_create(rows)
            detail = {"code": code, "version": after + 1}
            timeline.leave(Leaf(by, "template.publish", f"template:{code}", now, detail=detail))
    except IntegrityError as error:
        raise _overtaken(code) from error
    return rows


def _row(
    code: str, language: str, wanted: Mapping[str, str], version: int, by: str, now: datetime
) -> Template:
    return Template(
        code=code,
        language=language,
        version=version,
        text=check(wanted.get(language, "")),
        created_at=now,
        created_by=by,
    )


def _overtaken(code: str) -> StateConflict:
    newest = Template.objects.filter(code=code).order_by("-version").first()
    return StateConflict("somebody has published a newer version", record=newest)


@transaction.atomic
def seed(first: Mapping[str, Mapping[str, str]], *, by: str, now: datetime) -> int:
    """Publish version 1 of each code that has none; returns how many were published."""
    missing: Iterable[str] = [code for code in first if current_version(code) == 0]
    made = [publish(code, first[code], after=0, by=by, now=now) for code in missing]
    return len(made)
