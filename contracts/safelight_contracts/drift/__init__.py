"""Drift: our schemas, what runs have observed, the SDKs' types and a live endpoint, held together.

`shapes` is the common measure, `observed` the ledger, `sdk` and `sdk_types` read an SDK,
`comparing` says which side moved, `proposing` writes a patch, `recordings` judges exchanges.
"""
