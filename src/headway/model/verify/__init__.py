"""Does a schedule hold? One file per subject of rules; `verify` asks them all."""

from headway.model.verify.check import verify
from headway.model.violation import Report, Violation, ViolationKind

__all__ = ["Report", "Violation", "ViolationKind", "verify"]
