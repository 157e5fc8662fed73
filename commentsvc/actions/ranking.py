"""What do votes and a manager's star make of a comment's place in the thread?"""

import math

from commentsvc.store.models import Comment

_Z = 1.96


def rank(comment: Comment) -> None:
    """Set what "Best" and "Most controversial" order by; featured comments are ahead of all others by "Best"."""
    # Wilson's lower end is 1 at most.
    comment.best = wilson(comment.up, comment.down) + (1.0 if comment.featured else 0.0)
    comment.controversial = controversy(comment.up, comment.down)


def wilson(up: int, down: int) -> float:
    """Return the lower end of Wilson's 95 % interval for the share of up-votes (Wilson 1927), 0 without votes."""
    n = up + down
    if n == 0:
        return 0.0
    share, square = up / n, _Z * _Z
    centre = share + square / (2 * n)
    spread = _Z * math.sqrt((share * (1 - share) + square / (4 * n)) / n)
    return max(0.0, (centre - spread) / (1 + square / n))


def controversy(up: int, down: int) -> float:
    """Return (up + down)^(lesser / greater): many votes, evenly split, come first; 0 when all agree."""
    if up <= 0 or down <= 0:
        return 0.0
    return float((up + down) ** (min(up, down) / max(up, down)))
