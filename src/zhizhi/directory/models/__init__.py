from zhizhi.directory.models.account import Account, Person, RoleAssignment
from zhizhi.directory.models.area import Agency, Area, Team, Unit
from zhizhi.directory.models.view import SavedView

__all__ = ["Account", "Agency", "Area", "Person", "RoleAssignment", "SavedView", "Team", "Unit"]
