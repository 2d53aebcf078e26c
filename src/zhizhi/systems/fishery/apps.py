from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import SystemConfig


class FisheryConfig(SystemConfig):
    """渔政AI预警: warn people who linger in a no-fishing zone, keep proof of violations."""

    name = "zhizhi.systems.fishery"
    label = "fishery"
    verbose_name = _("Fishery watch")
    summary = "Text people who stay over 30 minutes in a no-fishing zone; keep proof of violations."
    reads = ("vessel_positions.v1", "shore_positions.v1", "zone_occupancy.v1")
    case_kinds = ("illegal-fishing",)
    personal_data = "pseudonymous"
