"""What an account may be and how addresses compare: what is known of accounts without the ORM."""

from enum import StrEnum


class UserKind(StrEnum):
    """What an account is; each kind may do what the access matrix says."""

    GUEST = "guest"
    USER = "user"
    ADMINISTRATOR = "administrator"


def folded_email(address: str) -> str:
    """Return an e-mail address as addresses are compared: without regard to the case of A to Z.

    Nothing else is taken for each other, not even two ways to write one letter: addresses that
    only look alike may be two people's.
    """
    return "".join(char.lower() if char.isascii() else char for char in address)
