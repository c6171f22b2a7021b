"""Pictures, reports and traces of schedules. matplotlib and jinja2 are loaded when first used."""

from headway.show.figure import Figure
from headway.show.gantt import gantt
from headway.show.profile import profile
from headway.show.progress import progress
from headway.show.report import report
from headway.show.save import save
from headway.show.trace import trace, trace_json

__all__ = ["Figure", "gantt", "profile", "progress", "report", "save", "trace", "trace_json"]
