"""Serving the desk: one process, some threads, for this machine alone unless city.toml says otherwise."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.errors import ActionableError
from pipelines.settings.city import CityFolder
from pipelines.settings.operation import WebDesk
from pipelines.texts import both
from pipelines.web import config
from pipelines.web.room import Room

THREADS = 8
ASSETS = (Path(__file__).parent / "assets", Path(__file__).parents[1] / "reports" / "pages" / "assets")
LOCAL = ("127.0.0.1", "::1", "localhost")
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class ServeError(ActionableError, RuntimeError):
    """The desk cannot be served; the message says why and what to do."""


def application(city: CityFolder, today: date | None = None) -> Application:
    """Return the desk of a city as a WSGI application.

    Args:
        city: The city folder.
        today: The day to show it for; ``None``: the clock, or city.toml's.
    """
    config.configure(city, today)
    from django.core.wsgi import get_wsgi_application
    from whitenoise import WhiteNoise

    served = WhiteNoise(get_wsgi_application(), charset="utf-8")
    for folder in ASSETS:
        served.add_files(str(folder))
    return served


def serve(city: CityFolder, today: date | None, told: Callable[[str], None]) -> None:
    """Serve until the process is ended.

    Args:
        city: The city folder; something must be published.
        today: The day to show it for; ``None``: the clock, or city.toml's.
        told: Takes the address once it listens.

    Raises:
        ServeError: it would be open to other machines without a proxy in front, or the port is taken.
        QueryError: nothing is published yet, or it cannot be read.
        AccountsError: the accounts cannot be opened.
    """
    desk = city.settings.desk
    if desk.address not in LOCAL and not (desk.https and desk.names):
        raise ServeError(both("desk_open_to_others", at=f"desk.address = {desk.address}"))
    Room(city, today).now()  # where nothing can be shown, that is told here and not to each reader
    listen(application(city, today), desk, told)


def listen(made: Application, desk: WebDesk, told: Callable[[str], None]) -> None:
    """Answer requests until the process is ended.

    Raises:
        ServeError: the port is taken.
    """
    import waitress

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # that some wait for a moment is nothing to tell
    size = config.LONGEST_FORM
    try:
        server = waitress.create_server(
            made, host=desk.address, port=desk.port, threads=THREADS, ident=None, max_request_body_size=size
        )
    except OSError as error:
        raise ServeError(both("desk_port_taken", at=f"{desk.address}:{desk.port}", problem=error.strerror)) from error
    told(f"http://{desk.address}:{desk.port}/")
    server.run()
