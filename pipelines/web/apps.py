"""The desk as an application of Django."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Drafts and the audit."""

    name = "pipelines.web"
    label = "desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to log-ins and log-outs."""
        from pipelines.web import audit

        audit.listen()
