"""The judge: contract checks of live endpoints and of clients, drawn from the emulator's schemas.

May read schemas, the catalogue and the dialects' tables; never core, operations or app.
"""
