"""Asks whether its module is there before anybody imports it, as Django asks for models."""

from importlib.util import find_spec

IS_THERE = find_spec(f"{__name__}.ageing") is not None
