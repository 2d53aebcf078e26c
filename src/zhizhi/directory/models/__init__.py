from zhizhi.directory.models.account import Account, Person, RoleAssignment
from zhizhi.directory.models.area import Agency, Area, Team, Unit

__all__ = ["Account", "Agency", "Area", "Person", "RoleAssignment", "Team", "Unit"]
