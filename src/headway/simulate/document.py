"""YAML and JSON documents: read with clear refusals, checked against the records they hold."""

from __future__ import annotations

from os import PathLike
from typing import Any, TypeVar

import msgspec

from headway.errors import ConfigError, FormatError

_Record = TypeVar("_Record", bound=msgspec.Struct)


def parse(text: str | bytes) -> Any:
    """Return the plain data in a YAML or JSON text.

    Raises
    ------
    FormatError
        If the text is not YAML; the message names the line.
    """
    import yaml

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Refuses a key that is said twice, of which the first would be lost."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
            seen = set()
            for key, _ in node.value:
                if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key.value!r} is said twice", key.start_mark
                    )
                seen.add(key.value if isinstance(key.value, str) else id(key))
            mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
            return mapping

    try:
        return yaml.load(text, Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = None if mark is None else mark.line + 1
        raise FormatError(f"not YAML: {error.problem or error.context}", line=line) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"not YAML: {str(error).splitlines()[0]}") from None


def document(path: str | PathLike[str]) -> Any:
    """Return the plain data in a YAML or JSON file.

    Raises
    ------
    FormatError
        If the file cannot be read or is not YAML; the message names file and line.
    """
    from headway.files import read_bytes

    text = read_bytes(path)
    try:
        return parse(text)
    except FormatError as error:
        raise error.located(path) from None


def record(content: Any, kind: type[_Record], what: str) -> _Record:
    """Return plain data as a record; unknown keys are refused.

    Parameters
    ----------
    content
        Plain data.
    kind
        The record.
    what
        What it should be, for messages.

    Raises
    ------
    ConfigError
        If it does not fit; the message begins with the key, as in ``arrivals.load``.
    """
    if not isinstance(content, dict):
        raise ConfigError(f"expected {what}: keys and values")
    try:
        return msgspec.convert(content, kind)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`").removeprefix(".")
        raise ConfigError(f"{where}: {message}" if where else message) from None


def plain(section: msgspec.Struct) -> dict[str, Any]:
    """Return a record as plain data, without what is at its default."""
    content: dict[str, Any] = {}
    for field in msgspec.structs.fields(section):
        value = getattr(section, field.name)
        made = field.default_factory
        default = field.default if made is msgspec.NODEFAULT else made()
        if value != default or default is msgspec.NODEFAULT:
            content[field.name] = _plain(value)
    return content


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return plain(value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value


def to_yaml(section: msgspec.Struct) -> str:
    """Return a record as YAML, without what is at its default."""
    import yaml

    return str(yaml.safe_dump(plain(section), sort_keys=False, allow_unicode=True))
