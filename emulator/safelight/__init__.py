"""Safelight: an offline emulator of image-generation APIs that speak OpenAI's language.

Nothing is imported here, so that the pytest plugin and the command line load only what they use.
"""

__version__ = "0.1.0"
