"""Public data that is too large to travel with the package.

Each file is known by its path below the data folder, the address it comes from and its SHA-256.
The data folder is the environment variable ``HEADWAY_DATA``, or else the user's cache. A file that
lies there already, with the right content, is used without any network.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from headway.errors import FormatError, UnknownNameError
from headway.instances.catalogue import read_table

_RAW = "https://raw.githubusercontent.com"
_SCHEDULEOPT = f"{_RAW}/ScheduleOpt/benchmarks/79f0edc1a2e95ed0e3cc105e79a6d03910a6d091"
_ORLIB = f"{_RAW}/cicirello/scheduling-benchmarks/e7b6158e4689d80535ae438bf7b8a38d93c07f58"
_DAG_BENCH = f"{_RAW}/ANRGUSC/dag-bench/e69984fcf48f3c66bd9571a9d50591b61de42722"

_ADDRESSES = {
    "dags/dag_bench/": f"{_DAG_BENCH}/workflows/{{folder}}/{{name}}/graph.json",
    "planning/jobshop/": f"{_SCHEDULEOPT}/jobshop/instances/text/",
    "planning/rcpsp/": f"{_SCHEDULEOPT}/rcpsp/instances/",
    "planning/weighted_tardiness/": f"{_ORLIB}/wt/",
}
"""Where the files of each folder come from: fixed commits, so that the checksums stay true.

An address that ends in a slash goes on with the file's name; in others, ``folder`` and ``name`` are
the parts of ``folder.name.json``.
"""

_TIMEOUT_S = 30.0


def data_folder() -> Path:
    """Return the folder of downloaded data: ``HEADWAY_DATA`` or the user's cache."""
    given = os.environ.get("HEADWAY_DATA")
    if given:
        return Path(given).expanduser()
    import pooch

    return Path(pooch.os_cache("headway"))


@cache
def checksums() -> Mapping[str, str]:
    """Return the SHA-256 of every known file by its path below the data folder."""
    known = {path: sha256 for path, (sha256,) in read_table("remote.csv").items()}
    known.update({path: sha256 for path, (sha256, _) in read_table("traces.csv").items()})
    return MappingProxyType(known)


@cache
def _trace_addresses() -> Mapping[str, str]:
    """Return where each trace comes from; its name there is another one."""
    return {path: source for path, (_, source) in read_table("traces.csv").items()}


def address(path: str) -> str:
    """Return where a known file is downloaded from.

    Raises
    ------
    UnknownNameError
        If the file is not known.
    """
    if path not in checksums():
        raise UnknownNameError("data file", path, checksums())
    if path in _trace_addresses():
        return _trace_addresses()[path]
    prefix = next(prefix for prefix in _ADDRESSES if path.startswith(prefix))
    name, where = path.removeprefix(prefix), _ADDRESSES[prefix]
    if where.endswith("/"):
        return where + name
    folder, _, rest = name.removesuffix(".json").partition(".")
    return where.format(folder=folder, name=rest)


def fetch(path: str) -> Path:
    """Return a known file on this machine, downloading it if it is not there yet.

    Parameters
    ----------
    path
        The path below the data folder, with forward slashes.

    Raises
    ------
    UnknownNameError
        If the file is not known.
    FormatError
        If a file with other content lies in its place, or the file is neither there nor can be
        downloaded; the message names the address and ``HEADWAY_DATA``.
    """
    source = address(path)
    target = data_folder() / path
    if target.is_file():
        if hashlib.sha256(target.read_bytes()).hexdigest() == checksums()[path]:
            return target
        raise FormatError(
            f"has other content than {source}; remove it to download that, or let HEADWAY_DATA "
            "name another folder",
            path=target,
        )
    _download(source, target, checksums()[path])
    return target


def _download(source: str, target: Path, sha256: str) -> None:
    import pooch

    # What pooch says while it works is of no interest: the file comes, or we say why it does not.
    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            source,
            known_hash=f"sha256:{sha256}",
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(timeout=_TIMEOUT_S),
        )
    # Failures of the network, of the disk, and a wrong checksum.
    except (OSError, ValueError) as error:
        raise FormatError(
            f"not there, and {source} cannot be downloaded ({_reason(error)}); put the file there "
            "by hand, or let HEADWAY_DATA name a folder that has it",
            path=target,
        ) from error


def _reason(error: Exception) -> str:
    """Return a failure in a few words; the network library's own messages fill a page."""
    if isinstance(error, ValueError):
        return "the address holds something else"
    text = str(error).partition(" for url")[0]
    return text if 0 < len(text) < 100 else "no connection"
