"""Keeping, dropping and handing out saved views."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from zhizhi.directory.accounts import actor
from zhizhi.directory.models import Account, SavedView
from zhizhi.trust import audit
from zhizhi.trust.audit import Leaf

MOST_VIEWS = 50  # of one account


class TooManyViews(ValueError):
    """An account keeps its most views already; one has to go before another comes."""


@transaction.atomic
def keep(account: Account, name: str, address: str, *, is_shared: bool, now: datetime) -> SavedView:
    """Keep ``address`` under ``name``; a view of that name of one's own is replaced.

    Raises TooManyViews. A view that a role begins with stays shared.
    """
    own = SavedView.objects.select_for_update().filter(owner=account)
    view = own.filter(name=name).first()
    if view is None:
        if own.count() >= MOST_VIEWS:
            message = f"{actor(account)} keeps {MOST_VIEWS} views already"
            raise TooManyViews(message)
        view = SavedView(owner=account, name=name, created_at=now)
    view.address = address
    view.is_shared = is_shared or bool(view.default_for)
    view.save()
    detail = {"shared": view.is_shared}
    audit.append([Leaf(actor(account), "view.keep", _subject(view.pk), now, detail=detail)])
    return view


@transaction.atomic
def drop(view: SavedView, *, by: Account, now: datetime) -> None:
    """Forget a view; roles that began with it begin with the whole queue again."""
    subject = _subject(view.pk)
    view.delete()
    audit.append([Leaf(actor(by), "view.drop", subject, now)])


@transaction.atomic
def begin_with(view: SavedView | None, role: str, *, by: Account, now: datetime) -> None:
    """Let ``role`` begin with ``view``, or with the whole queue; it is shared from then on."""
    SavedView.objects.filter(default_for=role).update(default_for="")
    if view is not None:
        SavedView.objects.filter(pk=view.pk).update(default_for=role, is_shared=True)
    subject = _subject(view.pk if view else 0)
    audit.append([Leaf(actor(by), "view.begin", subject, now, detail={"role": role})])


def _subject(pk: int) -> str:
    return f"view:{pk}"
