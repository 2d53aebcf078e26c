"""The seed's sentence, from the first position to the case that three agencies have closed.

"In a no-fishing zone over 30 minutes → one text reminder through the operator, in the fish's own
friendly voice, then dissuasion; violation → photo evidence, reviewed twice → case shared by
procuratorate, police and fishery."
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from django.db import connection
from django.utils import timezone

from zhizhi.engine import closing, dispatching
from zhizhi.engine.models import Case, Feedback, Task
from zhizhi.engine.timeline import history
from zhizhi.systems.fishery import counting, masking, reviewing, sharing
from zhizhi.systems.fishery.counting import Outcome
from zhizhi.systems.fishery.detectors import CAMERAS, VESSELS
from zhizhi.systems.fishery.models import Stay, Violation
from zhizhi.systems.fishery.tests.river import LON, TOKEN, River, after, sealed
from zhizhi.trust import audit, evidence
from zhizhi.trust.pictures import Region

PHONE = re.compile(rb"(?<![0-9A-Za-z.])(?:\+?86)?1[2-9]\d{9}(?![0-9A-Za-z])")


def test_the_whole_story(river: River) -> None:
    case = an_angler_is_reminded_in_the_fishs_voice(river)
    task = the_stay_goes_on_and_a_boat_is_sent(river, case)
    record = the_boat_reports_a_violation_with_a_photo(river, task)
    bystanders_are_hidden_and_two_people_review(river, record)
    three_agencies_do_their_own_work(river, record)

    closing.inspect(case, is_passed=True, by=river.actor("inspector"), now=after(2000))

    assert case.state == Case.State.CLOSED
    assert [entry.verb for entry in history(case)] == STORY
    assert list(audit.verify()) == list(evidence.verify_evidence()) == []
    assert figures().outcomes[Outcome.OFFENCE] == figures().reminded == figures().found == 1


def an_angler_is_reminded_in_the_fishs_voice(river: River) -> Case:
    river.observe(range(0, 30, 5))
    river.pass_time(33)
    assert not Case.everything.exists()

    river.observe([34, 36])
    river.pass_time(40)

    (message,) = river.ledger.all()
    assert message.token == str(TOKEN)
    assert "我是江里的小鱼" in message.text
    return Case.everything.get()


def the_stay_goes_on_and_a_boat_is_sent(river: River, case: Case) -> Task:
    river.observe(range(41, 58, 4))
    river.pass_time(58)

    case.refresh_from_db(from_queryset=Case.everything.all())
    assert case.severity == "important"
    assert len(river.ledger.all()) == 1
    (suggestion,) = dispatching.nearest_fit(case, now=after(58))
    dispatching.acknowledge(case, by=river.actor("operator"), now=after(58))
    return dispatching.dispatch(case, suggestion.unit, by=river.actor("operator"), now=after(59))


def the_boat_reports_a_violation_with_a_photo(river: River, task: Task) -> Violation:
    crew = river.actor("unit_member")
    dispatching.accept(task, by=crew, now=after(60))
    dispatching.arrive(task, by=crew, now=after(70))
    photo = sealed(task.case_id, crew, after(72))
    dispatching.finish(task, outcome="violation", note="two rods", evidence=[photo.pk], by=crew,
                       now=after(75))  # fmt: skip
    return Violation.everything.get()


def bystanders_are_hidden_and_two_people_review(river: River, record: Violation) -> None:
    photo = record.photos.get()
    masking.mask(photo, [Region(5, 5, 20, 20)], by=river.actor("operator"), now=after(80))
    for step in ("technical", "legal"):
        reviewing.review(
            record, step=step, is_accepted=True, note="", by=river.actor(f"{step}_reviewer"),
            now=after(90),
        )  # fmt: skip
    sharing.transfer(record, by=river.actor("legal_reviewer"), now=after(100))


def three_agencies_do_their_own_work(river: River, record: Violation) -> None:
    for code, result in (("fishery", "penalised"), ("police", "not_filed"),
                         ("procuratorate", "supervised")):  # fmt: skip
        officer = river.people[code]
        mine = Task.objects.visible_to(officer.scope()).get(agency__code=code, state="offered")
        dispatching.accept(mine, by=river.actor(code), now=after(1000))
        dispatching.finish(mine, outcome=result, note="done", by=river.actor(code), now=after(1500))


STORY = [
    "case.open", "case.route", "alert.raise", "fishery.remind", "message.sent", "fishery.dissuade",
    "case.acknowledge", "case.dispatch", "task.accept", "task.arrive", "task.finish",
    "violation.recorded", "case.assign", "violation.masked", "violation.technical-accepted",
    "violation.legal-accepted", "case.assign", "case.assign", "case.assign",
    "violation.transferred", "task.accept", "task.finish", "task.accept", "task.finish",
    "task.accept", "task.finish", "task.accept", "task.finish", "case.close",
]  # fmt: skip


def figures() -> counting.Figures:
    return counting.statistics(
        Stay.everything.all(), first=date(2026, 3, 1), last=date(2026, 3, 5),
        zone=timezone.get_current_timezone(),
    ).total  # fmt: skip


def test_whoever_packs_up_after_the_reminder_is_counted_and_left_alone(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(38)

    river.observe(range(39, 45), lon=LON + 0.1)
    river.pass_time(90)

    assert Case.everything.get().state == Case.State.CLOSED
    assert not Task.everything.exists()
    assert figures().outcomes[Outcome.LEFT_REMINDED] == 1


def test_all_three_inputs_meet_in_the_same_figures(river: River) -> None:
    for minute in range(0, 36, 5):
        river.send(minute)
        river.send(minute, stream=VESSELS, token=TOKEN + 1)
        river.send(minute, stream=CAMERAS, token="track-3")

    river.pass_time(38)

    seen = set(Stay.everything.values_list("seen_by", flat=True))
    assert seen == {"shore", "vessel", "camera"}
    assert (figures().found, figures().reminded) == (3, 3)
    assert len(river.ledger.all()) == 1


def test_no_table_holds_a_telephone_number_after_the_whole_story(river: River) -> None:
    test_the_whole_story(river)

    assert list(numbers_found()) == []


def test_the_scan_would_find_a_telephone_number(river: River) -> None:
    river.observe(range(0, 36, 5))
    river.pass_time(38)
    Feedback.objects.create(
        case=Case.everything.get(), at=after(40), by="unit:1", outcome="left", note="12312345678"
    )

    assert list(numbers_found()) == ["engine_feedback: 12312345678"]


def numbers_found() -> Iterator[str]:
    """Look at every column of every table, binary ones as well."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names come from the database
            for row in cursor.fetchall():
                for value in row:
                    content = bytes(value) if isinstance(value, bytes | memoryview) else None
                    text = content if content is not None else str(value).encode()
                    yield from (f"{table}: {hit.decode()}" for hit in PHONE.findall(text))
