"""Bodies of requests: the fields that matter here, checked; others are let be."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec
import numpy as np

from headway.errors import HeadwayError
from headway.serving.engine_server.errors import ApiError
from headway.serving.engine_server.tokens import LARGEST, Tokens, encode, encode_chat

MOST_CHOICES = 128
"""Answers to one request."""

_MOST_PRIORITY = 2**31 - 1

Body = TypeVar("Body", bound=msgspec.Struct)


class StreamOptions(msgspec.Struct):
    """What a stream tells beside the text."""

    include_usage: bool | None = False
    continuous_usage_stats: bool | None = False


class Sampling(msgspec.Struct, kw_only=True):
    """What completions and chats have in common."""

    model: str | None = None
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    min_tokens: int | None = 0
    ignore_eos: bool | None = False
    n: int | None = 1
    stop: str | list[str] | None = None
    priority: int | None = 0
    seed: int | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """Texts at which an answer ends."""
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop)

    @property
    def limit(self) -> int | None:
        """Most tokens of an answer, if it was said."""
        return self.max_tokens

    @property
    def tells_usage(self) -> bool:
        """Whether a stream ends with the usage."""
        return self.stream_options is not None and bool(self.stream_options.include_usage)

    def check(self) -> None:
        """Refuse what cannot be.

        Raises
        ------
        ApiError
            With the field.
        """
        if self.limit is not None and self.limit < 1:
            raise ApiError(400, f"max_tokens must be at least 1, got {self.limit}.", "max_tokens")
        if self.min_tokens is not None and self.min_tokens < 0:
            raise ApiError(400, f"min_tokens must be at least 0, got {self.min_tokens}.")
        if self.limit is not None and (self.min_tokens or 0) > self.limit:
            raise ApiError(400, "min_tokens must not be more than max_tokens.", "min_tokens")
        if self.n is not None and not 1 <= self.n <= MOST_CHOICES:
            raise ApiError(400, f"n must be from 1 to {MOST_CHOICES}, got {self.n}.", "n")
        if self.priority is not None and abs(self.priority) > _MOST_PRIORITY:
            raise ApiError(400, "priority must be a 32-bit number.", "priority")
        if not all(self.stops):
            raise ApiError(400, "stop must not be an empty string.", "stop")
        if self.stream_options is not None and not self.stream:
            raise ApiError(
                400, "Stream options can only be defined when `stream=True`.", "stream_options"
            )


class CompletionBody(Sampling, kw_only=True):
    """Of ``/v1/completions``."""

    prompt: str | list[str | int | list[int]]
    echo: bool | None = False
    logprobs: int | None = None

    @property
    def limit(self) -> int | None:
        """Most tokens of an answer; 16 if nothing is said, as the API has it."""
        return 16 if self.max_tokens is None else self.max_tokens

    def check(self) -> None:
        """Refuse what cannot be; see `Sampling.check`."""
        super().check()
        if self.logprobs is not None:
            raise ApiError(400, "A simulated engine knows no logprobs.", "logprobs")

    def prompts(self) -> list[Tokens]:
        """Return the tokens of each prompt.

        Raises
        ------
        ApiError
            If there is none, or a token does not exist.
        """
        found = _texts(self.prompt, "prompt")
        if not found or not all(len(one) for one in found):
            raise ApiError(400, "The prompt must not be empty.", "prompt")
        if len(found) > MOST_CHOICES:
            raise ApiError(400, f"There are more than {MOST_CHOICES} prompts.", "prompt")
        return found


class Part(msgspec.Struct):
    """A piece of the content of a message."""

    type: str
    text: str | None = None


class Message(msgspec.Struct):
    """What somebody said in a chat."""

    role: str
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """All of the content that is text."""
        if isinstance(self.content, list):
            return "\n".join(part.text or "" for part in self.content)
        return self.content or ""


class ChatBody(Sampling, kw_only=True):
    """Of ``/v1/chat/completions``."""

    messages: list[Message]
    max_completion_tokens: int | None = None
    logprobs: bool | None = None

    @property
    def limit(self) -> int | None:
        """Most tokens of the answer, if it was said."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    def check(self) -> None:
        """Refuse what cannot be; see `Sampling.check`."""
        super().check()
        if self.logprobs:
            raise ApiError(400, "A simulated engine knows no logprobs.", "logprobs")

    def prompts(self) -> list[Tokens]:
        """Return the tokens of the chat.

        Raises
        ------
        ApiError
            If there are no messages, or a role is unknown.
        """
        return [chat_tokens(self.messages)]


class EmbeddingBody(msgspec.Struct, kw_only=True):
    """Of ``/v1/embeddings``."""

    input: str | list[str | int | list[int]]
    model: str | None = None
    encoding_format: str | None = "float"
    dimensions: int | None = None

    def prompts(self) -> list[Tokens]:
        """Return the tokens of each text.

        Raises
        ------
        ApiError
            If there is none, or a token does not exist.
        """
        found = _texts(self.input, "input")
        if not found or not all(len(one) for one in found):
            raise ApiError(400, "The input must not be empty.", "input")
        return found


class TokenizeBody(msgspec.Struct, kw_only=True):
    """Of ``/tokenize``: a prompt or a chat."""

    prompt: str | None = None
    messages: list[Message] | None = None
    add_generation_prompt: bool = True


class DetokenizeBody(msgspec.Struct, kw_only=True):
    """Of ``/detokenize``."""

    tokens: list[int]


class AdapterBody(msgspec.Struct, kw_only=True):
    """Of ``/v1/load_lora_adapter`` and ``/v1/unload_lora_adapter``."""

    lora_name: str = ""
    lora_path: str = ""
    load_inplace: bool = False


def read(data: bytes, kind: type[Body]) -> Body:
    """Return what a body says.

    Raises
    ------
    ApiError
        If it is no JSON, or a field is missing or of another type.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise ApiError(400, str(error).replace("`$.", "`"), _field(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ApiError(400, f"The body is not JSON: {error}") from None
    except RecursionError:
        raise ApiError(400, "The body is nested too deeply.") from None


def chat_tokens(messages: list[Message], *, asks: bool = True) -> Tokens:
    """Return the tokens of a chat.

    Raises
    ------
    ApiError
        If there are no messages, or a role is unknown.
    """
    if not messages:
        raise ApiError(400, "There must be at least one message.", "messages")
    try:
        return encode_chat([(one.role, one.text) for one in messages], asks=asks)
    except HeadwayError as error:
        raise ApiError(400, str(error), "messages") from None


def _texts(given: str | list[str | int | list[int]], name: str) -> list[Tokens]:
    if isinstance(given, str):
        return [encode(given)]
    if given and all(isinstance(one, int) for one in given):
        return [_given(given, name)]
    found = []
    for one in given:
        if isinstance(one, int):
            raise ApiError(400, "Tokens and texts must not be mixed.", name)
        found.append(encode(one) if isinstance(one, str) else _given(one, name))
    return found


def _given(tokens: Any, name: str) -> Tokens:
    try:
        found = np.array(tokens, dtype=np.int64)
    except OverflowError:
        found = np.array([-1])
    if len(found) and not (found.min() >= 0 and found.max() <= LARGEST):
        raise ApiError(400, f"A token is out of range: they go from 0 to {LARGEST}.", name)
    return found


def _field(message: str) -> str | None:
    _, _, path = message.partition("`$.")
    return path.partition("`")[0].partition("[")[0] or None
