"""Measuring steps: which batches to try, and how long a forward pass of each takes."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike

from headway import files
from headway.errors import ConfigError
from headway.serving.step_time.shape import Shape


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments of one step.

    Parameters
    ----------
    prefills
        Tokens and context, (q, c), per prefill segment.
    decodes
        Context per decode segment.
    """

    prefills: tuple[tuple[int, int], ...] = ()
    decodes: tuple[int, ...] = ()

    @property
    def shape(self) -> Shape:
        """The shape of the step; every segment emits a token."""
        return Shape.of(self.prefills, self.decodes)


def batches_to_try(
    *, tokens: int = 2048, context: int = 8192, decodes: int = 128
) -> tuple[Batch, ...]:
    """Return batches that cover prompts, chunks, decodes and mixtures of them.

    Chunks, contexts and numbers of decodes grow by factors of four up to the limits.

    Parameters
    ----------
    tokens
        Most tokens of a prefill.
    context
        Longest context.
    decodes
        Most decodes.

    Raises
    ------
    ConfigError
        If a limit is below 1.
    """
    for name, value in (("tokens", tokens), ("context", context), ("decodes", decodes)):
        if value < 1:
            raise ConfigError(f"{name}: expected at least 1, got {value}")
    chunks, counts = _steps(tokens, 16), _steps(decodes, 1)
    contexts = _steps(context, 64)
    found = [Batch(((q, c),)) for q in chunks for c in (0, *contexts)]
    found += [Batch(((q // 4, 0),) * 4) for q in chunks if q >= 64]
    found += [Batch((), (c,) * n) for n in counts for c in contexts]
    # Contexts from short to long in one batch, as engines have them.
    found += [
        Batch((), tuple(c * (i + 1) // n for i in range(n))) for n in counts[1:] for c in contexts
    ]
    found += [Batch(((q, 0),), (c,) * n) for q in chunks for n in counts for c in contexts]
    return tuple(dict.fromkeys(found))


def measured(
    run: Callable[[Batch], float], batches: Iterable[Batch], *, repeats: int = 5
) -> Iterator[tuple[Batch, float]]:
    """Yield each batch with the seconds of its fastest run: what else runs only ever adds to it.

    Parameters
    ----------
    run
        Runs a batch and returns how long that took, seconds; `TorchModel.run` is one.
    batches
        What to run, see `batches_to_try`.
    repeats
        Runs of each that count; one before them does not.

    Raises
    ------
    ConfigError
        If `repeats` is below 1.
    """
    if repeats < 1:
        raise ConfigError(f"repeats: expected at least 1, got {repeats}")
    for batch in batches:
        run(batch)
        yield batch, min(run(batch) for _ in range(repeats))


def write_steps(path: str | PathLike[str], steps: Iterable[tuple[Batch, float]]) -> None:
    """Write measured steps as a CSV file that `Samples.read` reads, atomically.

    Raises
    ------
    FormatError
        If the file cannot be written.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("prefills_qc", "decodes_c", "group", "seconds"))
    for batch, seconds in steps:
        kinds = [
            name for name, some in (("prefill", batch.prefills), ("decode", batch.decodes)) if some
        ]
        writer.writerow(
            (
                " ".join(f"{q}:{c}" for q, c in batch.prefills),
                " ".join(map(str, batch.decodes)),
                " and ".join(kinds),
                repr(seconds),
            )
        )
    files.write_text(path, out.getvalue())


def _steps(most: int, least: int) -> list[int]:
    """Return numbers that grow fourfold from `least` and end with `most`."""
    values = [most]
    while values[-1] // 4 >= least:
        values.append(values[-1] // 4)
    return values[::-1]
