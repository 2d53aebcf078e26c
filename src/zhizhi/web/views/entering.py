"""At the door, after the password: showing a second factor, or setting the first one up."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

import qrcode
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import RawPostDataException
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from zhizhi.directory import passkeys, second_factor
from zhizhi.directory.factor_secrets import FactorSecrets
from zhizhi.directory.models import Account
from zhizhi.directory.second_factor import CodeWrong, FactorExists, TooManyCodes
from zhizhi.web import entering
from zhizhi.web.entering import Visitor
from zhizhi.web.guesses import TurnedAway, counted

Step = Callable[[HttpRequest, Visitor], HttpResponse]
QUIET = 4  # modules of white around the code, as ISO/IEC 18004 wants
MOST_BYTES = 64 * 1024


def at_the_door(step: Step) -> Callable[[HttpRequest], HttpResponse]:
    """Let a step be taken by somebody who has shown a password; others begin at the sign-in."""

    @wraps(step)
    def guarded(request: HttpRequest) -> HttpResponse:
        who = entering.visitor(request, now=timezone.now())
        return step(request, who) if who else redirect("web:sign-in")

    return never_cache(guarded)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_door
def code(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Ask for a code of the app or a recovery code; in with a right one."""
    if not second_factor.has_one(who.account):
        return redirect("web:set-up-factor")
    refused = None
    if request.method == "POST":
        refused = counted(request, lambda: tried(who.account, request.POST.get("code", "")))
        if refused is None:
            entering.enter(request, who, now=timezone.now())
            return redirect(who.next_page)
    kinds = set(second_factor.factors(who.account).values_list("type", flat=True))
    context = {"has_app": "totp" in kinds, "has_passkey": "webauthn" in kinds}
    return drawn_again(request, "web/enter_code.html", context, refused)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_door
def set_up(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Set the first factor up: an app by its code; a passkey comes by ``set_up_passkey``."""
    if second_factor.has_one(who.account):
        return redirect("web:recovery-codes" if who.has_codes else "web:enter-code")
    secret, refused = second_factor.app_secret(who.account, who.seed), None
    if request.method == "POST":
        text = request.POST.get("code", "")
        try:
            refused = counted(request, lambda: app_added(who.account, secret, text, is_first=True))
        except FactorExists:
            return redirect("web:enter-code")
        if refused is None:
            entering.has_set_up(request, who.account)
            return redirect("web:recovery-codes")
    context = app_facts(who.account, secret)
    return drawn_again(request, "web/set_up_factor.html", context, refused)


@require_http_methods(["GET", "HEAD", "POST"])
@at_the_door
def codes(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Show the recovery codes of the factor that was just set up; then in."""
    if not who.has_codes:
        return redirect("web:enter-code")
    if request.method == "POST":
        entering.enter(request, who, now=timezone.now())
        return redirect(who.next_page)
    shown = second_factor.recovery_codes(who.account)
    return render(request, "web/recovery_codes.html", {"codes": shown, "is_door": True})


@require_GET
@at_the_door
def passkey_question(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Ask the browser for one of the account's passkeys, or for a new one where there is none."""
    if second_factor.has_one(who.account):
        return JsonResponse(passkeys.ask(request, who.account))
    return JsonResponse(passkeys.ask_new(request, who.account))


@require_POST
@at_the_door
def passkey(request: HttpRequest, who: Visitor) -> HttpResponse:
    """Take the browser's answer: in with a right one, on to the recovery codes with a new one."""
    if second_factor.has_one(who.account) and not who.has_codes:
        if refused := counted(request, lambda: shown(request, who.account)):
            return said(refused)
        entering.enter(request, who, now=timezone.now())
        return JsonResponse({"next": who.next_page})
    if refused := kept(request, who.account, is_first=True):
        return said(refused)
    entering.has_set_up(request, who.account)
    return JsonResponse({"next": redirect("web:recovery-codes")["Location"]})


def drawn_again(
    request: HttpRequest, template: str, context: dict[str, Any], refused: TurnedAway | None
) -> HttpResponse:
    """Draw a page that asks for a code, with what was wrong with the last one."""
    context = {**context, "error": refused.text if refused else ""}
    answer = render(request, template, context, status=refused.status if refused else 200)
    return refused.told(answer) if refused else answer


def said(refused: TurnedAway) -> HttpResponse:
    """Tell the script of a page why not."""
    return refused.told(JsonResponse({"error": refused.text}, status=refused.status))


def tried(account: Account, text: str) -> TurnedAway | None:
    """Try a code; returns what is wrong, if anything is."""
    try:
        second_factor.prove(account, text[:64], now=timezone.now())
    except CodeWrong:
        return TurnedAway(
            _("The code is wrong, has run out or was used already. Wait for the next one.")
        )
    except TooManyCodes as refused:
        return too_many(refused)
    return None


def app_added(account: Account, secret: str, text: str, *, is_first: bool) -> TurnedAway | None:
    """Keep an app if its code is right; returns what is wrong, if anything is."""
    try:
        second_factor.add_app(account, secret, text[:64], is_first=is_first, now=timezone.now())
    except CodeWrong:
        return TurnedAway(
            _("This is not the code that the app shows now. Is the telephone’s clock right?")
        )
    except TooManyCodes as refused:
        return too_many(refused)
    return None


def shown(request: HttpRequest, account: Account) -> TurnedAway | None:
    """Check the browser's answer for a passkey; returns what is wrong, if anything is."""
    try:
        passkeys.prove(request, account, answer_of(request), now=timezone.now())
    except CodeWrong:
        return TurnedAway(_("The passkey was not recognised. Try again, or use a code."))
    except TooManyCodes as refused:
        return too_many(refused)
    return None


def kept(request: HttpRequest, account: Account, *, is_first: bool) -> TurnedAway | None:
    """Keep the passkey that the browser has made; returns what is wrong, if anything is."""
    try:
        passkeys.keep(request, account, answer_of(request), is_first=is_first, now=timezone.now())
    except (CodeWrong, FactorExists):
        return TurnedAway(_("The passkey could not be kept. Try again, or use an app."))
    except passkeys.TooManyPasskeys:
        return TurnedAway(_("There are ten passkeys already. Take one away first."))
    return None


def too_many(refused: TooManyCodes) -> TurnedAway:
    """Say from when on codes are looked at again."""
    at = timezone.localtime(refused.again_at)
    text = _("Too many wrong codes. The next one counts from {time} on.")
    return TurnedAway(text.format(time=f"{at:%H:%M:%S}"), refused.again_at)


def answer_of(request: HttpRequest) -> dict[str, Any]:
    """Return what the browser's script sent; raises CodeWrong when it is no JSON object."""
    try:
        body = request.body
        found = json.loads(body) if len(body) <= MOST_BYTES else None
    except (ValueError, RecursionError, RawPostDataException) as error:  # the last: a form
        raise CodeWrong from error
    if not isinstance(found, dict):
        raise CodeWrong
    return found


def app_facts(account: Account, secret: str) -> dict[str, Any]:
    """Return what the page shows of a secret: as a picture, and in groups of four to type."""
    groups = [secret[at : at + 4] for at in range(0, len(secret), 4)]
    return {
        "picture": drawn(FactorSecrets().build_totp_url(account, secret)),
        "groups": groups,
        "username": account.username,
    }


def drawn(text: str) -> SafeString:
    """Return ``text`` as a QR code: one SVG path without any style, for the page itself."""
    made = qrcode.QRCode(border=0)
    made.add_data(text)
    made.make(fit=True)
    rows: list[list[bool]] = made.get_matrix()
    size = len(rows) + 2 * QUIET
    dots = "".join(
        f"M{x + QUIET} {y + QUIET}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {} {}" role="img" aria-label="{}" '
        'shape-rendering="crispEdges"><path class="paper" d="M0 0h{}v{}H0z"/><path d="{}"/></svg>',
        size, size, _("Code to scan"), size, size, dots,
    )  # fmt: skip
