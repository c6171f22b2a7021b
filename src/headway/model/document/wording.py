"""What is wrong with a document that does not follow the schema, in words.

msgspec says what it found in terms of its types; people who write a document by hand think of keys,
numbers, texts and lists, and may just have misspelt one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import msgspec
from msgspec import inspect

from headway.model.document.nodes import Node

_PLACE = re.compile(r"(.*?)(?: - at `\$?(.*)`)?", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[([0-9]+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`")
_ENUM = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_TYPE = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_BOUND = re.compile(r"Expected `([^`]*)` (<=|>=|<|>) (\S+)")
_LENGTH = re.compile(r"Expected `array` of length ([0-9]+).*")
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
_BOUNDS = {"<=": "of at most", ">=": "of at least", "<": "below", ">": "above"}


def explain(error: msgspec.ValidationError, kind: type[Node]) -> str:
    """Return what is wrong with a document of `kind` and where, as in "$.tasks[0].job: ..."."""
    found = _PLACE.fullmatch(str(error))
    message, path = (found[1], found[2] or "") if found else (str(error), "")
    if unknown := _UNKNOWN.fullmatch(message):
        return f"unknown key {unknown[1]!r} {_at(path)}; {_hint(unknown[1], _keys(kind, path))}"
    if missing := _MISSING.fullmatch(message):
        return f"key {missing[1]!r} is missing {_at(path)}"
    place = f"${path}" if path else "at the top level"
    return f"{place}: {_wrong(message, kind, path)}"


def _wrong(message: str, kind: type[Node], path: str) -> str:
    """Return what is wrong with a value."""
    if wrong := _ENUM.fullmatch(message):
        values = _values(_type_at(kind, path))
        return f"expected {_either(map(repr, values))}, got {wrong[1]}{_meant(wrong[1], values)}"
    if wrong := _TYPE.fullmatch(message):
        return f"expected {_worded(wrong[1])}, got {_worded(wrong[2], found=True)}"
    if wrong := _BOUND.fullmatch(message):
        return f"expected {_worded(wrong[1])} {_BOUNDS[wrong[2]]} {wrong[3].removesuffix('.0')}"
    if wrong := _LENGTH.fullmatch(message):
        return f"expected a list of {wrong[1]} values"
    if "RFC3339" in message:
        return "expected a date such as 2026-03-02T08:00:00"
    return message[:1].lower() + message[1:]


def _at(path: str) -> str:
    return f"in ${path}" if path else "at the top level"


def _worded(types: str, *, found: bool = False) -> str:
    """Return "int | null" as "a whole number or null"."""
    if found and types == "float":
        # Only said where a whole number was expected, or no number at all.
        return "a number with decimals"
    return _either(_WORDS.get(name, name) for name in types.split(" | "))


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _hint(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"


def _meant(word: str, values: list[str | int]) -> str:
    if len(values) < 2:
        return ""
    texts = [value for value in values if isinstance(value, str)]
    near = difflib.get_close_matches(word.strip("'"), texts, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _keys(kind: type[Node], path: str) -> list[str]:
    """Return the keys that the object at `path` may have."""
    found = _type_at(kind, path)
    if isinstance(found, inspect.StructType):
        return [field.encode_name for field in found.fields]
    return []


def _values(found: inspect.Type | None) -> list[str | int]:
    """Return the values that a choice may have."""
    if isinstance(found, inspect.LiteralType):
        return [value for value in found.values if isinstance(value, str | int)]
    if isinstance(found, inspect.EnumType):
        return [str(member.value) for member in found.cls]
    return ["another value"]


def _type_at(kind: type[Node], path: str) -> inspect.Type | None:
    """Return the type of what stands at `path` in a document, or None if nothing may."""
    found: inspect.Type | None = inspect.type_info(kind)
    for key, index in _STEP.findall(path):
        found = _inside(found, key, index)
    return found


def _inside(outer: inspect.Type | None, key: str, index: str) -> inspect.Type | None:
    """Return the type of one step further into a type."""
    options = outer.types if isinstance(outer, inspect.UnionType) else (outer,)
    for option in options:
        if isinstance(option, inspect.StructType) and key:
            return next((f.type for f in option.fields if f.encode_name == key), None)
        if isinstance(option, inspect.ListType):
            return option.item_type
        if isinstance(option, inspect.DictType):
            return option.value_type
        if isinstance(option, inspect.TupleType) and index.isdigit():
            return option.item_types[int(index)]
    return None
