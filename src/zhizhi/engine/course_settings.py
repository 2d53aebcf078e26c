"""How often work may be given back or put off, and how long a case may wait."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting

COURSE = (
    DeclaredSetting(
        "engine.returns_most", 2,
        _("A unit or agency may give the same work of a case back so often; then operators decide"),
        "", 1, 10, name=_("Returns of a task"),
    ),
    DeclaredSetting(
        "engine.extensions_most", 1,
        _("More time may be asked for one task so often"),
        "", 0, 5, name=_("Extensions of a task"),
    ),
    DeclaredSetting(
        "engine.suspension_days", 90,
        _("A case may wait at most so long before it is looked at again"),
        _("days"), 1, 365, name=_("Longest suspension"),
    ),
    DeclaredSetting(
        "engine.supervision_hours", 24,
        _("An instruction of supervision must be answered within"),
        _("hours"), 1, 720, name=_("Time to answer supervision"),
    ),
)  # fmt: skip
