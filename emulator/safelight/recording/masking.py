"""What the recorder says on its log, without secrets.

What must not enter: which values are secret, where the log goes.
"""

from __future__ import annotations

import logging

from safelight.recording.secrets import Secrets

_FORMAT = logging.Formatter()


class Masking(logging.Filter):
    """A filter of a handler: hides in messages and tracebacks what is known to be secret."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record through, its texts hidden."""
        record.msg, record.args = self._secrets.hide_path(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _FORMAT.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._secrets.hide_text(record.exc_text)
        return True


def mask(secrets: Secrets) -> None:
    """Mask all that is logged from now on."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Masking(secrets))
