"""What the engine holds about people: reports, claims, where units checked in, who did what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from zhizhi.engine import claiming, merging, reporting, thinning
from zhizhi.engine.models import Case, Claim, Report
from zhizhi.trust import vault
from zhizhi.trust.erasing import Hold
from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Fact, Holder, Keep, Label, Stored, Subject, Text, Whose

OPEN_CASE, OPEN_CLAIM = "open-case", "open-claim"
_DEALING = _("To deal with what was reported")
_RIGHTS = _("To answer what you demanded about your data")
_BETTER = _("To do it better, and to look again")
_WORK = _("So that whoever acts answers for it")
_PATROL = _("To show that somebody was there and looked")
_WATCH = _("To warn people in danger and to protect closed waters")
_FAIR = _("So that nobody sends so much that others cannot")


def _report(title: Text, form: Stored = Stored.PLAIN, keep: Keep = Keep.REPORT) -> Label:
    return Label(title, Whose.RESIDENT, _DEALING, Basis.DUTY, keep, form)


def _appeal(title: Text, form: Stored) -> Label:
    return Label(title, Whose.OBSERVED, _RIGHTS, Basis.DUTY, Keep.REPORT, form)


def _staff(title: Text, keep: Keep = Keep.ACCOUNT, form: Stored = Stored.TOKEN) -> Label:
    return Label(title, Whose.STAFF, _WORK, Basis.DUTY, keep, form)


def _written(title: Text, keep: Keep = Keep.CASE) -> Label:
    return _staff(title, keep, Stored.PLAIN)


def _observed(title: Text, keep: Keep = Keep.CASE) -> Label:
    return Label(title, Whose.OBSERVED, _WATCH, Basis.DUTY, keep, Stored.TOKEN)


def _patrol(title: Text, form: Stored = Stored.PLAIN) -> Label:
    return Label(title, Whose.STAFF, _PATROL, Basis.DUTY, Keep.TRACK, form)


LABELS = {
    "engine.Report.external_id": _report(_("Key of your report"), Stored.TOKEN, Keep.CASE),
    "engine.Report.kind": _report(_("What happened"), keep=Keep.CASE),
    "engine.Report.telling": _report(_("What you wrote"), Stored.SEALED),
    "engine.Report.place": _report(_("The place in your words"), Stored.SEALED),
    "engine.Report.lon": _report(_("Longitude of the place"), keep=Keep.CASE),
    "engine.Report.lat": _report(_("Latitude of the place"), keep=Keep.CASE),
    "engine.Report.consent": Label(
        _("What you agreed to"), Whose.RESIDENT, _DEALING, Basis.CONSENT, Keep.CASE
    ),
    "engine.Report.remark": Label(
        _("Why you rated it so"), Whose.RESIDENT, _BETTER, Basis.CONSENT, Keep.REPORT, Stored.SEALED
    ),
    "engine.Claim.reason": Label(
        _("What you demanded"), Whose.RESIDENT, _RIGHTS, Basis.DUTY, Keep.REPORT, Stored.SEALED
    ),
    "engine.Claim.answer": Label(
        _("What you were answered"), Whose.RESIDENT, _RIGHTS, Basis.DUTY, Keep.REPORT, Stored.SEALED
    ),
    "engine.Claim.answered_by": _staff(_("Who answered")),
    "engine.Appeal.because": _appeal(_("Why an alert is wrong"), Stored.PLAIN),
    "engine.Appeal.words": _appeal(_("What you said against an alert"), Stored.SEALED),
    "engine.Appeal.answer": _appeal(_("What you were answered to an appeal"), Stored.SEALED),
    "engine.Appeal.taken_by": _staff(_("Who wrote an appeal down")),
    "engine.Appeal.answered_by": _staff(_("Who decided an appeal")),
    "engine.ReportDraft.answers": _report(_("Unfinished answers"), Stored.SEALED, Keep.DRAFT),
    "engine.ReportDraft.photo": _report(
        _("Photo of an unfinished report"), Stored.SEALED, Keep.DRAFT
    ),
    "engine.ReportDraft.digest": _report(
        _("Digest of its browser's token"), Stored.DIGEST, Keep.DRAFT
    ),
    "engine.Quota.bucket": Label(
        _("Keyed hash of the sender"), Whose.RESIDENT, _FAIR, Basis.DUTY, Keep.HOUR, Stored.DIGEST
    ),
    "engine.Case.lon": _observed(_("Longitude of a case")),
    "engine.Case.lat": _observed(_("Latitude of a case")),
    "engine.Case.key": _observed(_("Kind, subject and zone of a case")),
    "engine.Case.acknowledged_by": _staff(_("Who saw a case first")),
    "engine.CaseLink.made_by": _staff(_("Who joined two cases")),
    "engine.CaseLink.ended_by": _staff(_("Who took a case out again")),
    "engine.CaseLink.why": _written(_("Why two cases were joined")),
    "engine.Alert.explanation": _observed(_("Inputs of an alert")),
    "engine.Alert.lon": _observed(_("Longitude of an alert")),
    "engine.Alert.lat": _observed(_("Latitude of an alert")),
    "engine.JournalSegment.payload": _observed(_("Positions as tokens"), Keep.JOURNAL),
    "engine.QuarantinedRow.raw": _observed(_("A row that was refused"), Keep.JOURNAL),
    "engine.Checkpoint.buffer": _observed(_("Rows that wait for their turn"), Keep.JOURNAL),
    "engine.ShardState.state": _observed(_("Stays that are under way"), Keep.JOURNAL),
    "engine.Trial.result": _observed(_("What a trial of a rule found"), Keep.JOURNAL),
    "engine.Message.recipient": _observed(_("Whom a message is for")),
    "engine.Message.payload": _observed(_("What a message says")),
    "engine.Timer.arguments": _observed(_("What a timer is about")),
    "engine.Task.offered_by": _staff(_("Who sent a unit")),
    "engine.Task.note": _written(_("Note of a task")),
    "engine.TimelineEntry.actor": _staff(_("Who did it"), Keep.LOG),
    "engine.TimelineEntry.note": _written(_("Note of a case"), Keep.LOG),
    "engine.Feedback.by": _staff(_("Who reported from the spot"), Keep.LOG),
    "engine.Feedback.note": _written(_("Report from the spot"), Keep.LOG),
    "engine.Extension.reason": _written(_("Why more time was asked for")),
    "engine.Extension.answer": _written(_("Answer to whoever asked for more time")),
    "engine.Extension.asked_by": _staff(_("Who asked for more time")),
    "engine.Extension.decided_by": _staff(_("Who decided about more time")),
    "engine.Suspension.reason": _written(_("Why a case waits")),
    "engine.Suspension.by": _staff(_("Who let a case wait")),
    "engine.Suspension.ended_by": _staff(_("Who let a case go on")),
    "engine.Supervision.instruction": _written(_("Instruction of supervision")),
    "engine.Supervision.answer": _written(_("Answer to supervision")),
    "engine.Supervision.by": _staff(_("Who supervises a case")),
    "engine.Supervision.answered_by": _staff(_("Who answered supervision")),
    "engine.Revisit.outcome": _report(_("What you said when you were asked again"),
                                      keep=Keep.LOG),
    "engine.Revisit.by": _staff(_("Who asked you again"), Keep.LOG),
    "engine.CheckIn.by": _patrol(_("Who checked in"), Stored.TOKEN),
    "engine.CheckIn.lon": _patrol(_("Longitude of a check-in")),
    "engine.CheckIn.lat": _patrol(_("Latitude of a check-in")),
    "engine.CheckIn.place": _patrol(_("Place of a check-in in words")),
    "engine.CheckIn.note": _patrol(_("Note of a check-in")),
    "engine.CheckIn.photo": _patrol(_("Photo of a check-in"), Stored.SEALED),
    "engine.Zone.created_by": _staff(_("Who drew a zone")),
    "engine.Setting.changed_by": _staff(_("Who changed a setting")),
    "engine.SettingChange.by": _staff(_("Who changed a setting"), Keep.LOG),
    "engine.RoutingVersion.drafted_by": _staff(_("Who drafted routing rules"), Keep.LOG),
    "engine.RoutingVersion.decided_by": _staff(_("Who decided about routing rules"), Keep.LOG),
    "engine.Macro.changed_by": _staff(_("Who changed a macro")),
    "engine.MacroVersion.by": _staff(_("Who changed a macro"), Keep.LOG),
    "engine.MacroRun.by": _staff(_("Who gave a macro")),
    "engine.Template.created_by": _staff(_("Who wrote a text")),
    "engine.Trial.asked_by": _staff(_("Who asked for a trial")),
    "engine.Notice.by": _staff(_("Who issued a notice")),
    "engine.Notice.text": _written(_("What a notice says, with blanks for the person")),
    "engine.Presence.tab": _staff(_("Which tab has a case open"), Keep.SESSION),
}  # fmt: skip
IMPERSONAL = {
    "engine.Case": ("kind", "system", "zone", "task_kind", "capabilities", "area_path"),
    "engine.CaseLink": ("score", "stopped"),
    "engine.Reply": ("result",),
    "engine.Alert": ("id", "detector", "kind", "urgency", "zone"),
    "engine.Task": ("kind", "need", "outcome"),
    "engine.TimelineEntry": ("verb", "data", "previous", "digest"),  # ids and codes
    "engine.Feedback": ("outcome", "evidence", "key"),
    "engine.CheckIn": ("key", "accuracy_m", "area_path"),
    "engine.Appeal": ("area_path",),
    "engine.Claim": ("area_path",),
    "engine.Report": ("evidence",),
    "engine.Source": ("code", "name", "kind", "streams", "token_digest"),
    "engine.JournalHead": ("name", "tails"),
    "engine.JournalSegment": ("stream",),
    "engine.InboxKey": ("key", "body_digest", "response"),  # a keyed digest of a report's content
    "engine.QuarantinedRow": ("stream", "field", "reason", "remedy"),
    "engine.Checkpoint": ("detector", "params", "ref_version", "holder", "failure"),
    "engine.ShardState": ("detector",),
    "engine.Zone": ("key", "kind", "name", "boundary", "seasons", "parameters", "area_path",
                    "reason"),
    "engine.Setting": ("key", "value"),
    "engine.SettingChange": ("key", "old", "new", "reason"),
    "engine.RoutingVersion": ("text", "digest", "reason"),
    "engine.Macro": ("name", "kinds", "steps"),
    "engine.MacroVersion": ("name", "kinds", "steps"),
    "engine.MacroRun": ("results",),
    "engine.Message": ("key", "channel", "template", "receipt", "failure"),
    "engine.Subscriber": ("code", "url", "secret", "area_path", "kinds"),
    "engine.Template": ("code", "language", "text"),
    "engine.Clock": ("kind", "unit"),
    "engine.Timer": ("key", "action", "failure"),
    "engine.Notice": ("key", "kind"),
    "engine.FigureRelease": ("places", "kinds", "numbers"),
    "engine.Trial": ("detector", "numbers", "changes", "ref_version", "digest", "failure"),
}  # fmt: skip


def told(subject: Subject, now: datetime) -> Iterator[Fact]:
    """Tell a resident the own report, and what was demanded about it and answered."""
    report = Report.everything.select_related("key", "case").get(pk=subject.report)
    ref = str(subject)
    for name in ("external_id", "kind", "lon", "lat", "consent"):
        if (value := getattr(report, name)) != "":
            yield Fact(f"engine.Report.{name}", ref, value)
    for name, text in reporting.words(report).items():
        if text:
            yield Fact(f"engine.Report.{name}", ref, text)
    for asked in report.revisits.all():
        yield Fact("engine.Revisit.outcome", ref, asked.outcome)
    yield from _claimed(subject)


def _claimed(subject: Subject) -> Iterator[Fact]:
    for claim in claiming.claims_by(subject.report, subject.person):
        for name, text in claiming.words(claim).items():
            if text:
                yield Fact(f"engine.Claim.{name}", claiming.name_of(claim), text)


def holds(subject: Subject) -> Iterator[Hold]:
    """Hold words and pictures while the case is open, and a claim until it is answered."""
    case = merging.root_of(Case.everything.get(pk=subject.case))
    if case.state not in Case.FINAL:
        yield Hold(str(subject), OPEN_CASE)
        for number in subject.evidence:
            yield Hold(f"evidence:{number}", OPEN_CASE)
    for claim in claiming.claims_about(subject.report, subject.person):
        if claim.state == Claim.State.OPEN:
            yield Hold(claiming.name_of(claim), OPEN_CLAIM)


def erase(subject: Subject, spared: frozenset[str], by: str, now: datetime) -> Sequence[str]:
    """Destroy words of the report and of the answered claims about it and its person."""
    gone = []
    report = Report.everything.select_related("key").get(pk=subject.report)
    if str(subject) not in spared and vault.destroy(report.key, now=now):
        there = Report.everything.filter(pk=report.pk)
        there.update(forgotten_at=now, telling=None, place=None, remark=None)
        gone.append(str(subject))
    for claim in claiming.claims_about(subject.report, subject.person):
        name = claiming.name_of(claim)
        if name not in spared and vault.destroy(claim.key, now=now):
            Claim.everything.filter(pk=claim.pk).update(reason=None, answer=None)
            gone.append(name)
    return gone


HOLDER = Holder(
    LABELS, IMPERSONAL, told, holds, erase, thinning.cases_held, thinning.thin, thinning.THINNED,
    thinning.STAYING,
)  # fmt: skip
