"""Is a discussion out of hand, and has it come down again?

Two lines, so that it doesn't flap: it trips at the site's share, and lets go only when the share has fallen to half of
that, never before its cool-down is over.
"""

from dataclasses import dataclass

from commentsvc.moderation.terms import Breaker

RELEASE = 0.5
"""The part of the line to which the share must fall before a tripped breaker lets go."""
MINUTE_US = 60_000_000


@dataclass(frozen=True, slots=True)
class Tally:
    """How many comments came within the window, and how many of them are trouble."""

    counted: int
    troubled: int

    @property
    def share(self) -> float:
        """The share of trouble; none where nothing came."""
        return self.troubled / self.counted if self.counted else 0.0


def trips(breaker: Breaker, tally: Tally) -> bool:
    """Say whether enough came to judge by, and the line is reached."""
    return tally.counted >= breaker.minimum and tally.share >= breaker.share


def lets_go(breaker: Breaker, tally: Tally, *, until: int, now: int) -> bool:
    """Say whether the cool-down is over and the share has fallen, or too little comes to judge by."""
    calm = tally.counted < breaker.minimum or tally.share <= breaker.share * RELEASE
    return now >= until and calm


def window_start(breaker: Breaker, *, last_ended: int | None, now: int) -> int:
    """Return since when comments count: what came before the last end was judged then, and counts no more."""
    return max(now - breaker.window * MINUTE_US, last_ended or 0)
