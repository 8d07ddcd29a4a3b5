"""The application for ASGI servers other than our own: ``granian --interface asgi --factory …``."""

import os

from starlette.applications import Starlette

from core.settings import load_settings
from server.app import create_app


def app() -> Starlette:
    """Return the application that the environment's ``MEDIA_*`` settings describe.

    Raises:
        SettingsError: A setting's value cannot be used.
    """
    return create_app(load_settings(os.environ))
