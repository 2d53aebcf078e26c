"""Kill real processes at random and count what is lost or told twice (docs/operations.md)."""
