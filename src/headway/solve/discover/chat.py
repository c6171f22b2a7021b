"""A language model as proposer, behind any endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from headway.chat import Chat
from headway.errors import EndpointError
from headway.solve.discover.program import FORMS, FUNCTIONS, Program

_FENCED = re.compile(r"```(?:python)?[^\S\n]*\n(.*?)```", re.DOTALL)
_LARGEST_SEED = 2**31

_TASK = f"""You improve a Python function that orders jobs on one machine so that their total \
tardiness, the sum of max(0, completion - due date), is small.

Write one function and nothing else, in one of two forms:
- score({", ".join(FORMS["score"])}): numpy expressions, elementwise over all waiting jobs; the \
job of least score runs next. p: processing time, d: due date, t: time now; p_mean, p_max, \
work_left: mean, largest and total processing time of the waiting jobs; jobs_left: their number.
- sequence(p, d): the positions of all jobs in order, from 1-d arrays.
There are no imports. You may use: {", ".join(FUNCTIONS)}.
Put it in one ```python block."""


@dataclass(frozen=True, slots=True)
class ChatProposer:
    """Asks a language model for better programs; what it answers runs in the sandbox only.

    Parameters
    ----------
    address
        Base address of the endpoint, as in ``http://127.0.0.1:8000/v1``.
    model
        Name of the model there.
    key
        Key for the endpoint, if it asks for one.
    temperature
        Sampling temperature of the model.
    timeout_s
        Seconds after which an answer is no longer waited for.

    Raises
    ------
    ConfigError
        If the address is not one of the web.

    Notes
    -----
    An endpoint that fails, or an answer without a program in it, brings no program; the search
    goes on.
    """

    address: str
    model: str
    key: str = field(default="", repr=False)
    temperature: float = 1.0
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        self._chat()

    def _chat(self) -> Chat:
        return Chat(self.address, self.model, self.key, self.temperature, self.timeout_s)

    def __call__(
        self, parents: Sequence[Program], count: int, rng: np.random.Generator
    ) -> Sequence[str]:
        """Return the programs among the answers."""
        chat, question = self._chat(), _question(parents)
        seeds = rng.integers(_LARGEST_SEED, size=count).tolist()
        answers = (_answer(chat, question, seed) for seed in seeds)
        return [text for answer in answers if (text := extracted(answer)) is not None]


def _answer(chat: Chat, question: str, seed: int) -> str:
    try:
        return chat.ask(_TASK, question, seed=seed)
    except EndpointError:
        return ""


def extracted(answer: str) -> str | None:
    r"""Return the program in an answer: its first block of code, or all of it if it is one.

    Examples
    --------
    >>> extracted("Better:\n```python\ndef sequence(p, d):\n    return argsort(d)\n```")
    'def sequence(p, d):\n    return argsort(d)\n'
    >>> extracted("I would rather not.")
    """
    block = _FENCED.search(answer)
    text = block.group(1) if block else answer
    return text if text.lstrip().startswith("def ") else None


def _question(parents: Sequence[Program]) -> str:
    shown = "\n\n".join(
        f"Version {k}, mean total tardiness {parent.value:.2f}:\n```python\n{parent.text}```"
        for k, parent in enumerate(parents)
    )
    return f"{shown}\n\nWrite version {len(parents)}, better than all of them."
