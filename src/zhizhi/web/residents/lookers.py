"""Who looked at a resident's data, in words for the resident: posts, never names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from zhizhi.directory.models import Guardianship, RoleAssignment
from zhizhi.directory.people import OWNER
from zhizhi.directory.posts import office_names
from zhizhi.engine import claiming
from zhizhi.engine.claiming import Whose
from zhizhi.engine.granting import SAVE_LIFE
from zhizhi.engine.models import Claim, Report
from zhizhi.trust.grounds import TAGS
from zhizhi.trust.models import AccessRecord

FIELDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("Your name"),
    "phone": gettext_lazy("Your number"),
    "identity_number": gettext_lazy("Your identity number"),
    "telling": gettext_lazy("What you wrote"),
    "place": gettext_lazy("The place in your words"),
    "remark": gettext_lazy("Why you rated it so"),
    "photo": gettext_lazy("Your photo"),
}
WARD_FIELDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("The ward's name"),
    "phone": gettext_lazy("The ward's number"),
    TAGS: gettext_lazy("Where and when a tag that the ward carries was read"),
}
PURPOSES: Mapping[str, str | Promise] = {
    "ask-reporter": gettext_lazy("To ask you about this case"),
    "tell-result": gettext_lazy("To tell you the result"),
    "help-reporter": gettext_lazy("To warn or help you"),
    "serve-notice": gettext_lazy("To serve a notice"),
    "decide-penalty": gettext_lazy("To decide on a penalty"),
    "save-life": gettext_lazy("To save somebody whose life was in danger"),
    "handle-case": gettext_lazy("To deal with your report"),
    "check-guardian": gettext_lazy("To check who may agree for whom"),
    "bring-home": gettext_lazy("To bring home somebody who was lost"),
    "dissuade": gettext_lazy("To warn somebody of a fraud under way"),
    "ask-relative": gettext_lazy("To reach somebody at risk of a fraud through you"),
    "send-code": gettext_lazy("To send you a code"),
    "own-copy": gettext_lazy("To take a copy of your data"),
    "case-file": gettext_lazy("To print the file of the case"),
}


@dataclass(frozen=True, slots=True)
class LookLine:
    """One look as the resident is told of it."""

    record: AccessRecord
    who: str
    what: Sequence[str]
    why: str
    claim: Claim | None = None
    answer: str = ""

    @property
    def was_delayed(self) -> bool:
        """Whether the law let the house keep this look to itself for a while."""
        return self.record.shown_at is not None

    @property
    def leave(self) -> str:
        """Who agreed to a look that one person alone may not take; empty for any other."""
        if self.record.grant is None or not self.record.is_allowed:
            return ""
        if self.record.purpose == SAVE_LIFE:
            return _("Taken in an emergency without a second person; an auditor checks it.")
        return _("A second person of another office agreed to this look.")


def look_lines(whose: Whose | None, records: Sequence[AccessRecord]) -> list[LookLine]:
    """Return a line for each of ``records``: those of a report and its person, or of a ward.

    None is a person known by number alone, whose looks nobody can object to.
    """
    made = [] if whose is None else claiming.claims_of(whose)
    claims = {claim.record_id: claim for claim in made}
    offices = office_names(_offices(records))
    found = []
    for record in records:
        claim = claims.get(record.pk)
        answer = claiming.words(claim)["answer"] if claim else ""
        what = what_words(whose, record)
        who = post_name(record, offices)
        found.append(LookLine(record, who, what, why(whose, record), claim, answer))
    return found


def what_words(whose: Whose | None, record: AccessRecord) -> list[str]:
    """Return which data was looked at, as whoever sees the look reads it."""
    names = WARD_FIELDS if isinstance(whose, Guardianship) else FIELDS
    return [str(names.get(name, _("Other data"))) for name in record.fields]


def post_name(record: AccessRecord, offices: Mapping[str, str]) -> str:
    """Return in which role and for which office somebody looked; never who."""
    if record.actor == OWNER:
        return _("You yourself")
    if not record.actor.startswith("account:"):
        return _("The system itself")
    post = record.post or {}
    role = dict(RoleAssignment.Role.choices).get(post.get("role", ""))
    office = offices.get(post.get("office", ""), "")
    named = [office, str(role or _("a member of staff"))]
    return " · ".join(part for part in named if part)


def _offices(records: Iterable[AccessRecord]) -> Iterator[str]:
    return (record.post.get("office", "") for record in records if record.post)


def why(whose: Whose | None, record: AccessRecord) -> str:
    """Return the reason of a look as the resident reads it, or the guardian.

    Whatever is unknown is not repeated: it may be anything. Of other matters than the report
    nothing is told; a guardian has no matter of the own.
    """
    if isinstance(whose, Report) and record.case not in {None, whose.case_id}:
        return _("In another matter")
    return str(PURPOSES.get(record.purpose, _("No reason was given")))
