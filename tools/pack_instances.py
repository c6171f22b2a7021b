"""Rebuild the data files of `headway.instances` from the public repositories they come from.

Usage::

    python tools/pack_instances.py SCHEDULEOPT PYJOBSHOP NADERI.csv ORLIB

where the arguments are checkouts of https://github.com/ScheduleOpt/benchmarks,
https://github.com/PyJobShop/Experiments and https://github.com/cicirello/scheduling-benchmarks
(their commits stand in ``headway/instances/data/README.md``) and, third, the sheet "Alltogether"
of PyJobShop's ``data/bks/Results_22_9_2021.xlsx`` saved as CSV.

It writes the archives of shipped instances, ``index.csv``, ``best_known.csv`` and ``remote.csv``.
The seeds of generated instances (``seeds.csv``), the citations (``sources.toml``) and the families
(``families.toml``, in the order of the catalogue) are kept by hand. The archives are reproducible
byte for byte.
"""
# ruff: noqa: INP001

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).resolve().parents[1] / "src" / "headway" / "instances" / "data"

TEXT = "jobshop/instances/text"
FLEX = "flexible-jobshop/instances/fjsp"
HURINK = f"{FLEX}/HurinkJurischThole1994"
SHIPPED = {
    "ft": f"{TEXT}/FisherThompson1963",
    "la": f"{TEXT}/Lawrence1984",
    "abz": f"{TEXT}/AdamsBalasZawack1988",
    "orb": f"{TEXT}/ApplegateCook1991",
    "swv": f"{TEXT}/StorerWuVaccari1992",
    "yn": f"{TEXT}/YamadaNakano1992",
    "mk": f"{FLEX}/Brandimarte1993",
    "sdata": f"{HURINK}/sdata",
    "edata": f"{HURINK}/edata",
    "rdata": f"{HURINK}/rdata",
    "vdata": f"{HURINK}/vdata",
    "dpp": f"{FLEX}/DauzerePeresPaulli1994",
    "barnes": f"{FLEX}/ChambersBarnes1996",
    "kacem": f"{FLEX}/KacemHammadiBorne2002",
    "fattahi": f"{FLEX}/FattahiMehrabadJolai2007",
    "gp": "openshop/instances/GueretPrins1999",
    "brucker": "openshop/instances/BruckerHurinkJurischWotmann1997",
}
"""Families that travel with the package, and their folder in ScheduleOpt/benchmarks."""

PSPLIB = ("j30", "j60", "j90", "j120")
"""Of these, `shipped_project` says which instances travel with the package."""

BEL = "BoverouxErnstLouveaux2025"

FLOW_SHOPS = {"hfs": "HFSP", "sdst": "SDST-PFSP", "ttfs": "TT-PFSP"}
"""Families of which a sample travels with the package, and their class in PyJobShop/Experiments."""

SAMPLE = 20
"""Instances of each of them, evenly spread over those that PyJobShop's authors solved."""


@dataclass(frozen=True, order=True)
class Row:
    """One line of ``index.csv``."""

    family: str
    name: str
    n_jobs: int
    n_machines: int
    n_tasks: int
    access: str


@dataclass
class Bound:
    """A bound with the key of its source (see ``sources.toml``) and the date it was recorded."""

    value: int
    source: str
    date: str


def canonical(family: str, stem: str) -> str:
    """Return our name of an instance from the name of its file."""
    if family.endswith("data"):
        return f"{family}-{re.sub('orb', 'orb0', stem) if re.fullmatch('orb.', stem) else stem}"
    if family == "dpp":
        return f"dpp{stem}"
    if family == "fattahi":
        return f"fattahi{int(stem.removeprefix('fattahi')):02d}"
    return stem


def compact(text: str) -> str:
    """Return the text with single spaces, without trailing or empty ones."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def natural(name: str) -> list[object]:
    """Return a sort key that puts j30_2_1 before j30_10_1."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def shipped_project(stem: str) -> bool:
    """Say whether a PSPLIB instance travels with the package."""
    size, _, number = stem.split("_")
    return number == "1" or (size == "j30" and number == "2")


def size(text: str, family: str) -> tuple[int, int, int]:
    """Return the numbers of jobs, machines and tasks of an instance text."""
    numbers = [int(token) for token in re.findall(r"(?<![\d.])\d+(?![\d.])", text)]
    if family in PSPLIB:
        return 1, numbers[1], numbers[0]
    n_jobs, n_machines = numbers[:2]
    if family in {"gp", "brucker"}:
        return n_jobs, n_machines, n_jobs * n_machines
    rows = compact(text).splitlines()[1:]
    if family in {"ft", "la", "abz", "orb", "swv", "yn", "bel"}:
        return n_jobs, n_machines, sum(len(row.split()) // 2 for row in rows)
    return n_jobs, n_machines, sum(int(row.split()[0]) for row in rows[:n_jobs])


def pack(path: Path, members: Iterable[tuple[str, str]]) -> None:
    """Write a zip archive that depends on nothing but its members."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members:
            info = zipfile.ZipInfo(name, date_time=(2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, text, compresslevel=9)


def write(path: Path, header: str, rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file with newlines that do not depend on the platform."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def shipped(root: Path) -> Iterator[Row]:
    """Pack the families of `SHIPPED` and the shipped part of PSPLIB."""
    for family, folder in SHIPPED.items():
        texts = {
            canonical(family, path.stem): compact(path.read_text("utf-8"))
            for path in (root / folder).glob("*.txt")
        }
        names = sorted(texts, key=natural)
        pack(DATA / f"{family}.zip", ((name, texts[name]) for name in names))
        for name in names:
            yield Row(family, name, *size(texts[name], family), "shipped")
    for family in PSPLIB:
        paths = sorted(
            (root / "rcpsp/instances" / family).glob("*.rcp"), key=lambda p: natural(p.stem)
        )
        texts = {path.stem: compact(path.read_text("utf-8")) for path in paths}
        pack(DATA / f"{family}.zip", ((n, t) for n, t in texts.items() if shipped_project(n)))
        for name, text in texts.items():
            access = "shipped" if shipped_project(name) else "download"
            yield Row(family, name, *size(text, family), access)


def generated() -> Iterator[Row]:
    """Yield the rows of the instances that come from seeds."""
    with (DATA / "seeds.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            n, m = int(line["n_jobs"]), int(line["n_machines"])
            family = re.sub(r"\d+$", "", line["name"])
            yield Row(family, line["name"], n, m, n * m, "generated")


def downloads(root: Path, orlib: Path) -> Iterator[tuple[Row | None, str, Path]]:
    """Yield a row, the path below ``HEADWAY_DATA`` and the file of what is fetched on demand."""
    for path in sorted((root / TEXT / BEL).glob("*.txt")):
        row = Row("bel", path.stem, *size(path.read_text("utf-8"), "bel"), "download")
        yield row, f"planning/jobshop/{BEL}/{path.name}", path
    for family in PSPLIB:
        folder = root / "rcpsp/instances" / family
        for path in sorted(folder.glob("*.rcp"), key=lambda p: natural(p.stem)):
            if not shipped_project(path.stem):
                yield None, f"planning/rcpsp/{family}/{path.name}", path
    for n in (40, 50, 100):
        path = orlib / "wt" / f"wt{n}.txt"
        yield None, f"planning/weighted_tardiness/{path.name}", path


def flow_shop_samples(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield family, our name and file name of the flow shops that travel with the package."""
    solved: dict[str, set[int]] = {problem: set() for problem in FLOW_SHOPS.values()}
    with (root / "data/results.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            number = line["instance"].removesuffix(".txt")
            if line["problem"] in solved and number != "0":  # their own tiny test
                solved[line["problem"]].add(int(number))
    for family, problem in FLOW_SHOPS.items():
        numbers = sorted(solved[problem])
        width = 4 if len(numbers) >= 1000 else 3
        for k in range(SAMPLE):
            number = numbers[(2 * k + 1) * len(numbers) // (2 * SAMPLE)]
            yield family, f"{family}{number:0{width}d}", f"{number}.txt"


def flow_shop_rows(root: Path) -> Iterator[Row]:
    """Pack the samples of flow shops."""
    texts: dict[str, dict[str, str]] = {family: {} for family in FLOW_SHOPS}
    for family, name, file in flow_shop_samples(root):
        path = root / "data/instances" / FLOW_SHOPS[family] / file
        texts[family][name] = compact(path.read_text("utf-8"))
    for family, members in texts.items():
        pack(DATA / f"{family}.zip", members.items())
        for name, text in members.items():
            n, m, *rest = map(int, text.split())
            machines = sum(rest[:m]) if family == "hfs" else m
            yield Row(family, name, n, machines, n * m, "shipped")


def flow_shop_bounds(root: Path) -> Iterator[tuple[str, Bound, Bound]]:
    """Yield the bounds of the samples of flow shops."""
    ours = {(FLOW_SHOPS[f], file): name for f, name, file in flow_shop_samples(root)}
    upper: dict[str, Bound] = {}
    lower: dict[str, Bound] = {}
    with (root / "data/bks.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            key = (line["problem"], line["instance"])
            if key in ours:
                upper[ours[key]] = Bound(int(float(line["bks"])), "NRR2023-BKS", "2021-09-22")
    with (root / "data/results.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            key = (line["problem"], line["instance"])
            if key not in ours:
                continue
            name, source = ours[key], ("PyJobShop2025", "2025-02-17")
            low, high = math.ceil(_number(line["lower_bound"]) - 1e-6), _number(line["objective"])
            if name not in lower or low > lower[name].value:
                lower[name] = Bound(low, *source)
            if 0 <= high < upper[name].value:
                upper[name] = Bound(int(high), *source)
    for name, bound in upper.items():
        yield name, lower[name], bound


def tardiness_rows() -> Iterator[Row]:
    """Yield the rows of OR-Library's weighted tardiness instances, 125 in one file."""
    for n in (40, 50, 100):
        for number in range(1, 126):
            yield Row(f"wt{n}", f"wt{n}_{number:03d}", n, 1, n, "download")


def schedule_opt_bounds(root: Path) -> Iterator[tuple[str, Bound, Bound]]:
    """Yield the bounds of job shops and flexible job shops."""
    for folder in ("jobshop", "flexible-jobshop"):
        for entry in json.loads((root / folder / "solutions/bks.json").read_text("utf-8")):
            name = re.sub(r"^(ta\d+)js$", r"\1", entry["instance"])
            if match := re.fullmatch(r"(\w+)_([serv]data)", name):
                name = canonical(match[2], match[1])
            elif name.startswith("fattahi"):
                name = canonical("fattahi", name)
            pair = []
            for kind, side in (("lower", "lb"), ("upper", "ub")):
                value = entry[f"{kind}_bound"]
                record = next(r for r in entry[f"{side}_data"] if r["value"] == value)
                pair.append(Bound(value, record["solver"], record["date"]))
            yield name, pair[0], pair[1]


def project_bounds(root: Path) -> Iterator[tuple[str, Bound, Bound]]:
    """Yield the bounds of PSPLIB as collected by Ghent University, 18 September 2024."""
    for file in ("J30", "J60_1", "J90_3", "J120_0"):
        lines = (root / f"data/bks/{file}.csv").read_text("latin-1").splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("ID;"))
        for line in csv.DictReader(lines[start:], delimiter=";"):
            match = re.fullmatch(r"(j120|j30|j60|j90)(\d+)_(\d+)\.sm", line["Ref1"] or "")
            if match is None:  # legend below the table
                continue
            yield (
                "_".join(match.groups()),
                Bound(int(line["LB value"]), "SolutionsUpdate", "2024-09-18"),
                Bound(int(line["UB value"]), "SolutionsUpdate", "2024-09-18"),
            )


def shop_bounds(root: Path, opt: Path, naderi: Path) -> Iterator[tuple[str, Bound, Bound]]:
    """Yield the bounds of open shops and permutation flow shops."""
    lower: dict[tuple[str, str], Bound] = {}
    upper: dict[tuple[str, str], Bound] = {}

    def offer(key: tuple[str, str], low: float, high: float, source: str, date: str) -> None:
        if low > 0 and (key not in lower or low > lower[key].value):
            lower[key] = Bound(int(low), source, date)
        if high > 0 and (key not in upper or high < upper[key].value):
            upper[key] = Bound(int(high), source, date)

    with (root / "data/bks.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            if line["problem"] in {"PFSP", "OSP"} and line["category"] != "VFR":
                key = (line["problem"], line["instance"].removesuffix(".txt"))
                offer(key, 0, float(line["bks"]), "NRR2023-BKS", "2021-09-22")
    with naderi.open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            problem = {"Flowshop": "PFSP", "Openshop": "OSP"}.get(line["Problem"])
            # The mixed-integer solvers there contradict the others by one unit now and then.
            if problem and line["Method"] == "CPLEX_CP" and line["Benchmark"] != "VFR":
                low, high = _number(line["LB"]), _number(line["UB"])
                offer((problem, line["Instance"]), low, high, "NRR2023", "2021-09-22")
    with (root / "data/results.csv").open(encoding="utf-8") as file:
        for line in csv.DictReader(file):
            key = (line["problem"], line["instance"].removesuffix(".txt"))
            if key in upper:
                low, high = _number(line["lower_bound"]), _number(line["objective"])
                offer(key, low, high, "PyJobShop2025", "2025-02-17")

    names = dict(_shop_names(root, opt))
    for key, bound in upper.items():
        yield names[key], lower[key], bound


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _shop_names(root: Path, opt: Path) -> Iterator[tuple[tuple[str, str], str]]:
    """Match PyJobShop's numbered files with our names by their content."""
    ours: dict[tuple[str, ...], str] = {}
    order = {f"{n}x{n}": k for k, n in enumerate((4, 5, 7, 10, 15, 20))}
    for path in (opt / "openshop/instances/Taillard1993").glob("*.txt"):
        match = re.fullmatch(r"ta(\w+)_(\d+)os", path.stem)
        assert match, path
        name = f"tos{10 * order[match[1]] + int(match[2]):02d}"
        ours[tuple(path.read_text("utf-8").split())] = name
    for family in ("gp", "brucker"):
        for path in (opt / SHIPPED[family]).glob("*.txt"):
            n, m, *rest = path.read_text("utf-8").split()
            ours[(n, m, *rest)] = path.stem
            # Jobs and machines of an open shop may change places; some files have them so.
            columns = (rest[k :: int(m)] for k in range(int(m)))
            ours[(m, n, *(entry for column in columns for entry in column))] = path.stem
    for path in (opt / "permutation flowshop/instances/Taillard1993").glob("*.txt"):
        n, m, *rest = path.read_text("utf-8").split()
        ours[(n, m, *rest[1::2])] = path.stem
    for problem in ("OSP", "PFSP"):
        for path in (root / "data/instances" / problem).glob("*.txt"):
            numbers = tuple(path.read_text("utf-8").split())
            if numbers in ours:
                yield (problem, path.stem), ours[numbers]


def tardiness_bounds(orlib: Path) -> Iterator[tuple[str, Bound | None, Bound]]:
    """Yield OR-Library's values of the weighted tardiness instances."""
    unsolved = {40: {19}, 50: {11, 12, 14, 19, 36, 44, 66, 87, 88, 111}, 100: set(range(1, 126))}
    files = {40: "wtopt40", 50: "wtopt50", 100: "wtbest100b"}
    keys = {40: "CPV1998", 50: "CPV1998", 100: "CPvdV1998"}
    for n, file in files.items():
        values = (orlib / "wt" / f"{file}.txt").read_text("utf-8").split()
        for number, value in enumerate(map(int, values), 1):
            bound = Bound(value, keys[n], "1998-01-01")
            proven = number not in unsolved[n] or value == 0
            yield f"wt{n}_{number:03d}", bound if proven else None, bound


def _cells(bound: Bound | None) -> tuple[object, ...]:
    return (bound.value, bound.source, bound.date) if bound else ("", "", "")


def kept_by_hand() -> Iterator[tuple[str, str]]:
    """Yield the lines of ``remote.csv`` that are no planning instances."""
    with (DATA / "remote.csv").open(encoding="utf-8", newline="") as stream:
        for path, digest in list(csv.reader(stream))[1:]:
            if not path.startswith("planning/"):
                yield path, digest


def main(schedule_opt: str, pyjobshop: str, naderi: str, orlib: str) -> None:
    """Write everything."""
    opt, pjs, library = Path(schedule_opt), Path(pyjobshop), Path(orlib)
    fetched = list(downloads(opt, library))
    rows = [*shipped(opt), *flow_shop_rows(pjs), *generated(), *tardiness_rows()]
    rows += (row for row, _, _ in fetched if row)
    families = list(tomllib.loads((DATA / "families.toml").read_text("utf-8"))["family"])
    rows.sort(key=lambda row: (families.index(row.family), natural(row.name)))
    write(
        DATA / "index.csv",
        "name,family,n_jobs,n_machines,n_tasks,access",
        ((r.name, r.family, r.n_jobs, r.n_machines, r.n_tasks, r.access) for r in rows),
    )
    digests = ((path, hashlib.sha256(file.read_bytes()).hexdigest()) for _, path, file in fetched)
    write(DATA / "remote.csv", "path,sha256", [*kept_by_hand(), *digests])

    bounds: dict[str, tuple[Bound | None, Bound]] = {}
    for source in (
        schedule_opt_bounds(opt),
        project_bounds(pjs),
        shop_bounds(pjs, opt, Path(naderi)),
        flow_shop_bounds(pjs),
        tardiness_bounds(library),
    ):
        bounds.update({name: (low, high) for name, low, high in source})
    table = [(row.name, *_cells(bounds[row.name][0]), *_cells(bounds[row.name][1])) for row in rows]
    header = "name,lower,lower_source,lower_date,upper,upper_source,upper_date"
    write(DATA / "best_known.csv", header, table)


if __name__ == "__main__":
    main(*sys.argv[1:])
