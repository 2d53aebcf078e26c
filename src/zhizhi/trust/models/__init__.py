from zhizhi.trust.models.audit import AccessRecord, AuditEntry, ChainHead
from zhizhi.trust.models.vault import Evidence, SubjectKey

__all__ = ["AccessRecord", "AuditEntry", "ChainHead", "Evidence", "SubjectKey"]
