"""Pictures, reports and traces of schedules. matplotlib and jinja2 are loaded when first used."""

from headway.show.figure import Figure
from headway.show.gantt import gantt
from headway.show.profile import profile
from headway.show.progress import progress

__all__ = ["Figure", "gantt", "profile", "progress"]
