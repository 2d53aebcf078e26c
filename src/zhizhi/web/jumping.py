"""The command box: a few letters become the case, place, unit, page or act that was meant."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from zhizhi.directory.accounts import actor
from zhizhi.directory.models import Account, Area, SavedView, Unit
from zhizhi.engine import dispatching, macros
from zhizhi.engine.models import Case, Task, Zone
from zhizhi.trust.scoping import Scope, any_of
from zhizhi.web.access import Role
from zhizhi.web.macros.previews import chosen, hint
from zhizhi.web.narrowing import Narrowing
from zhizhi.web.places import units_in
from zhizhi.web.queue import QueueFilter
from zhizhi.web.templatetags.zhizhi import km, minutes
from zhizhi.web.undoing import undo_of

SHOWN = 12
EACH = 5  # of one kind
LONGEST = 60
COMMAND = re.compile(r"([admz])\s+(?:[a-z]+-\d{6}-)?(\d{1,17})(?:\s+(.+))?", re.IGNORECASE)
NUMBER = re.compile(r"(?:[a-z]+-\d{6}-)?(\d{1,17})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Jump:
    """One line of the command box: a link, or with ``body`` an act that is posted."""

    label: str
    hint: str
    url: str
    body: Mapping[str, str] | None = None
    after: str = ""  # where to go when the act is done


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed, by whom; ``pages`` are the names and addresses of the viewer's pages."""

    text: str
    scope: Scope
    account: Account
    now: datetime
    pages: tuple[tuple[str, str], ...] = field(default=())


def jumps(asked: Asked) -> list[Jump]:
    """Return what may be meant, acts first; without text, the viewer's pages."""
    if not asked.text:
        return list(_pages(asked))
    if command := COMMAND.fullmatch(asked.text):
        verb, number, rest = command.groups()
        return list(islice(_acts(asked, verb.lower(), int(number), rest or ""), SHOWN))
    if number := NUMBER.fullmatch(asked.text):
        return list(_numbered(asked, int(number.group(1))))
    kinds = (_pages(asked), _views(asked), _areas(asked), _zones(asked), _units(asked))
    return list(islice(chain.from_iterable(kinds), SHOWN))


def on_desk(case: Case) -> str:
    """Return the address of the desk with a case chosen, whatever state it is in."""
    return f"{reverse('web:desk')}?state=all&case={case.pk}"


def _case(asked: Asked, number: int) -> Case | None:
    return Case.objects.visible_to(asked.scope).select_related("area").filter(pk=number).first()


def _numbered(asked: Asked, number: int) -> Iterator[Jump]:
    if case := _case(asked, number):
        yield Jump(case.code, _place(case), on_desk(case))


def _place(case: Case) -> str:
    place = f" · {case.area.name}" if case.area else ""
    return f"{case.get_state_display()}{place}"


def _pages(asked: Asked) -> Iterator[Jump]:
    for label, url in asked.pages:
        if asked.text.lower() in label.lower():
            yield Jump(label, _("Page"), url)


def _views(asked: Asked) -> Iterator[Jump]:
    found = SavedView.objects.usable_by(asked.account).filter(name__icontains=asked.text)
    for view in found[:EACH]:
        yield Jump(view.name, _("Saved view"), reverse("web:desk") + view.address)


def _areas(asked: Asked) -> Iterator[Jump]:
    reach = any_of(Q(path__startswith=grant.area_path) for grant in asked.scope.grants)
    found = Area.objects.in_force().filter(reach, name__icontains=asked.text)
    for area in found.order_by("path")[:EACH]:
        wanted = QueueFilter(beside=Narrowing(area=area.path))
        hint = _("{kind}: its cases").format(kind=area.get_kind_display())
        yield Jump(area.name, hint, reverse("web:desk") + wanted.address())


def _zones(asked: Asked) -> Iterator[Jump]:
    found = Zone.objects.filter(is_current=True, name__icontains=asked.text)
    for zone in found.order_by("name")[:EACH]:
        wanted = QueueFilter(search=zone.name)
        yield Jump(zone.name, _("Zone: its cases"), reverse("web:desk") + wanted.address())


def _units(asked: Asked) -> Iterator[Jump]:
    for unit in _named(asked, asked.text)[:EACH]:
        task = Task.objects.visible_to(asked.scope).filter(pk=unit.task or 0).first()
        case = _case(asked, task.case_id) if task else None
        if case:
            yield Jump(str(unit), f"{unit.get_status_display()} · {case.code}", on_desk(case))


def _named(asked: Asked, name: str) -> list[Unit]:
    return list(units_in(asked.scope).filter(_called(name))[:SHOWN])


def _called(name: str) -> Q:
    """Return the condition that a unit is meant by a part of its name or by its code."""
    return Q(name__icontains=name) | Q(code__iexact=name)


def _acts(asked: Asked, verb: str, number: int, rest: str) -> Iterator[Jump]:
    case = _case(asked, number)
    if case is None:
        return
    if asked.scope.has(Role.OPERATOR):
        acts = {"a": _acknowledge, "d": _dispatch, "m": _macros, "z": _undo}
        yield from acts[verb](asked, case, rest)
    yield Jump(case.code, _place(case), on_desk(case))


def _acknowledge(asked: Asked, case: Case, rest: str) -> Iterator[Jump]:
    if not rest and not case.acknowledged_at and case.state not in Case.RESTING:
        label = _("Acknowledge {code}").format(code=case.code)
        url = reverse("web:acknowledge", args=[case.pk])
        yield Jump(label, _place(case), url, {}, on_desk(case))


def _dispatch(asked: Asked, case: Case, rest: str) -> Iterator[Jump]:
    if case.state in {*Case.RESTING, Case.State.HANDLED}:
        return
    among = units_in(asked.scope)
    if rest:
        among = among.filter(_called(rest))
    url = reverse("web:dispatch", args=[case.pk])
    for one in dispatching.nearest_fit(case, limit=EACH, now=asked.now, among=among):
        label = _("Send {unit} to {code}").format(unit=one.unit, code=case.code)
        hint = _("{km} km · {minutes} min").format(
            km=km(one.distance_m), minutes=minutes(one.travel)
        )
        yield Jump(label, hint, url, {"unit": str(one.unit.pk)}, on_desk(case))


def _macros(asked: Asked, case: Case, rest: str) -> Iterator[Jump]:
    named = [one for one in macros.usable(asked.scope, case) if rest.lower() in one.name.lower()]
    among = units_in(asked.scope)
    for macro in named[:EACH]:
        plan = macros.plan(macro, case, among=among, now=asked.now)
        if plan.is_possible:
            label = _("{macro}: {code}").format(macro=macro.name, code=case.code)
            url = reverse("web:macro-run", args=[case.pk, macro.pk])
            shown = {name: str(unit) for name, unit in chosen(plan)}
            body = {"version": str(macro.version), **shown}
            yield Jump(label, hint(plan), url, body, on_desk(case))


def _undo(asked: Asked, case: Case, rest: str) -> Iterator[Jump]:
    held = undo_of(asked.scope, case, actor=actor(asked.account), now=asked.now)
    if held and not rest:
        label = _("{undo}: {code}").format(undo=held.label, code=case.code)
        yield Jump(label, held.about, held.url, {}, on_desk(case))
