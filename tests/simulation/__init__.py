"""The durable runner in one process, on a clock of its own, struck at any point (operations.md)."""
