"""Names in tables: which one is meant, and which one may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

_MOST_COMPARED = 5000
"""A name that is not found is compared with no more names than this."""


def near(word: str, known: Iterable[str], count: int = 1) -> list[str]:
    """Return the names most like `word`, at most `count`; capitals make no difference."""
    plain: dict[str, str] = {}
    for name in islice(known, _MOST_COMPARED):
        plain.setdefault(name.casefold(), name)
    return [plain[key] for key in difflib.get_close_matches(word.casefold(), plain, n=count)]


def hint(meant: Iterable[str], known: Iterable[str]) -> str:
    """Return a question whether one of the names in `meant` was meant, or the first known ones."""
    asked = " or ".join(map(repr, meant))
    if asked:
        return f"did you mean {asked}?"
    names = list(islice(known, 11))
    return f"known: {', '.join(names[:10])}{', ...' if len(names) > 10 else ''}"


def one_of(what: str, known: Iterable[str], word: str) -> str:
    """Return what was expected, with the nearest or the first of the known names."""
    names = list(known)
    return f"{what} ({hint(near(word, names), names)})"


class TaskNames:
    """Positions of tasks by their job and name; a task without a job has the job ``""``."""

    def __init__(self) -> None:
        self._position: dict[tuple[str, str], int] = {}

    def __getitem__(self, label: tuple[str, str]) -> int:
        return self._position[label]

    def __contains__(self, label: tuple[str, str]) -> bool:
        return label in self._position

    def add(self, job: str, name: str) -> None:
        """Take up the next task."""
        self._position[job, name] = len(self._position)

    def find(self, text: str, job: str) -> int | None:
        """Return the task that a task of `job` calls `text`.

        A plain name means a task of the own job or, as these have no other name, one without a
        job. A task of another job is never meant by its plain name: a predecessor that is missing
        in its own job would go unnoticed.
        """
        found = self._position.get((job, text), self._position.get(("", text)))
        if found is not None:
            return found
        for at, letter in enumerate(text):
            if letter == "/" and (text[:at], text[at + 1 :]) in self._position:
                return self._position[text[:at], text[at + 1 :]]
        return None

    def unknown(self, text: str, job: str) -> str:
        """Return a message for a name that `find` does not find."""
        own = [name for owner, name in self._position if owner in ("", job)]
        others = [pair for pair in self._position if pair[0] not in ("", job)]
        labels = [f"{owner}/{name}" for owner, name in others]
        twins = [f"{owner}/{name}" for owner, name in others if name == text]
        # The job with the most similar name first: order 18 rather than order 3 for order 17.
        twins = near(f"{job}/{text}", twins, 2) or twins[:2]
        meant = [*near(text, own), *twins] or near(text, labels)
        place = f" in job {job!r}" if job and "/" not in text else ""
        return f"no task {text!r}{place}; {hint(meant, own or labels)}"
