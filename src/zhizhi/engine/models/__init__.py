from zhizhi.engine.models.case import (
    Alert,
    Case,
    CaseAgency,
    Feedback,
    Severity,
    Task,
    TimelineEntry,
)
from zhizhi.engine.models.journal import (
    Checkpoint,
    InboxKey,
    JournalHead,
    JournalSegment,
    QuarantinedRow,
    Setting,
    ShardState,
    Source,
    Zone,
)
from zhizhi.engine.models.message import Clock, Message, Template, Timer

__all__ = [
    "Alert",
    "Case",
    "CaseAgency",
    "Checkpoint",
    "Clock",
    "Feedback",
    "InboxKey",
    "JournalHead",
    "JournalSegment",
    "Message",
    "QuarantinedRow",
    "Setting",
    "Severity",
    "ShardState",
    "Source",
    "Task",
    "Template",
    "TimelineEntry",
    "Timer",
    "Zone",
]
