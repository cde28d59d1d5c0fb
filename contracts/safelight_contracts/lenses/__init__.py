"""Lenses: the ways in which the world may differ from its plain best, all within what it may do.

`exact` and `tolerant` change what a reply says, `transport` how it arrives; `errors` are the
provider's rows, `planted` what a client has to notice. What must not enter: clients, judging.
"""
