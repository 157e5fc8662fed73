"""What do readers see of comments and articles, in which order?"""

from enum import StrEnum


class Status(StrEnum):
    """What readers see of a comment; only `published` is public."""

    PUBLISHED = "published"
    HELD = "held"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Sort(StrEnum):
    """The order of top-level comments."""

    BEST = "best"
    NEWEST = "newest"
    OLDEST = "oldest"
    REPLIES = "replies"
    CONTROVERSIAL = "controversial"


class ArticleSort(StrEnum):
    """The order of a site's articles."""

    COMMENTS = "comments"
    NEWEST = "newest"
    CASES = "cases"


class ArticleState(StrEnum):
    """Whether an article takes comments; an archived one takes nothing at all."""

    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"
