"""Cut the power under a real database and compare what is there with what was acknowledged."""
