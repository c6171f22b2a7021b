"""Language models behind any endpoint that speaks OpenAI's chat protocol."""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from dataclasses import dataclass, field

from headway.errors import ConfigError, EndpointError

_LARGEST_ANSWER = 1 << 20
_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True)
class Chat:
    """A language model that is asked one question at a time.

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
        If the address is not one of the web, or the time is not positive.
    """

    address: str
    model: str
    key: str = field(default="", repr=False)
    temperature: float = 1.0
    timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if not self.address.startswith(("http://", "https://")):
            raise ConfigError(f"address: expected http:// or https://, got {self.address!r}")
        if not 0 < self.timeout_s < float("inf"):
            raise ConfigError(f"timeout_s: expected a positive number, got {self.timeout_s}")

    def ask(self, task: str, question: str, *, seed: int = 0) -> str:
        """Return what the model answers.

        Parameters
        ----------
        task
            What the model is for, as the system's message.
        question
            The user's message.
        seed
            Seed of the sampling, for endpoints that know it.

        Raises
        ------
        EndpointError
            If the endpoint cannot be reached, is too slow, or sends something else than an answer.
        """
        body = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": task},
                {"role": "user", "content": question},
            ],
            "temperature": self.temperature,
            "seed": seed,
        }
        request = urllib.request.Request(  # noqa: S310 - checked to be of the web
            f"{self.address.rstrip('/')}/chat/completions",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        if self.key:
            # Not for whomever the endpoint sends us on to.
            request.add_unredirected_header("Authorization", f"Bearer {self.key}")
        try:
            content = json.loads(self._fetch(request))["choices"][0]["message"]["content"]
        except (
            OSError,  # with that of urllib
            http.client.HTTPException,
            ValueError,
            LookupError,
            TypeError,
            RecursionError,
        ) as error:
            raise EndpointError(f"{self.address}: {type(error).__name__}: {error}") from None
        if not isinstance(content, str):
            raise EndpointError(f"{self.address}: the answer is no text")
        return content

    def _fetch(self, request: urllib.request.Request) -> bytes:
        until = time.monotonic() + self.timeout_s
        parts, size = [], 0
        with urllib.request.urlopen(request, timeout=self.timeout_s) as reply:  # noqa: S310
            while size <= _LARGEST_ANSWER and (part := reply.read1(_CHUNK)):
                parts.append(part)
                size += len(part)
                if time.monotonic() > until:
                    raise TimeoutError(f"no answer within {self.timeout_s:g} s")
        if size > _LARGEST_ANSWER:
            raise ValueError(f"an answer of more than {_LARGEST_ANSWER} bytes")
        return b"".join(parts)
