from zhizhi.engine.models.appeal import Appeal
from zhizhi.engine.models.case import (
    Alert,
    Case,
    CaseAgency,
    Feedback,
    Severity,
    Task,
    TimelineEntry,
)
from zhizhi.engine.models.check_in import CheckIn
from zhizhi.engine.models.claim import Claim
from zhizhi.engine.models.delaying import Extension, Suspension
from zhizhi.engine.models.figures import FigureRelease
from zhizhi.engine.models.journal import (
    Checkpoint,
    InboxKey,
    JournalHead,
    JournalSegment,
    QuarantinedRow,
    Setting,
    SettingChange,
    ShardState,
    Source,
    Zone,
)
from zhizhi.engine.models.link import CaseLink
from zhizhi.engine.models.macro import Macro, MacroRun, MacroVersion
from zhizhi.engine.models.message import Clock, Message, Subscriber, Template, Timer
from zhizhi.engine.models.notice import Notice
from zhizhi.engine.models.overseeing import Revisit, Supervision
from zhizhi.engine.models.presence import Presence
from zhizhi.engine.models.report import Quota, Reply, Report, ReportDraft
from zhizhi.engine.models.routing import RoutingVersion
from zhizhi.engine.models.trial import Trial

__all__ = [
    "Alert",
    "Appeal",
    "Case",
    "CaseAgency",
    "CaseLink",
    "CheckIn",
    "Checkpoint",
    "Claim",
    "Clock",
    "Extension",
    "Feedback",
    "FigureRelease",
    "InboxKey",
    "JournalHead",
    "JournalSegment",
    "Macro",
    "MacroRun",
    "MacroVersion",
    "Message",
    "Notice",
    "Presence",
    "QuarantinedRow",
    "Quota",
    "Reply",
    "Report",
    "ReportDraft",
    "Revisit",
    "RoutingVersion",
    "Setting",
    "SettingChange",
    "Severity",
    "ShardState",
    "Source",
    "Subscriber",
    "Supervision",
    "Suspension",
    "Task",
    "Template",
    "TimelineEntry",
    "Timer",
    "Trial",
    "Zone",
]
