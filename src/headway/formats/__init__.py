"""The field's file formats, in and out.

`read` turns a file into a `Problem`, finding out by itself what format the file is in; `write` does
the reverse. `read_schedule` and `write_schedule` do the same for schedules. `formats` lists the
formats there are; docs/formats.md describes them.
"""

from headway.formats.reading import read, read_all, reads
from headway.formats.registry import Format, Match, find_format, formats
from headway.formats.schedules import read_schedule, write_schedule
from headway.formats.source import Source
from headway.formats.writing import write

__all__ = [
    "Format",
    "Match",
    "Source",
    "find_format",
    "formats",
    "read",
    "read_all",
    "read_schedule",
    "reads",
    "write",
    "write_schedule",
]
