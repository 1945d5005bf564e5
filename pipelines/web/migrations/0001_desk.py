"""Drafts and the audit, which refuses to be changed."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

REFUSE = [
    f"CREATE TRIGGER desk_audit_no_{verb} BEFORE {verb} ON desk_auditline BEGIN SELECT RAISE(ABORT, 'the audit is append only'); END"
    for verb in ("update", "delete")
]


class Migration(migrations.Migration):
    """The first tables."""

    initial = True
    dependencies = (migrations.swappable_dependency(settings.AUTH_USER_MODEL),)
    operations = (
        migrations.CreateModel(
            name="AuditLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("account", models.CharField(max_length=150)),
                ("event", models.CharField(max_length=40)),
                ("address", models.CharField(blank=True, max_length=64)),
                ("detail", models.CharField(blank=True, max_length=400)),
            ],
        ),
        migrations.CreateModel(
            name="UnsentForm",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("matter", models.CharField(max_length=64)),
                ("fields", models.JSONField()),
                ("saved_at", models.DateTimeField(auto_now=True)),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name="unsentform", constraint=models.UniqueConstraint(fields=("user", "matter"), name="one_draft")
        ),
        *(migrations.RunSQL(statement) for statement in REFUSE),
    )
