"""The command `headway`."""

from headway.cli.main import main

__all__ = ["main"]
