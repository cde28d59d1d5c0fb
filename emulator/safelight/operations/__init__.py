"""What the operations mean: pictures are planned, chats answered, models looked up.

An operation takes a `Call` and returns a result; it knows no wire shapes, no sockets, no clock.
"""
