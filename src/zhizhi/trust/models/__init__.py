from zhizhi.trust.models.allowance import Allowance
from zhizhi.trust.models.audit import AccessRecord, AuditEntry, ChainHead, TreeNode, TreeRoot
from zhizhi.trust.models.consent import Consent
from zhizhi.trust.models.vault import Erasure, Evidence, SubjectKey

__all__ = [
    "AccessRecord",
    "Allowance",
    "AuditEntry",
    "ChainHead",
    "Consent",
    "Erasure",
    "Evidence",
    "SubjectKey",
    "TreeNode",
    "TreeRoot",
]
