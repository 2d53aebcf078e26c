from zhizhi.directory.models.account import Account, Person, RoleAssignment
from zhizhi.directory.models.area import Agency, Area, Team, Unit
from zhizhi.directory.models.grant import AccessGrant
from zhizhi.directory.models.guardianship import Guardianship
from zhizhi.directory.models.look import LookDay, LookReview
from zhizhi.directory.models.position import UnitPosition
from zhizhi.directory.models.view import SavedView
from zhizhi.directory.models.wall import WallPass

__all__ = [
    "AccessGrant",
    "Account",
    "Agency",
    "Area",
    "Guardianship",
    "LookDay",
    "LookReview",
    "Person",
    "RoleAssignment",
    "SavedView",
    "Team",
    "Unit",
    "UnitPosition",
    "WallPass",
]
