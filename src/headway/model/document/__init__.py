"""Problems and schedules as JSON documents, with a published schema."""

from headway.model.document.nodes import problem_schema
from headway.model.document.read import problem_from_json, schedule_arrays_from_json
from headway.model.document.write import problem_to_json

__all__ = [
    "problem_from_json",
    "problem_schema",
    "problem_to_json",
    "schedule_arrays_from_json",
]
