"""Planners' tables, as a workbook or as CSV files; see `headway.formats.planner`."""

from __future__ import annotations

from headway.formats.planner import (
    csv_files,
    csv_tables,
    problem_from_tables,
    workbook,
    workbook_tables,
)
from headway.formats.planner.tables import has_tasks
from headway.formats.registry import Format, Match
from headway.formats.source import Source, attempt
from headway.model import Problem


def _sniff_csv(source: Source) -> Match:
    return Match.CERTAIN if attempt(has_tasks, source) else Match.NO


def _parse_csv(source: Source) -> list[Problem]:
    return [problem_from_tables(csv_tables(source), _name(source))]


def _name(source: Source) -> str:
    """Return the stem without "tasks", or the folder's name if nothing else is left."""
    if source.path is None or source.is_folder:
        return source.name
    stem = source.name
    if stem.lower().endswith("tasks"):
        stem = stem[: -len("tasks")].rstrip("-_. ")
    return stem or source.path.resolve().parent.name or "problem"


def _sniff_workbook(source: Source) -> Match:
    return Match.CERTAIN if source.data.startswith(b"PK\x03\x04") else Match.NO


def _parse_workbook(source: Source) -> list[Problem]:
    return [problem_from_tables(workbook_tables(source), source.name)]


FORMATS = (
    Format(
        name="planner-csv",
        description="planner's tables as CSV: tasks.csv, resources.csv beside it, or their folder",
        suffixes=(".csv", ""),
        sniff=_sniff_csv,
        parse=_parse_csv,
        render=csv_files,
    ),
    Format(
        name="planner-xlsx",
        description="planner's tables as an Excel workbook: a sheet of tasks, one of resources",
        suffixes=(".xlsx", ".xlsm"),
        sniff=_sniff_workbook,
        parse=_parse_workbook,
        render=workbook,
    ),
)
