"""A guardian's wards, in words for the guardian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy

from zhizhi.directory import guarding
from zhizhi.directory.models import Guardianship
from zhizhi.trust.grounds import BRING_HOME
from zhizhi.trust.models import Consent
from zhizhi.web.residents.lookers import WARD_FIELDS

TEXT = "bring-home@2"  # the wording of resident/ward_agree.html; another wording, another number
KEPT = "guardianships"  # in the session: whose code this browser has shown
MOST = 20


class AgreeForm(forms.Form):
    """Which data of the ward may be used; fewer than before narrows it."""

    kinds = forms.MultipleChoiceField(
        choices=list(WARD_FIELDS.items()),
        error_messages={
            "required": gettext_lazy("Choose at least one, or withdraw the agreement."),
        },
    )


@dataclass(frozen=True, slots=True)
class WardLine:
    """One ward as the guardian is told of it."""

    row: Guardianship
    is_live: bool
    agreed: Consent | None

    @property
    def data(self) -> Sequence[str]:
        """What may be used now, in words."""
        return (
            [str(WARD_FIELDS[name]) for name in self.agreed.data if name in WARD_FIELDS]
            if self.agreed
            else []
        )


def ward_line(row: Guardianship, now: datetime) -> WardLine:
    """Return how one guardianship stands at ``now``, with the agreement that counts."""
    given = guarding.agreements_of(row).filter(purpose=BRING_HOME, ended_at=None).first()
    is_live = row.is_in_force(now)
    counts = given is not None and is_live and given.is_in_force(now)
    return WardLine(row, is_live, given if counts else None)


def remember(request: HttpRequest, row: Guardianship) -> None:
    """Let this browser see the wards of a guardian without asking for the code again."""
    known = [pk for pk in request.session.get(KEPT, []) if pk != row.pk]
    request.session[KEPT] = [*known, row.pk][-MOST:]


def wards(request: HttpRequest) -> Sequence[Guardianship]:
    """Return the guardianships of the guardian whose code this browser has shown."""
    known = request.session.get(KEPT, [])
    return list(guarding.wards_of(known)) if known else []


def mine(request: HttpRequest, pk: int) -> Guardianship:
    """Return one of ``wards``; any other does not exist for this browser."""
    found = next((row for row in wards(request) if row.pk == pk), None)
    if found is None:
        raise Http404
    return found


def mine_in_force(request: HttpRequest, pk: int, now: datetime) -> Guardianship:
    """Return one of ``wards`` of whom the guardian still decides; else there is nothing to see."""
    found = mine(request, pk)
    if not found.is_in_force(now):
        raise Http404
    return found
