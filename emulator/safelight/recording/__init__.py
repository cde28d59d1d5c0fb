"""Recording: a proxy that keeps what a live service answers, as fixtures without secrets.

What must not enter: how a fixture is matched or served (`fixtures`), flags (`commands/record.py`).
"""
