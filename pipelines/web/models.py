"""What ``accounts.sqlite`` has besides Django's own accounts and sessions: drafts, and the audit that is only added to."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.db import models


class UnsentForm(models.Model):
    """What somebody typed into the form of a step and has not sent; the last one of a matter."""

    user = models.ForeignKey(get_user_model(), on_delete=models.CASCADE)
    matter = models.CharField(max_length=64)
    fields = models.JSONField()
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        """One draft of a matter for each."""

        constraints = (models.UniqueConstraint(fields=("user", "matter"), name="one_draft"),)


class AuditLine(models.Model):
    """Who did what at the desk, and from where; triggers refuse any change."""

    at = models.DateTimeField(auto_now_add=True)
    account = models.CharField(max_length=150)
    event = models.CharField(max_length=40)
    address = models.CharField(max_length=64, blank=True)
    detail = models.CharField(max_length=400, blank=True)
