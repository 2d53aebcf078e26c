"""Stored words in the reader's language: verbs of timelines, actors, outcomes, kinds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext, pgettext_lazy

from zhizhi.directory.models import Account, Unit
from zhizhi.engine.declining import Declined
from zhizhi.engine.models import Case, Feedback
from zhizhi.web.digits import whole_number

VERBS: dict[str, str | Promise] = {
    "alert.raise": gettext_lazy("Alert raised"),
    "alert.clear": gettext_lazy("Left the zone"),
    "alert.lift": gettext_lazy("Alert lifted on appeal"),
    "appeal.make": gettext_lazy("Appeal made"),
    "appeal.upheld": gettext_lazy("Appeal upheld"),
    "appeal.refused": gettext_lazy("Appeal refused"),
    "case.open": gettext_lazy("Case opened"),
    "case.route": gettext_lazy("Routed"),
    "case.call_in": gettext_lazy("Another agency called in because of the delay"),
    "case.acknowledge": gettext_lazy("Acknowledged"),
    "case.dispatch": gettext_lazy("Unit sent"),
    "case.undo_dispatch": gettext_lazy("Dispatch undone"),
    "case.macro": gettext_lazy("Macro given"),
    "case.undo_macro": gettext_lazy("Macro undone"),
    "case.tell": gettext_lazy("Message sent"),
    "case.note": gettext_lazy("Note"),
    "case.assign": gettext_lazy("Agency's task given"),
    "case.alarm": gettext_lazy("Operators called"),
    "case.close": gettext_lazy("Closed"),
    "case.reject": gettext_lazy("Sent back by the inspector"),
    "case.dismiss": gettext_lazy("Dismissed as false alarm"),
    "case.reopen": gettext_lazy("Opened again"),
    "case.merge": gettext_lazy("Joined with another case"),
    "case.join": gettext_lazy("Another case was joined with it"),
    "case.unmerge": gettext_lazy("Taken out again"),
    "case.leave": gettext_lazy("Another case was taken out again"),
    "task.accept": gettext_lazy("Task accepted"),
    "task.arrive": gettext_lazy("Unit arrived"),
    "task.progress": gettext_lazy("Word from the spot"),
    "task.finish": gettext_lazy("Report from the spot"),
    "task.return": gettext_lazy("Task returned"),
    "task.expire": gettext_lazy("Task not accepted in time"),
    "task.cancel": gettext_lazy("Task withdrawn"),
    "task.waive": gettext_lazy("Task waived"),
    "task.ask_extension": gettext_lazy("More time asked for"),
    "task.extend": gettext_lazy("More time granted"),
    "task.refuse_extension": gettext_lazy("More time refused"),
    "case.suspend": gettext_lazy("Suspended: the case waits"),
    "case.resume": gettext_lazy("Resumed: the case goes on"),
    "case.supervise": gettext_lazy("Put under supervision"),
    "case.answer": gettext_lazy("Supervision answered"),
    "report.revisit": gettext_lazy("Reporter asked again"),
    "notice.issue": gettext_lazy("Notice issued"),
    "notice.void": gettext_lazy("Number of a notice made void"),
    "clock.remind": gettext_lazy("Reminder of the time limit"),
    "clock.warn": gettext_lazy("Operators warned of the time limit"),
    "clock.overdue": gettext_lazy("Time limit passed"),
    "clock.escalate": gettext_lazy("Leaders told of the delay"),
    "clock.supervise": gettext_lazy("Supervision called because of the delay"),
    "clock.guess": gettext_lazy("Counted around the clock: the holiday calendar ends before"),
    "report.receive": gettext_lazy("Report received"),
    "report.rate": gettext_lazy("Rated by the resident"),
    "message.sent": gettext_lazy("Message accepted by the gateway"),
    "message.delivered": gettext_lazy("Message delivered"),
    "message.failed": gettext_lazy("Message failed"),
}
OUTCOMES: dict[str, str | Promise] = {
    "left": gettext_lazy("Had left already"),
    "dissuaded": gettext_lazy("Dissuaded and left"),
    "violation": gettext_lazy("Violation, evidence taken"),
    "not_found": gettext_lazy("Nobody found"),
}
REVISITS: dict[str, str | Promise] = {
    "revisit-unreached": gettext_lazy("Not reached"),
    "revisit-reached": gettext_lazy("Reached, no opinion"),
    "revisit-satisfied": gettext_lazy("Solved, satisfied"),
    "revisit-unsatisfied": gettext_lazy("Not solved"),
}
UNDER_WAY = {Feedback.UNDER_WAY: gettext_lazy("Still at it, the task goes on")}
RATINGS: dict[str, str | Promise] = {  # from the best to the worst, as they are asked
    "5": gettext_lazy("Very satisfied"),
    "4": gettext_lazy("Satisfied"),
    "3": gettext_lazy("Partly satisfied"),
    "2": gettext_lazy("Dissatisfied"),
    "1": gettext_lazy("Very dissatisfied"),
}
KINDS: dict[str, str | Promise] = {"resident-report": gettext_lazy("Report by a resident")}
CLOCKS: dict[str, str | Promise] = {
    "acknowledge": gettext_lazy("to be seen"),
    "accept": gettext_lazy("to be accepted"),
    "arrive": gettext_lazy("to arrive"),
    "handle": gettext_lazy("to be finished"),
    "inspect": gettext_lazy("to be inspected"),
    "answer": gettext_lazy("to answer supervision"),
    "call": gettext_lazy("to be called"),
    "relative": gettext_lazy("relatives to be called"),
    "visit": gettext_lazy("to be visited"),
}
UNIT_KINDS: dict[str, str | Promise] = {
    "river_patrol": gettext_lazy("Patrol boats"),
    "police_patrol": gettext_lazy("Police patrols"),
    "grid_worker": gettext_lazy("Grid workers"),
}
CAPABILITIES: dict[str, str | Promise] = {
    "water": gettext_lazy("on water"),
    "road": gettext_lazy("on roads"),
    "foot": gettext_lazy("on foot"),
    "dissuasion": gettext_lazy("dissuasion"),
    "enforcement": gettext_lazy("enforcement"),
    "evidence": gettext_lazy("taking evidence"),
}
UNIT_TASKS: dict[str, str | Promise] = {
    "handle": gettext_lazy("Handle"),
    "dissuade": pgettext_lazy("task", "Dissuade"),
    "collect-evidence": gettext_lazy("Take evidence"),
    "watch": gettext_lazy("Watch and report"),
    "secure": gettext_lazy("Secure the place"),
}
REASONS: dict[str, str | Promise] = {
    "missing": gettext_lazy("missing value"),
    "not-a-number": gettext_lazy("not a number"),
    "out-of-range": gettext_lazy("out of range"),
    "swapped": gettext_lazy("longitude and latitude exchanged"),
    "no-zone": gettext_lazy("time without zone"),
    "bad-time": gettext_lazy("unreadable time"),
    "future": gettext_lazy("from the future"),
    "stale": gettext_lazy("too old"),
    "late": gettext_lazy("too late"),
    "no-place": gettext_lazy("no position on the globe"),
    "bad-entity": gettext_lazy("unreadable entity"),
    "too-long": gettext_lazy("name too long"),
    "unknown-field": gettext_lazy("unknown field"),
    "not-an-object": gettext_lazy("not an object"),
    "columns": gettext_lazy("other columns"),
    "unknown-topic": gettext_lazy("wrong topic"),
    "unknown-source": gettext_lazy("unknown source"),
    "unknown-stream": gettext_lazy("unknown stream"),
    "not-allowed": gettext_lazy("stream not allowed"),
    "bad-key": gettext_lazy("unusable key"),
    "key-reused": gettext_lazy("key used twice"),
    "unstorable": gettext_lazy("refused by the database"),
    "too-large": gettext_lazy("too large"),
    "unreadable": gettext_lazy("unreadable"),
    "not-nmea": gettext_lazy("no AIS sentence"),
    "bad-checksum": gettext_lazy("wrong checksum"),
    "undecodable": gettext_lazy("unknown AIS message"),
    "incomplete": gettext_lazy("parts missing"),
}
# Words that records store in English and pages translate.
STORED = (
    gettext_noop("It came after its time had been decided: send sooner, or allow more lateness."),
    gettext_noop("Its time lies after its arrival: set the clock of the device."),
    gettext_noop("Its position is not on the globe: send lon and lat in degrees."),
    gettext_noop("time in the zone"),
    gettext_noop("positions inside"),
    gettext_noop("zone"),
    gettext_noop("season"),
    gettext_noop("all year"),
    gettext_noop("minutes"),
    gettext_noop("metres"),
    gettext_noop("identity"),
    gettext_noop("telephone number"),
    gettext_noop("movements outside the zone"),
    gettext_noop("earlier stays"),
    gettext_noop("somebody lives, works or waits there without fishing"),
    gettext_noop("a ferry, a moored vessel or a licensed boat"),
    gettext_noop("the position is off by more than it says"),
)
ROLE_LINES: dict[str, str | Promise] = {
    "operator": gettext_lazy("Watches the queue and the map, sends units, undoes a mistake"),
    "unit_member": gettext_lazy("On the phone: accepts, arrives, takes the photo, reports"),
    "agency_officer": gettext_lazy("Handles the agency's own tasks of a shared case"),
    "inspector": gettext_lazy("Checks what was done, closes it or sends it back"),
    "technical_reviewer": gettext_lazy("First review: hides bystanders, checks photo and clock"),
    "legal_reviewer": gettext_lazy("Second review: decides whether it is a violation"),
    "administrator": gettext_lazy("Draws zones, tries them on yesterday, minds the health page"),
    "security_administrator": gettext_lazy("Keeps accounts safe, helps who lost a second factor"),
    "auditor": gettext_lazy("Sees whether logs are whole and everything runs"),
    "leader": gettext_lazy("Reads along on the desk and in the statistics"),
}


def case_kind_name(kind: str) -> str:
    """Return a kind of cases in words, as its system calls it."""
    return str(KINDS.get(kind) or _declared("kind_names", kind))


def verb_name(verb: str) -> str:
    """Return a timeline's verb in words; a system may declare its own in its manifest."""
    return str(VERBS.get(verb) or _declared("verb_names", verb))


def outcome_name(outcome: str) -> str:
    """Return a result in words; a system may declare its own in its manifest."""
    rating = RATINGS.get(outcome.removeprefix("rating-")) if "rating-" in outcome else None
    known = {**UNDER_WAY, **OUTCOMES, **REVISITS, **dict(Declined.choices)}
    return str(known.get(outcome) or rating or _declared("outcome_names", outcome))


def told_by(case: Case) -> str:
    """Say what a case is that lies in no zone: nobody found it, somebody told it.

    A kind of cases that is data carries the name of its system, and says more than that.
    """
    if case.zone:
        return ""
    is_data = case.kind.startswith(f"{case.system}.")
    return case_kind_name(case.kind) if is_data else _("Report by a resident")


def task_name(kind: str) -> str:
    """Return what an agency's task is about, as its system calls it."""
    return str(_declared("task_names", kind))


def _declared(names: str, word: str) -> str | Promise:
    """Return what the first system that knows ``word`` calls it, else the word itself."""
    found = (getattr(app, names, {}).get(word) for app in apps.get_app_configs())
    return next((name for name in found if name), word)


def part_name(code: str) -> str:
    """Return the part of the house behind a code such as "fishery.dwell" or "carrier_sms"."""
    label = code.partition(".")[0]
    found = (app.verbose_name for app in apps.get_app_configs() if app.label == label)
    return str(next(found, code))


def reason_name(reason: str) -> str:
    return str(REASONS.get(reason, reason))


def clock_name(kind: str) -> str:
    return str(CLOCKS.get(kind, kind))


def kind_of_unit(kind: str) -> str:
    """Return a kind of units in words; the word itself where a deployer has a kind of the own."""
    return str(UNIT_KINDS.get(kind, kind))


def capability_name(capability: str) -> str:
    """Return what a unit can do in words; the word itself where a deployer has one of the own."""
    return str(CAPABILITIES.get(capability, capability))


def unit_task_name(kind: str) -> str:
    """Return what a unit is asked to do in words."""
    return str(UNIT_TASKS.get(kind, kind))


def actor_name(actor: str) -> str:
    """Return the post behind an actor: a call sign, a unit's name, or what part of the house."""
    return actor_names([actor])[actor]


def actor_names(actors: Iterable[str]) -> dict[str, str]:
    """Return the posts behind actors by at most two queries."""
    keys: dict[str, set[int]] = {"account": set(), "unit": set()}
    known = dict.fromkeys(actor for actor in actors if actor)
    for actor in known:
        kind, _colon, key = actor.partition(":")
        number = whole_number(key)
        if kind in keys and number is not None:
            keys[kind].add(number)
    accounts = Account.objects.in_bulk(keys["account"]) if keys["account"] else {}
    units = Unit.objects.in_bulk(keys["unit"]) if keys["unit"] else {}
    return {actor: _name(actor, accounts, units) for actor in known}


def _name(actor: str, accounts: dict[int, Account], units: dict[int, Unit]) -> str:
    kind, _colon, key = actor.partition(":")
    number = whole_number(key)
    if kind == "account" and number is not None:
        return str(accounts.get(number) or _("a closed account"))
    if kind == "unit" and number is not None:
        return str(units.get(number) or actor)
    parts = {
        "worker": _("Automatic"),
        "gateway": _("Telecom operator"),
        "source": _("Source {name}").format(name=key),
        "demo": _("Demonstration"),
        "resident": _("Resident"),
        "guardianship": _("Guardian {code}").format(code=f"W-{key}"),
    }
    return parts.get(kind, actor)


def age(since: datetime, now: datetime) -> str:
    """Return how long ago ``since`` was, in the largest fitting unit."""
    minutes = max(0, int((now - since) / timedelta(minutes=1)))
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("{n} min ago", "{n} min ago", minutes).format(n=minutes)
    hours = minutes // 60
    if hours < 48:
        return ngettext("{n} h ago", "{n} h ago", hours).format(n=hours)
    return ngettext("{n} day ago", "{n} days ago", hours // 24).format(n=hours // 24)
