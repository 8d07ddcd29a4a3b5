"""Notices: what has changed, told to every process of a database when the change is committed.

A notice names what changed and nothing of how: who hears it reads the database. It may come late,
twice, or, while a process is out of touch, not at all. Whoever goes by notices therefore also hears
when some were missed, and keeps a bound on how long it trusts what it knows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_VERSION: Final = "1"


class Topic(StrEnum):
    """What a notice may be about, which says whose id its name is."""

    ACCOUNT = "account"
    SESSION = "session"
    API_KEY = "key"
    DERIVATIVE = "derivative"


@dataclass(frozen=True, slots=True)
class Notice:
    """That something of ``topic`` has changed; ``name`` holds no blanks."""

    topic: Topic
    name: str

    @property
    def payload(self) -> str:
        """The notice as it travels."""
        return f"{_VERSION} {self.topic.value} {self.name}"

    @classmethod
    def parse(cls, payload: str) -> "Notice | None":
        """Return the notice in ``payload``; None for what this version does not understand."""
        match payload.split(" "):
            case [version, topic, name] if version == _VERSION and topic in _TOPICS and name:
                return cls(Topic(topic), name)
        return None


_TOPICS: Final = frozenset(topic.value for topic in Topic)


class Notices:
    """Hands what arrives to those in this process who want to hear it."""

    def __init__(self) -> None:
        self._changed: dict[Topic, list[Callable[[str], None]]] = {topic: [] for topic in Topic}
        self._missed: list[Callable[[], None]] = []

    def hear(self, topic: Topic, changed: Callable[[str], None]) -> None:
        """Have ``changed`` called with the name in every notice of ``topic``."""
        self._changed[topic].append(changed)

    def hear_of_gaps(self, missed: Callable[[], None]) -> None:
        """Have ``missed`` called when notices of any topic may not have arrived."""
        self._missed.append(missed)

    def deliver(self, notice: Notice) -> None:
        """Tell those who hear its topic."""
        for changed in self._changed[notice.topic]:
            changed(notice.name)

    def miss(self) -> None:
        """Tell everybody that anything may have changed."""
        for missed in self._missed:
            missed()
