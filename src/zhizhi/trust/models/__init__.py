from zhizhi.trust.models.audit import AccessRecord, AuditEntry, ChainHead, TreeNode, TreeRoot
from zhizhi.trust.models.vault import Evidence, SubjectKey

__all__ = [
    "AccessRecord",
    "AuditEntry",
    "ChainHead",
    "Evidence",
    "SubjectKey",
    "TreeNode",
    "TreeRoot",
]
