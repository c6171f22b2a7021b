"""Which format a content is in, judged by the content.

The name of a file only breaks ties and helps to explain what is wrong with a file that fits
nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from headway.errors import FormatError, ProblemError
from headway.formats.dialects.job_shop import has_pairs
from headway.formats.registry import Format, Match, all_formats
from headway.formats.source import Source


def detect(source: Source) -> Format:
    """Return the one format that fits the content best.

    Raises
    ------
    FormatError
        If several formats fit equally well (the message lists them), or none does (the message
        says how far the most promising one got).
    """
    known = all_formats().values()
    scores = {candidate.name: candidate.sniff(source) for candidate in known}
    best = max(scores.values(), default=Match.NO)
    if best == Match.NO:
        raise _explain(source, known)
    fitting = [candidate for candidate in known if scores[candidate.name] == best]
    if len(fitting) > 1:
        fitting = _by_suffix(source, fitting) or fitting
    if len(fitting) > 1:
        names = " or ".join(repr(candidate.name) for candidate in fitting)
        raise source.error(
            f"can be read as {names}; say which with format= (--format on the command line)"
        )
    return fitting[0]


def _by_suffix(source: Source, candidates: Iterable[Format]) -> list[Format]:
    """Return the candidates known by the suffix of the file, if it has one."""
    suffix = source.path.suffix.lower() if source.path is not None else ""
    return [candidate for candidate in candidates if suffix and suffix in candidate.suffixes]


def _explain(source: Source, known: Iterable[Format]) -> FormatError:
    """Return the error of the format that read furthest before it met something unexpected."""
    if source.is_folder:
        return source.error("expected a folder with tasks.csv (and usually resources.csv)")
    if not source.data.strip():
        return source.error("the file is empty; expected a scheduling problem", 1)
    likely = _by_suffix(source, known) or known
    errors = [(f, e) for f in likely for e in [_failure(f, source)] if e is not None]
    named = [(f, e) for f, e in errors if e.line is not None]
    if not named:
        return errors[0][1] if errors else source.error("not a scheduling problem I can read")
    for candidate, error in named:
        if candidate.name == "job-shop" and has_pairs(source):
            return FormatError(
                f"this is probably a job shop, but {error.message} (format= chooses another"
                " reading)",
                path=error.path,
                line=error.line,
            )
    # Those that got furthest know best; the others gave up on the file's very shape.
    furthest = max(error.line or 0 for _, error in named)
    named = [(f, error) for f, error in named if error.line == furthest]
    opinions = Counter(error.message for _, error in named)
    message, _ = opinions.most_common(1)[0]
    readings = " or ".join(repr(f.name) for f, error in named if error.message == message)
    return FormatError(
        f"{message} (read as {readings}; format= chooses another)",
        path=named[0][1].path,
        line=furthest,
    )


def _failure(candidate: Format, source: Source) -> FormatError | None:
    try:
        candidate.parse(source)
    except FormatError as error:
        return error
    except ProblemError as error:
        return source.error(str(error))
    return None
