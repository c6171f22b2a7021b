"""Reading and writing files so that nothing is ever half-written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from os import PathLike
from pathlib import Path

from headway.errors import FormatError


def read_bytes(path: str | PathLike[str]) -> bytes:
    """Return the content of a file.

    Raises
    ------
    FormatError
        If the file is missing or cannot be read; the message says why.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise FormatError(f"cannot read: {error.strerror or error}", path=path) from None


def write_bytes(path: str | PathLike[str], data: bytes) -> None:
    """Write `data` to `path` atomically: the file is either complete or untouched.

    Raises
    ------
    FormatError
        If the folder is missing or cannot be written.
    """
    target = Path(path)
    temporary: str | None = None
    try:
        if target.exists() and not target.is_file():
            # A pipe or a device such as /dev/stdout cannot be replaced, only written to.
            if target.is_dir():
                raise IsADirectoryError(None, "is a directory")
            target.write_bytes(data)
            return
        # Through a symbolic link, the file it points to is replaced, not the link.
        target = target.resolve()
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        # mkstemp makes private files; give the result the usual permissions.
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
        temporary = None
    except OSError as error:
        raise FormatError(f"cannot write: {error.strerror or error}", path=path) from None
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def write_text(path: str | PathLike[str], text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically; see `write_bytes`."""
    write_bytes(path, text.encode("utf-8"))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
