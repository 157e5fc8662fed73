"""Where are jobs, messages and alerts?"""

from enum import StrEnum


class AlertKind(StrEnum):
    """What an alert is about."""

    OLDEST = "oldest"
    DEPTH = "depth"
    ARTICLE = "article"
    CLASSIFIER = "classifier"


class AlertEvent(StrEnum):
    """What a message about an alert says."""

    RAISED = "raised"
    RESOLVED = "resolved"
    TEST = "test"


class Channel(StrEnum):
    """How a message goes out."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class MessageState(StrEnum):
    """Where a message is; `failed` after a day of trying."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class JobState(StrEnum):
    """Where a job is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RescoringState(StrEnum):
    """Whether a rescoring goes on; `replaced` by one for another engine or version."""

    OPEN = "open"
    DONE = "done"
    REPLACED = "replaced"


class BacktestState(StrEnum):
    """Whether a back-test goes on; `applied` once its policy was switched on."""

    OPEN = "open"
    DONE = "done"
    APPLIED = "applied"
