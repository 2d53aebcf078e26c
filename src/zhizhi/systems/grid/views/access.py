"""Which roles may open which of the one net's pages."""

from __future__ import annotations

from zhizhi.web.access import Role

READERS = (Role.OPERATOR, Role.INSPECTOR, Role.LEADER, Role.ADMINISTRATOR, Role.AGENCY_OFFICER)
KEEPERS = (Role.ADMINISTRATOR,)
