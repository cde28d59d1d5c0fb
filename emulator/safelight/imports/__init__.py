"""Imports: what other tools have recorded or written becomes fixtures, and says what was lost.

What must not enter: how a fixture is matched or served (`fixtures`), live services.
"""
