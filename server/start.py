"""What is told of a server that cannot start."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.errors import MediaError, explained
from core.settings import SettingsError


class TellFailedStart:
    """Says in a sentence what keeps the server from starting, if the operator can change it.

    Starlette tells the ASGI server a stack trace (ASGI specification, ``lifespan.startup.failed``).
    That is kept for the faults of this code.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the lifespan; requests pass."""
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed":
                held.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except Exception as error:
            for failure in held:
                await send(_told(failure, error))
            raise


def _told(failure: Message, error: Exception) -> Message:
    if not isinstance(error, MediaError | SettingsError):
        return failure
    return {**failure, "message": f"cannot start: {explained(error)}"}
