"""What other programs read of the district: features for maps (OGC API) and alerts (CAP)."""
