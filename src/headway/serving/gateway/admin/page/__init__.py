"""The page at ``/ui``: one file that holds its style and its script."""

from __future__ import annotations

from headway.serving.gateway.admin.page.render import POLICY, html

__all__ = ["POLICY", "html"]
