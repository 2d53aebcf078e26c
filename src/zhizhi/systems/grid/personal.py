"""What the one net holds about people: who brought in, switched or checked a category."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.trust.grounds import Basis
from zhizhi.trust.holding import Holder, Keep, Label, Stored, Whose

_CHANGED = Label(
    _("Who changed a category"),
    Whose.STAFF,
    _("So that whoever acts answers for it"),
    Basis.DUTY,
    Keep.LOG,
    Stored.TOKEN,
)
LABELS = {
    "grid.CategoryPack.changed_by": _CHANGED,
    "grid.Category.changed_by": _CHANGED,
    "grid.CategoryVersion.by": _CHANGED,
}
IMPERSONAL = {
    "grid.CategoryPack": ("code", "stamp"),
    "grid.Category": (
        "code", "name_zh", "name_en", "hint_zh", "hint_en", "capabilities", "lead_agency",
    ),
    "grid.CategoryVersion": ("content",),
}  # fmt: skip
HOLDER = Holder(LABELS, IMPERSONAL)
