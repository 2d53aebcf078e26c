"""What residents agree to: given with a report, withdrawn by them, over when its time is.

When an agreement ends, what was kept because of it is destroyed with it (PIPL art. 47 no. 3), with
a receipt: a backup from before holds no key to it either, so a restore brings nothing back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from zhizhi.directory import people
from zhizhi.directory.models import Person
from zhizhi.engine import claiming, settings_in_force, timeline
from zhizhi.engine.models import Report
from zhizhi.trust import consenting, erasing
from zhizhi.trust.consenting import Agreement
from zhizhi.trust.grounds import CONTACT
from zhizhi.trust.models import Consent

CONTACT_DATA = ("name", "phone")
WORKER = "worker"
AT_ONCE = 100  # agreements that one round ends


def to_contact(person: Person, text: str, *, channel: str, by: str, now: datetime) -> Consent:
    """Write down that whoever reported agreed to the wording ``text`` and may be called."""
    days: int = settings_in_force.value("residents.consent_days")
    agreement = Agreement(people.subject(person), CONTACT, CONTACT_DATA, channel, text)
    until = now + timedelta(days=days)
    return consenting.give(agreement, until=until, by=by, now=now, leave=timeline.leave)


def agreements_of(report: Report) -> list[Consent]:
    """Return what the reporter has agreed to, ended or not, the newest first."""
    return list(consenting.of(*claiming.subjects_of(report)))


def withdraw(report: Report, numbers: list[int], *, by: str, now: datetime) -> int:
    """End those agreements of the reporter, and destroy what was kept because of them.

    One that had ended is left as it is; returns how many ended. Nobody reads it from here on.
    """
    with timeline.writing():
        Report.everything.select_for_update().get(pk=report.pk)  # of two at once one waits
        chosen = [
            one for one in agreements_of(report) if one.pk in numbers and one.ended_at is None
        ]
        for consent in chosen:
            consenting.withdraw(consent, by=by, now=now, leave=timeline.leave)
            if consent.purpose == CONTACT and report.person_id is not None:
                _forget(report.person_id, f"report:{report.pk}", by=by, now=now)
        return len(chosen)


def lapse(now: datetime) -> int:
    """Destroy what was kept because of agreements whose time is over; returns how many.

    Agreements from before they were in the log are put there first, once.
    """
    consenting.adopt(now)
    over = Consent.objects.filter(ended_at=None, purpose=CONTACT, expires_at__lte=now)
    count = 0
    for consent in over.order_by("expires_at")[:AT_ONCE]:
        person = int(consent.subject.removeprefix("person:"))
        report = Report.everything.filter(person=person).order_by("pk").first()
        told = consent.subject if report is None else f"report:{report.pk}"
        with timeline.writing():
            count += _forget(person, told, by=WORKER, now=now)
    return count


def _forget(number: int, subject: str, *, by: str, now: datetime) -> bool:
    """Destroy name and number, which are kept for nothing else than being called.

    ``subject`` is whom the receipt is made out to: the report, where there is one.
    """
    person = Person.objects.select_related("key").filter(pk=number).first()
    if person is None or not people.erase_person(person, by=by, now=now, leave=timeline.leave):
        return False
    erasing.receipt(subject, [people.subject(person)], [], by=by, now=now, leave=timeline.leave)
    return True
