"""The manifest of the one net: everyday matters of a district, whose kinds are data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import DeclaredSetting, ReportKind, SystemConfig
from zhizhi.systems.grid.naming import CategoryNames

OFFERS_UNCHECKED = "grid.offers_unchecked"


class GridConfig(SystemConfig):
    """One net 线上一张网: everyday matters by categories that are data, not code."""

    name = "zhizhi.systems.grid"
    label = "grid"
    verbose_name = _("One net")
    summary = "Turn everyday matters of a district into cases, by categories that are data."
    reads = ("reports.v1",)
    case_kinds = ("grid",)  # all of them: see Macro.fits
    kind_names = CategoryNames()
    personal_data = "none"
    has_pages = True
    readers = ("operator", "inspector", "leader", "administrator", "agency_officer")
    settings = (
        DeclaredSetting(
            OFFERS_UNCHECKED,
            True,
            _("Offer residents also the categories that nobody has compared with the standard"),
            name=_("Offering unchecked categories"),
        ),
    )

    def reportable(self) -> Sequence[ReportKind]:
        """Return the categories that can be reported now."""
        from zhizhi.engine import settings_in_force  # noqa: PLC0415 - models load after the manifest
        from zhizhi.systems.grid import catalogue  # noqa: PLC0415 - as above

        found = catalogue.current()
        if not found.unofficial or settings_in_force.value(OFFERS_UNCHECKED):
            return found.kinds
        return tuple(
            replace(kind, is_for_residents=False) if kind.code in found.unofficial else kind
            for kind in found.kinds
        )

    def broad_kind(self, kind: str) -> str:
        """Return the top of the branch that a category is on."""
        from zhizhi.systems.grid import catalogue  # noqa: PLC0415 - as above

        return (catalogue.current().above.get(kind) or (kind,))[-1]

    def kinds_above(self, kind: str) -> tuple[str, ...]:
        """Return the categories above one, nearest first."""
        from zhizhi.systems.grid import catalogue  # noqa: PLC0415 - as above

        return catalogue.recent().above.get(kind, ())
