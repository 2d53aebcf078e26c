"""The product as people use it: Chromium, real web and worker processes, a small installation."""
