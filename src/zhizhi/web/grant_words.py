"""Access grants in words: what is asked for, where it stands, and why something was refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, pgettext_lazy

from zhizhi.directory.models import AccessGrant
from zhizhi.web.residents.lookers import PURPOSES

FIELDS: Mapping[str, Promise] = {
    "name": pgettext_lazy("person", "name"),
    "phone": gettext_lazy("telephone number"),
    "identity_number": gettext_lazy("identity number"),
}
WHY: Mapping[str, Promise] = {
    "ask-reporter": gettext_lazy("To ask the resident about this case"),
    "tell-result": gettext_lazy("To tell the resident the result"),
    "help-reporter": gettext_lazy("To warn or help the resident"),
    "serve-notice": gettext_lazy("To serve the notice"),
    "decide-penalty": gettext_lazy("To decide on a penalty"),
    "save-life": gettext_lazy("A life is in danger"),
}
DENIED: Mapping[str, Promise] = {
    "self": gettext_lazy("You asked for it yourself: somebody of another office has to agree."),
    "same-office": gettext_lazy("You work in the office that asks: somebody of another has to."),
    "no-role": gettext_lazy("Your role does not decide this, or not in this area."),
}
REFUSED: Mapping[str, Promise] = {
    "grant-asked": gettext_lazy("Nobody has agreed to it yet."),
    "grant-refused": gettext_lazy("The second person did not agree."),
    "grant-used": gettext_lazy("It was used before. Each grant opens one look, once."),
    "grant-expired": gettext_lazy("Its time is over."),
    "grant-revoked": gettext_lazy("It was withdrawn."),
    "case-closed": gettext_lazy("The case has ended meanwhile; ask again for that."),
    "case-not-visible": gettext_lazy("The case is out of your sight meanwhile; ask again."),
}


def grant_facts(row: AccessGrant, now: datetime) -> dict[str, Any]:
    """Return what pages show of a grant: never a person, only what may be looked at."""
    why = WHY.get(row.purpose, PURPOSES.get(row.purpose, row.purpose))
    left = row.valid_until - now if row.valid_until and row.is_in_force(now) else None
    is_over = row.state in {AccessGrant.State.ASKED, AccessGrant.State.APPROVED} and not (
        row.may_be_decided(now) or row.is_in_force(now)
    )
    state = AccessGrant.State.EXPIRED.label if is_over else row.get_state_display()
    return {
        "grant": row,
        "why": str(why),
        "what": [str(FIELDS.get(name, name)) for name in row.fields],
        "state": str(state),
        "is_waiting": row.may_be_decided(now),
        "is_in_force": left is not None,
        "minutes_left": -(-int(left.total_seconds()) // 60) if left is not None else 0,
        "hidden_days": row.hidden_for.days,
        "is_late": row.is_review_late(now),
    }
