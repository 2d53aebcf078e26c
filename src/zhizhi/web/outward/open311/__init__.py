"""Reports from and for other programs: Open311 GeoReport v2, in JSON and XML."""
