"""Planners' tables: problems and schedules as CSV files or an Excel workbook."""

from headway.formats.planner.reader import problem_from_tables
from headway.formats.planner.schedule import schedule_from_table, schedule_rows
from headway.formats.planner.tables import csv_tables, schedule_table, workbook_tables
from headway.formats.planner.writer import csv_files, csv_text, workbook, workbook_bytes

__all__ = [
    "csv_files",
    "csv_tables",
    "csv_text",
    "problem_from_tables",
    "schedule_from_table",
    "schedule_rows",
    "schedule_table",
    "workbook",
    "workbook_bytes",
    "workbook_tables",
]
