"""Faces of enrolled people in pictures; needs the extra ``vision``, which the core runs without.

Nothing here knows a database or a person: pictures go in, numbers come out.
"""
