"""What would happen to a text under a policy that may not be saved yet, and why? Nothing of it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commentsvc import text
from commentsvc.actions import asking
from commentsvc.errors import Unanswered
from commentsvc.moderation.policy import policy_for, policy_from_json
from commentsvc.moderation.terms import Draft, Signal, Span, Standing, Verdict
from commentsvc.web import context
from commentsvc.web.desk import desk

_MOST = 5000


@dataclass(frozen=True, slots=True)
class Marked:
    """A signal as the highlighting of a card reads it."""

    check: str
    evidence: Mapping[str, Sequence[Span]]


@dataclass(frozen=True, slots=True)
class Trial:
    """A text, what would happen to it, and everything that was observed."""

    body: str
    verdict: Verdict
    signals: Sequence[Signal]
    thresholds: Mapping[str, float]
    silent: Sequence[str] = ()

    @property
    def marks(self) -> list[Marked]:
        """What to mark in the text."""
        return [Marked(signal.check, {"spans": signal.spans}) for signal in self.signals]

    @property
    def labels(self) -> list[tuple[str, float, float | None]]:
        """The classifier's scores with their thresholds, highest first."""
        scores = next((signal.labels for signal in self.signals if signal.check == "toxicity"), {})
        known = [(label, score, self.thresholds.get(label)) for label, score in scores.items() if score is not None]
        return sorted(known, key=lambda one: -one[1])


def try_text(policy: Mapping[str, Any], sample: str, *, section: str, is_new: bool, with_slow: bool) -> Trial:
    """Judge a text as if somebody posted it now, with no transaction open; raises Invalid."""
    body = text.clean(sample, field="sample", max_length=_MOST, multiline=True)
    in_force = policy_for(policy_from_json(policy), section or None)
    services, site = context.services(), desk().site
    # Nothing was written; a rollback would make the site forget what was read of it.
    context.finish(commit=True)
    standing = Standing(published=0 if is_new else max(in_force.new_author_below, 1))
    draft = Draft(body, mode=in_force.mode, standing=standing)
    slow: list[Signal] = []
    silent: list[str] = []
    if with_slow:
        servers = asking.Servers(services.settings.akismet_url, services.settings.private_host_names)
        with services.db.reading() as session:
            calls = asking.try_out(session, site, in_force, draft, servers=servers, now=context.now())
        for call in calls:
            try:
                slow.append(call())
            except Unanswered as error:
                silent.append(error.message)
    judged = services.judge.judge(_with(draft, slow), in_force)
    return Trial(body, judged.verdict, [*judged.signals, *slow], in_force.thresholds, silent)


def _with(draft: Draft, asked: Sequence[Signal]) -> Draft:
    return Draft(draft.body, mode=draft.mode, standing=draft.standing, asked=tuple(asked))
