"""Every address of the desk. All but the log-in ask for an account; what an account may do is asked in the views."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from pipelines.web.views import (
    administration,
    analysis,
    confirm,
    explain,
    mine,
    question,
    questions,
    results,
    session,
    told,
)


class IdConverter(StringConverter):
    """An id of a question, flag or doubt."""

    regex = "[0-9A-Za-z_-]{1,64}"


class StepConverter(StringConverter):
    """A step that one question can take."""

    regex = "answer|accept|return"


class YearConverter(StringConverter):
    """A fiscal year."""

    regex = "(19|20)[0-9]{2}"

    def to_python(self, value: str) -> int:
        """Return it as a number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Return it as it stands in an address."""
        return str(value)


class KindConverter(StringConverter):
    """A kind of file."""

    regex = "csv|xlsx|parquet"


for name, converter in (("id", IdConverter), ("step", StepConverter), ("year", YearConverter), ("kind", KindConverter)):
    register_converter(converter, name)

urlpatterns = [
    path("", mine.show, name="mine"),
    path("login", session.LogIn.as_view(), name="login"),
    path("favicon.ico", told.no_picture, name="favicon"),
    path("logout", session.LogOut.as_view(), name="logout"),
    path("password", session.OtherPassword.as_view(), name="password"),
    path("questions", questions.show, name="questions"),
    path("questions.csv", questions.as_csv, name="questions_csv"),
    path("questions.xlsx", questions.as_excel, name="questions_xlsx"),
    path("questions/accept", questions.accept, name="accept_several"),
    path("questions/<id:matter>", question.show, name="question"),
    path("questions/<id:matter>/draft", question.draft, name="draft"),
    path("questions/<id:matter>/<step:step>", question.step, name="step"),
    path("confirm", confirm.show, name="confirm"),
    path("confirm/<year:year>", confirm.confirm, name="confirm_year"),
    path("confirm/<year:year>/list", confirm.export, name="confirm_list"),
    path("analysis", analysis.show, name="analysis"),
    path("analysis/<int:number>", analysis.ask, name="saved"),
    path("analysis/<int:number>.<kind:kind>", analysis.download, name="saved_file"),
    path("explain/<str:facility>/<year:year>", explain.show, name="explain"),
    path("results/<path:path>", results.show, name="results"),
    path("accounts", administration.show, name="accounts"),
]
handler400 = "pipelines.web.views.told.bad"
handler403 = "pipelines.web.views.told.refused"
handler404 = "pipelines.web.views.told.not_there"
handler500 = "pipelines.web.views.told.fault"
