"""Routing rules of an installation: their versions, what they decide, and trying others."""
