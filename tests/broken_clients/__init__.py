"""Small clients with one classic mistake each, and the same without it.

Each is a function that returns what it got. `good` holds those that do it right; a broken one
differs from them by its mistake. What must not enter: judging.
"""
