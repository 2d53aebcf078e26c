"""The demonstration: an invented district, a past day of it, and live observations."""
