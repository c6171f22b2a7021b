"""Reads in an answer that passes which tools it calls and why it ended, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from headway.serving.fleet.decisions import Said

_SIGNS = (
    *(b'"tool_calls"', b'"function_call"', b'"finish_reason":"', b'"finish_reason": "'),
    *(b'"response.completed"', b'"response.incomplete"'),
)
"""One of these is in every event, or body, that says something of interest."""

_MOST_BYTES = 1 << 20
"""Of an event or a body that has not come to its end; what is longer is left alone."""

_MOST_TOOLS = 64
"""Of one answer."""

_MOST_LETTERS = 200
"""Of the name of a tool."""


class _Function(msgspec.Struct, gc=False):
    name: str | None = None


class _Call(msgspec.Struct, gc=False):
    function: _Function | None = None


class _Message(msgspec.Struct, gc=False):
    tool_calls: list[_Call] | None = None
    function_call: _Function | None = None


class _Choice(msgspec.Struct, gc=False):
    finish_reason: str | None = None
    delta: _Message | None = None
    message: _Message | None = None


class _Item(msgspec.Struct, gc=False):
    """Of a response's output."""

    type: str = ""
    name: str | None = None


class _Response(msgspec.Struct, gc=False):
    status: str | None = None
    output: list[_Item] = []


class _Event(msgspec.Struct, gc=False):
    """A piece of a stream or a whole answer, in the words of chats, completions and responses."""

    choices: list[_Choice] = []
    output: list[_Item] = []
    status: str | None = None
    response: _Response | None = None


_decode = msgspec.json.Decoder(_Event).decode

_STATUSES = {"completed": "stop", "incomplete": "length"}
"""Of responses, in the words of chats."""


class Ear:
    """Sees each piece of an answer; decodes only events that call a tool or tell the reason.

    Within a text the keys would stand with escaped quotes, so that nobody's words are taken for
    them.

    Parameters
    ----------
    is_stream
        Whether the answer comes in events.
    is_program
        Whether the request is a step of an agent's program, which ends with an answer that calls no
        tool; other sessions may go on after it.
    tool
        That the client says will follow; empty if it says nothing.
    is_final
        Whether the client says that this is the last step; None if it says nothing.
    """

    __slots__ = ("_finish", "_is_final", "_is_program", "_is_stream", "_rest", "_size", "_tools")

    def __init__(
        self, *, is_stream: bool, is_program: bool, tool: str = "", is_final: bool | None = None
    ) -> None:
        self._is_stream = is_stream
        self._is_program = is_program
        self._is_final = is_final
        self._tools = [tool] if tool else []
        self._finish = ""
        self._rest: list[bytes] = []
        self._size = 0

    def beside(self, see: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """Return what has both see a piece."""

        def both(piece: bytes) -> None:
            see(piece)
            self.see(piece)

        return both

    def see(self, piece: bytes) -> None:
        """Look at a piece."""
        if not self._is_stream or b"\n" not in piece:
            self._keep(piece)
            return
        if self._rest:
            piece = b"".join((*self._rest, piece))
            self._rest, self._size = [], 0
        if not piece.endswith(b"\n"):
            cut = piece.rfind(b"\n") + 1
            self._keep(piece[cut:])
            piece = piece[:cut]
        if _says(piece):
            for line in piece.split(b"\n"):
                if line.startswith(b"data: {") and _says(line):
                    self._read(line[6:])

    def said(self) -> Said:
        """Return what was heard."""
        if not self._is_stream and self._rest:
            body = b"".join(self._rest)
            self._rest, self._size = [], 0
            if _says(body) or b'"status"' in body:
                self._read(body)
        is_final = self._is_final
        if is_final is None:
            is_final = self._is_program and self._finish == "stop" and not self._tools
        return Said(tuple(self._tools), self._finish, is_final)

    def _keep(self, piece: bytes) -> None:
        """Wait for the rest of an event, or of a body; one without end is forgotten."""
        self._size += len(piece)
        if self._size > _MOST_BYTES:
            self._rest.clear()
        else:
            self._rest.append(piece)

    def _read(self, text: bytes) -> None:
        try:
            event = _decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return  # of a kind that nobody knows: the engine's business
        for choice in event.choices:
            self._finish = choice.finish_reason or self._finish
            self._called(choice.delta or choice.message)
        told: Any = event.response or event
        self._finish = _STATUSES.get(told.status or "", self._finish)
        for item in told.output:
            if item.type == "function_call":
                self._tool(item.name)

    def _called(self, message: _Message | None) -> None:
        if message is None:
            return
        if message.function_call is not None:
            self._tool(message.function_call.name)
        for call in message.tool_calls or ():
            if call.function is not None:
                self._tool(call.function.name)

    def _tool(self, name: str | None) -> None:
        if name and len(self._tools) < _MOST_TOOLS:
            self._tools.append(name[:_MOST_LETTERS])


def _says(text: bytes) -> bool:
    return any(sign in text for sign in _SIGNS)
