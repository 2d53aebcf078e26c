"""Routing rules as data: read, checked as a whole, and asked who answers for a case."""
