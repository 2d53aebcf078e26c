"""Guardians answer: is somebody with your ward? No sign-in, three large buttons, no script."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from zhizhi.directory.guarding import GuardianshipOver
from zhizhi.engine.states import StateConflict
from zhizhi.kernel.solitude import Answer
from zhizhi.systems.guardian import answering
from zhizhi.systems.guardian.answering import AnswerOutcome
from zhizhi.trust.consenting import ConsentMissing
from zhizhi.web.digits import whole_number
from zhizhi.web.residents.guarded import mine_in_force, wards
from zhizhi.web.views.residents import numbers, show

OVER = "over"
WORDS = {
    Answer.WITH_ME: gettext_lazy("With me"),
    Answer.KNOWN: gettext_lazy("Alone, and that is all right"),
    Answer.MISSING: gettext_lazy("Missing"),
}
DONE = {
    AnswerOutcome.TOLD: gettext_lazy("Thank you. It counts."),
    AnswerOutcome.SAID: gettext_lazy("Somebody had answered before you. You need not do anything."),
    AnswerOutcome.CALLED: gettext_lazy(
        "Help was called before your answer. Those on duty are told; they may still call you."
    ),
    AnswerOutcome.LATE: gettext_lazy(
        "Your answer came late: nobody asks any more. Nothing was changed."
    ),
    OVER: gettext_lazy("Nothing was done: the tags of this ward are not matched at the moment."),
}


@require_safe
@never_cache
def asked(request: HttpRequest) -> HttpResponse:
    """Show each ward of whoever has shown number and code, and what is asked about it."""
    now, done = timezone.now(), request.GET.get("done", "")
    bonds = wards(request)
    lines = answering.questions(bonds, now=now)
    context: dict[str, Any] = {
        "is_known": bool(bonds),
        "lines": [(one, _said(one)) for one in lines],
        "words": [(code.value, word) for code, word in WORDS.items()],
        "good": [(code.value, word) for code, word in WORDS.items() if code is not Answer.MISSING],
        "sure": whole_number(request.GET.get("missing", "")),
        "told": DONE.get(done, ""),
        "is_good": done == AnswerOutcome.TOLD,
        "now": now,
        "numbers": numbers(),
    }
    return show(request, "guardian/asked.html", context)


@require_POST
@never_cache
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the answer of a guardian, and say what became of it."""
    now = timezone.now()
    bond = mine_in_force(request, pk, now)
    if request.POST.get("answer") not in {code.value for code in WORDS}:
        return redirect("guardian:asked")
    what, case = Answer(request.POST["answer"]), whole_number(request.POST.get("case", ""))
    try:
        done: str = answering.answer(bond, what, asked=case, now=now)
    except (ConsentMissing, GuardianshipOver, StateConflict):
        done = OVER
    return redirect(f"{reverse('guardian:asked')}?done={done}")


def _said(one: answering.Question) -> list[tuple[Any, Any]]:
    return [(WORDS[said.what], said.at) for said in one.said]
