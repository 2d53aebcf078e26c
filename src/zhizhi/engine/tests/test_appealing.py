"""Appeals: made once with the right code, decided by somebody else, and forgotten in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.district_world import World, build

from zhizhi.directory.granting import LONGEST
from zhizhi.engine import appealing, claiming, lifting, rating, settings_in_force, timeline
from zhizhi.engine.appealing import DecidedOwnWork
from zhizhi.engine.models import Alert, Appeal, Case, Message, Report, TimelineEntry
from zhizhi.engine.states import StateConflict
from zhizhi.trust import audit, erasing, vault

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 5, tzinfo=UTC)
A_TICK = timedelta(microseconds=1)
JUDGE = "account:77"  # somebody who had nothing to do with it


@pytest.fixture
def world() -> World:
    return build()


@pytest.fixture
def made(world: World) -> Appeal:
    """The appeal of the smallest district."""
    found: Appeal = world.records["appeal"]
    return found


@pytest.fixture
def fresh(world: World) -> Alert:
    """An alert of the same case that nobody has appealed against."""
    alert = Alert.everything.get(pk=world.records["alert"].pk)
    alert.pk = "b" * 32
    alert.save(force_insert=True)
    return Alert.everything.select_related("case").get(pk=alert.pk)


def test_an_appeal_waits_is_told_to_those_who_decide_and_is_in_the_history(fresh: Alert) -> None:
    made = appealing.appeal(fresh, "misplaced", words=" it was my neighbour ", now=NOW)

    line = TimelineEntry.objects.latest("pk")
    told = Message.everything.filter(template="engine.appeal_made", payload__appeal=str(made))
    assert (made.state, made.area_path) == ("open", fresh.case.area_path)
    assert made.due_at == NOW + claiming.answer_within()
    assert (line.actor, line.verb) == ("resident", "appeal.make")
    said = {"appeal": made.pk, "alert": fresh.pk, "because": "misplaced"}
    assert said.items() <= line.data.items()
    assert {one.recipient for one in told} == {"role:inspector", "role:legal_reviewer"}
    assert list(audit.verify()) == list(timeline.verify()) == []


def test_words_are_sealed_and_can_be_left_out(fresh: Alert, made: Appeal) -> None:
    silent = appealing.appeal(fresh, "absent", words=" ", now=NOW)

    assert b"work" not in bytes(made.words or b"")
    assert appealing.words(made) == {"words": "I was at work", "answer": ""}
    assert silent.words is None
    assert appealing.words(silent) == {"words": "", "answer": ""}


@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST])
def test_as_much_as_fits_is_taken(fresh: Alert, length: int) -> None:
    made = appealing.appeal(fresh, "other", words="长" * length, now=NOW)

    assert len(appealing.words(made)["words"]) == length


@pytest.mark.parametrize(("because", "words"), [("other", "长" * (LONGEST + 1)), ("odd", "")])
def test_what_does_not_fit_is_refused_and_nothing_is_kept(
    fresh: Alert, because: str, words: str
) -> None:
    with pytest.raises(ValueError, match=f"{LONGEST}|because"):
        appealing.appeal(fresh, because, words=words, now=NOW)

    assert not Appeal.everything.filter(alert=fresh).exists()


def test_an_alert_is_appealed_against_once(made: Appeal) -> None:
    with pytest.raises(StateConflict) as conflict:
        appealing.appeal(made.alert, "other", now=NOW)

    assert conflict.value.code == "appealed-already"
    assert Appeal.everything.count() == 1


def test_a_code_finds_its_alert_however_it_is_typed(fresh: Alert) -> None:
    code = appealing.code_of(fresh)
    case, first, last = code.split("-")

    for typed in (code, f" {case} {first} {last} ", f"申诉码{case}—{first}{last}。", f"00{code}",
                  "".join(chr(ord(c) + 0xFEE0) for c in code)):  # fmt: skip
        found = appealing.find(typed)
        assert found == fresh, typed
        assert appealing.case_of(typed) == case


def test_another_code_finds_nothing(fresh: Alert, made: Appeal) -> None:
    case, first, last = appealing.code_of(fresh).split("-")
    other = f"{(int(last) + 1) % 10000:04}"

    assert appealing.code_of(fresh) != appealing.code_of(made.alert)
    for typed in (f"{case}-{first}-{other}", f"{case}-{last}-{first}" if first != last else "",
                  f"{int(case) + 1}-{first}-{last}", case, "", "x" * 40, "9" * 40):  # fmt: skip
        assert appealing.find(typed) is None, typed


def test_the_alerts_of_codes_that_were_shown_come_newest_first(made: Appeal, fresh: Alert) -> None:
    Alert.everything.filter(pk=fresh.pk).update(found_at=fresh.found_at + A_TICK)

    assert appealing.alerts_of({made.alert_id, fresh.pk}) == [fresh, made.alert]
    assert appealing.alerts_of([made.alert_id]) == [made.alert]


def test_a_refused_appeal_leaves_the_alert_standing(made: Appeal) -> None:
    appealing.decide(made, " the position is sure ", is_upheld=False, by=JUDGE, now=NOW)

    alert = Alert.everything.select_related("case").get(pk=made.alert_id)
    assert (made.state, made.answered_at, made.answered_by) == ("refused", NOW, JUDGE)
    assert appealing.words(made)["answer"] == "the position is sure"
    assert alert.lifted_at is None
    assert alert.case.state == Case.State.DISPATCHED
    line = TimelineEntry.objects.latest("pk")
    assert (line.actor, line.verb, line.at) == (JUDGE, "appeal.refused", NOW)
    assert {"appeal": made.pk, "alert": made.alert_id}.items() <= line.data.items()


def test_an_upheld_appeal_lifts_the_alert_and_not_what_a_resident_reported(made: Appeal) -> None:
    appealing.decide(made, "you live there", is_upheld=True, by=JUDGE, now=NOW)

    alert = Alert.everything.select_related("case").get(pk=made.alert_id)
    assert alert.lifted_at == NOW
    assert Report.everything.filter(case=alert.case).exists()
    assert alert.case.state == Case.State.DISPATCHED  # somebody told of it as well


def test_another_alert_keeps_the_case(world: World, made: Appeal, fresh: Alert) -> None:
    Report.everything.update(case=_elsewhere(fresh.case))

    appealing.decide(made, "wrong place", is_upheld=True, by=JUDGE, now=NOW)
    assert Case.everything.get(pk=fresh.case_id).state == Case.State.DISPATCHED

    lifting.lift(fresh, by=JUDGE, now=NOW)
    assert Case.everything.get(pk=fresh.case_id).state == Case.State.DISMISSED


# A case that rests on an alert is never joined with another one.
@pytest.mark.parametrize("state", sorted({*Case.State} - {Case.State.DISMISSED, Case.State.MERGED}))
def test_a_case_ends_from_every_state_once_nothing_stands_behind_it(
    made: Appeal, state: str
) -> None:
    case = made.alert.case
    Report.everything.update(case=_elsewhere(case))
    Case.everything.filter(pk=case.pk).update(state=state)

    appealing.decide(made, "wrong place", is_upheld=True, by=JUDGE, now=NOW)

    assert Case.everything.get(pk=case.pk).state == Case.State.DISMISSED
    assert not case.tasks.filter(state__in=("offered", "accepted", "arrived")).exists()


def test_lifting_twice_is_a_conflict(made: Appeal) -> None:
    lifting.lift(made.alert, by=JUDGE, now=NOW)

    with pytest.raises(StateConflict):
        lifting.lift(made.alert, by=JUDGE, now=NOW)


def test_an_appeal_is_decided_once(made: Appeal) -> None:
    appealing.decide(made, "no", is_upheld=False, by=JUDGE, now=NOW)

    with pytest.raises(StateConflict):
        appealing.decide(made, "yes", is_upheld=True, by=JUDGE, now=NOW)

    assert Alert.everything.get(pk=made.alert_id).lifted_at is None


def test_a_decision_needs_words(made: Appeal) -> None:
    with pytest.raises(claiming.AnswerMissing):
        appealing.decide(made, " ", is_upheld=True, by=JUDGE, now=NOW)

    assert Appeal.everything.get(pk=made.pk).state == "open"


def test_whoever_had_a_hand_in_the_case_does_not_decide(made: Appeal) -> None:
    timeline.record(made.alert.case, verb="case.note", actor="account:31", at=NOW, note="seen")
    Appeal.everything.filter(pk=made.pk).update(taken_by="account:32")
    made.refresh_from_db(from_queryset=Appeal.everything.all())

    for actor in ("account:31", "account:32"):
        with pytest.raises(DecidedOwnWork):
            appealing.decide(made, "yes", is_upheld=True, by=actor, now=NOW)

    assert Appeal.everything.get(pk=made.pk).state == "open"


def test_whoever_only_looked_at_the_case_may_decide(made: Appeal) -> None:
    timeline.record(made.alert.case, verb="case.acknowledge", actor=JUDGE, at=NOW)

    appealing.decide(made, "no", is_upheld=False, by=JUDGE, now=NOW)


def test_whoever_wrote_another_appeal_of_the_case_down_may_decide(
    made: Appeal, fresh: Alert
) -> None:
    appealing.appeal(fresh, "absent", by=JUDGE, now=NOW)

    appealing.decide(made, "no", is_upheld=False, by=JUDGE, now=NOW)

    assert made.answered_by == JUDGE


@pytest.mark.parametrize(
    ("after", "is_late"), [(-A_TICK, False), (timedelta(0), False), (A_TICK, True)]
)
def test_an_appeal_is_late_once_its_time_is_over(
    made: Appeal, after: timedelta, is_late: bool
) -> None:
    assert made.is_late(made.due_at + after) is is_late


@pytest.mark.parametrize(
    ("after", "is_gone"), [(-A_TICK, False), (timedelta(0), False), (A_TICK, True)]
)
def test_words_are_destroyed_when_their_time_is_over(
    made: Appeal, after: timedelta, is_gone: bool
) -> None:
    appealing.decide(made, "no", is_upheld=False, by=JUDGE, now=NOW)
    days = timedelta(days=settings_in_force.value("residents.keep_days"))

    rating.sweep(NOW + days + after)

    left = Appeal.everything.get(pk=made.pk)
    assert (left.words is None, left.answer is None) == (is_gone, is_gone)
    assert len(erasing.receipts_of(appealing.name_of(made))) == is_gone
    assert appealing.words(left)["answer"] == ("" if is_gone else "no")
    assert rating.sweep(NOW + days + after) == 0 or not is_gone


def test_an_undecided_appeal_is_never_forgotten(made: Appeal) -> None:
    appealing.forget_old(NOW + timedelta(days=9999))

    assert appealing.words(made)["words"] == "I was at work"
    assert vault.unwrap(made.key)


def _elsewhere(case: Case) -> Case:
    case = Case.everything.get(pk=case.pk)
    case.pk, case.key = None, "elsewhere"
    case.save(force_insert=True)
    return case
