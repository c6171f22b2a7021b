"""Events in words: by rules, or read by a language model; checked before anything is done."""

from headway.simulate.reschedule.text.read import checked, read_events
from headway.simulate.reschedule.text.rules import PATTERNS, parse_events

__all__ = ["PATTERNS", "checked", "parse_events", "read_events"]
