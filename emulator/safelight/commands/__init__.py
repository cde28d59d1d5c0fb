"""The commands of the command line, a module each; `cli.py` loads the one that is called.

What must not enter: what a command shares with another; that has a room of its own.
"""
