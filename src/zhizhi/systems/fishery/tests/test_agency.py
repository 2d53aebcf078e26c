"""The page of an agency's officer."""

from __future__ import annotations

from zhizhi.engine.models import Task
from zhizhi.systems.fishery.tests.river import (
    Desk,
    River,
    at,
    hand_over,
)


def test_an_officer_accepts_and_closes_the_agencys_own_task_only(river: River, desk: Desk) -> None:
    fishery, police, _procuratorate = hand_over(river)
    officer = desk("police")

    assert officer.post(at("agency-accept", fishery.pk)).status_code == 404
    officer.post(at("agency-accept", police.pk))
    officer.post(at("agency-finish", police.pk), {"outcome": "filed", "note": "case 12"})

    police.refresh_from_db(from_queryset=Task.everything.all())
    fishery.refresh_from_db(from_queryset=Task.everything.all())
    assert (police.state, police.outcome) == ("done", "filed")
    assert fishery.state == "offered"
    assert "Case filed" in officer.get(at("agency")).content.decode()


def test_an_officers_page_lists_the_agencys_own_tasks(river: River, desk: Desk) -> None:
    hand_over(river)

    page = desk("procuratorate").get(at("agency")).content.decode()

    assert "Legal supervision" in page
    assert "Administrative penalty</h2>" not in page
    assert page.count('action="/fishery/agency/') == 1


def test_a_result_without_a_note_is_asked_for(river: River, desk: Desk) -> None:
    _fishery, police, _procuratorate = hand_over(river)
    desk("police").post(at("agency-accept", police.pk))

    answer = desk("police").post(at("agency-finish", police.pk), {"outcome": "filed"})

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()


def test_a_second_click_is_answered_with_how_things_stand(river: River, desk: Desk) -> None:
    _fishery, police, _procuratorate = hand_over(river)
    desk("police").post(at("agency-accept", police.pk))

    answer = desk("police").post(at("agency-accept", police.pk))

    assert answer.status_code == 409
    assert "Accepted" in answer.content.decode()
