"""What is in one block of synthetic comments? Plain rows, the same for one seed; nothing here reaches the database."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from commentsvc.actions import seeding_words
from commentsvc.actions.cases import rank_of, reach_of
from commentsvc.actions.ranking import controversy, wilson
from commentsvc.enums import Action, CaseState, Guideline, NoticeKind, Reason, ReportOutcome, Status
from commentsvc.moderation.normalise import fingerprint
from commentsvc.queries.threads import FLAT_FROM

BLOCK = 10_000
_VOTES = (0, 0, 0, 0, 0, 0, 1, 1, 2, 6)
_CHECK = {
    Guideline.COURTESY: "toxicity",
    Guideline.ON_TOPIC: "relevance",
    Guideline.SPAM: "spam",
    Guideline.LEGAL: "toxicity",
    Guideline.PRIVACY: "words",
}
_LABELS = ("insult", "toxicity", "insult", "obscene", "identity_attack", "threat")

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who writes where: the people and articles that are there already, and how the comments are spread."""

    site_id: int
    guidelines_version: int
    people: list[int]
    manager_id: int
    articles: list[tuple[int, int]]
    """(article id, number of comments)"""
    bodies: list[tuple[str, int]]
    """Texts with their fingerprints, made once: so many that few threads have one twice."""
    seed: int
    since: int
    """When the first comment was written, in microseconds; the last ones are written just before `now`."""
    now: int

    @property
    def size(self) -> int:
        """How many comments it makes."""
        return sum(size for _, size in self.articles)

    def blocks(self) -> Iterator["Block"]:
        """Cut every thread into blocks that fit in memory; replies stay within their block."""
        for number, (article_id, size) in enumerate(self.articles):
            for first in range(0, size, BLOCK):
                yield Block(number, article_id, first, min(BLOCK, size - first), size)


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive comments of one thread: the first one's number, how many, and how many the thread gets."""

    article: int
    """Which of the plan's articles; rows depend on this number alone, not on ids."""
    article_id: int
    first: int
    size: int
    thread_size: int


@dataclass(slots=True)
class Harvest:
    """The rows of one block, and what they add to its article and its authors."""

    comments: list[Row] = field(default_factory=list)
    revisions: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    votes: list[Row] = field(default_factory=list)
    cases: list[Row] = field(default_factory=list)
    reports: list[Row] = field(default_factory=list)
    signals: list[Row] = field(default_factory=list)
    notices: list[Row] = field(default_factory=list)
    published: Counter[int] = field(default_factory=Counter)
    rejected: Counter[int] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Ids:
    """The first of the ids that were reserved for a block, and the name of its decisions' batch."""

    comment: int
    case: int
    decision: int
    batch: str


def grow(plan: Plan, block: Block, ids: Ids) -> Harvest:
    """Make the rows of one block; they point at each other by the reserved ids."""
    return _Grower(plan, block, ids).grow()


class _Grower:
    """Grows one block, comment after comment."""

    def __init__(self, plan: Plan, block: Block, ids: Ids) -> None:
        self.plan, self.block = plan, block
        self.rng = Random(f"{plan.seed}:{block.article}:{block.first}")  # noqa: S311 - for variety, not for secrets
        self.first_id, self.next_case, self.next_decision = ids.comment, ids.case, ids.decision
        self.batch = ids.batch
        self.harvest = Harvest()
        self.step = (plan.now - plan.since) // max(1, block.thread_size)

    def grow(self) -> Harvest:
        """Make the rows, then settle from the last comment to the first what readers see of each."""
        for number in range(self.block.size):
            self._comment(number)
        by_id = self.harvest.comments
        for row in reversed(by_id):
            _shelve(row)
            if row["listed"] and row["parent_id"] is not None:
                by_id[row["parent_id"] - self.first_id]["reply_count"] += 1
        return self.harvest

    def _comment(self, number: int) -> None:
        rng, plan = self.rng, self.plan
        created = plan.since + (self.block.first + number) * self.step + int(rng.random() * self.step)
        body, print_ = plan.bodies[int(rng.random() * len(plan.bodies))]
        parent = self._parent(number)
        row: Row = {
            "id": self.first_id + number,
            "site_id": plan.site_id,
            "article_id": self.block.article_id,
            "parent_id": parent["id"] if parent else None,
            "branch_id": _branch(parent),
            "depth": parent["depth"] + 1 if parent else 0,
            "person_id": plan.people[int(rng.random() ** 2 * len(plan.people))],
            "revision": 1,
            "body": body,
            "links": "[]",
            "fingerprint": print_,
            "created_at": created,
            "published_at": created,
            "edited_at": None,
            "reply_count": 0,
            "pinned": False,
            "featured": False,
            "status": Status.PUBLISHED.value,
            "up": 0,
            "down": 0,
            "best": 0.0,
            "controversial": 0.0,
        }
        self.harvest.comments.append(row)
        self.harvest.revisions.append({"comment_id": row["id"], "number": 1, "body": body, "created_at": created})
        self._fate(row)

    def _parent(self, number: int) -> Row | None:
        if number == 0 or self.rng.random() > 0.45:
            return None
        back = 1 + int(self.rng.random() ** 3 * min(number, 200))
        found = self.harvest.comments[number - back]
        return found if found["published_at"] is not None else None

    def _fate(self, row: Row) -> None:
        fate = self.rng.random()
        if fate < 0.01:
            self._born_held(row, decided=False)
        elif fate < 0.018:
            self._born_held(row, decided=True)
        else:
            self._decide(row, None, Status.PUBLISHED, Action.PUBLISH, rule="clean")
            self._vote(row)
            if fate < 0.024:
                row["status"] = Status.WITHDRAWN.value
                by = row["person_id"]
                self._decide(row, Status.PUBLISHED, Status.WITHDRAWN, Action.WITHDRAW, by=by, later=60)
            elif fate < 0.034:
                self._reported(row, decided=fate < 0.029)
        if row["status"] == Status.PUBLISHED:
            self.harvest.published[row["person_id"]] += 1
        elif row["status"] == Status.REJECTED:
            self.harvest.rejected[row["person_id"]] += 1

    def _born_held(self, row: Row, *, decided: bool) -> None:
        row["published_at"] = None
        guideline = self.rng.choice((Guideline.COURTESY, Guideline.COURTESY, Guideline.SPAM, Guideline.ON_TOPIC))
        row["status"] = Status.HELD.value
        culprit = self._misbehave(row, guideline)
        self._decide(row, None, Status.HELD, Action.WITHHOLD, rule=_CHECK[guideline], guideline=guideline)
        likelihood = 0.3 + 0.7 * self.rng.random()
        self._signals(row, guideline, likelihood, culprit)
        opened = self._case(row, Reason.HELD, guideline, likelihood, decided=decided)
        if decided:
            self._reject(row, Status.HELD, guideline, opened)

    def _reported(self, row: Row, *, decided: bool) -> None:
        guideline = self.rng.choice((Guideline.COURTESY, Guideline.ON_TOPIC, Guideline.LEGAL, Guideline.PRIVACY))
        likelihood = 0.4 + 0.4 * self.rng.random()
        self._signals(row, guideline, likelihood, self._misbehave(row, guideline))
        opened = self._case(row, Reason.REPORTED, guideline, likelihood, decided=decided)
        rejection = self._reject(row, Status.PUBLISHED, guideline, opened) if decided else None
        for person_id in self._others(row, 1):
            self.harvest.reports.append(
                {
                    "comment_id": row["id"],
                    "revision": 1,
                    "person_id": person_id,
                    "reason": guideline.value,
                    "detail": "",
                    "outcome": ReportOutcome.UPHELD.value if decided else None,
                    "decision_id": rejection,
                    "created_at": row["created_at"] + 1_000_000,
                }
            )

    def _reject(self, row: Row, before: Status, guideline: Guideline, case_id: int) -> int:
        row["status"] = Status.REJECTED.value
        decision = self._decide(
            row, before, Status.REJECTED, Action.REJECT, by=self.plan.manager_id, guideline=guideline,
            closed_case_id=case_id, later=600, message=seeding_words.REJECTIONS[guideline],
        )  # fmt: skip
        self.harvest.notices.append(
            {
                "person_id": row["person_id"],
                "site_id": row["site_id"],
                "comment_id": row["id"],
                "kind": NoticeKind.DECISION,
                "decision_id": decision,
                "facts": "{}",
                "in_page": True,
                "mail_at": None,
                "created_at": row["created_at"] + 600_000_000,
                "read_at": None,
            }
        )
        return decision

    def _decide(
        self,
        row: Row,
        before: Status | None,
        after: Status,
        action: Action,
        *,
        by: int | None = None,
        rule: str | None = None,
        guideline: Guideline | None = None,
        closed_case_id: int | None = None,
        message: str = "",
        later: int = 0,
    ) -> int:
        made = self.next_decision
        self.next_decision += 1
        self.harvest.decisions.append(
            {
                "id": made,
                "batch": self.batch,
                "site_id": row["site_id"],
                "comment_id": row["id"],
                "revision": 1,
                "action": action.value,
                "from_status": before.value if before else None,
                "to_status": after.value,
                "by_person_id": by,
                "rule": rule,
                "guideline": guideline.value if guideline else None,
                "guidelines_version": self.plan.guidelines_version,
                "note": "",
                "message": message,
                "closed_case_id": closed_case_id,
                "undoes_id": None,
                "created_at": row["created_at"] + later * 1_000_000,
            }
        )
        return made

    def _case(self, row: Row, reason: Reason, guideline: Guideline, likelihood: float, *, decided: bool) -> int:
        made = self.next_case
        self.next_case += 1
        reach = reach_of(self.block.first + len(self.harvest.comments), is_public=reason != Reason.HELD)
        self.harvest.cases.append(
            {
                "id": made,
                "site_id": row["site_id"],
                "article_id": row["article_id"],
                "comment_id": row["id"],
                "version": 2 if decided else 1,
                "state": (CaseState.CLOSED if decided else CaseState.OPEN).value,
                "reasons": int(reason),
                "guideline": guideline.value,
                "label": _label(made) if _CHECK[guideline] == "toxicity" else None,
                "likelihood": likelihood,
                "reach": reach,
                "rank": rank_of(likelihood, reach, row["created_at"]),
                "opened_at": row["created_at"],
                "closed_at": row["created_at"] + 600_000_000 if decided else None,
                "lease_person_id": None,
                "lease_until": None,
                "blind": False,
            }
        )
        return made

    def _misbehave(self, row: Row, guideline: Guideline) -> int:
        """Give a row a text that breaks the guideline; return the length of the part that does."""
        body, culprit = seeding_words.trouble(self.rng, guideline)
        row["body"] = self.harvest.revisions[-1]["body"] = body
        row["fingerprint"] = fingerprint(body)
        return culprit

    def _signals(self, row: Row, guideline: Guideline, likelihood: float, culprit: int) -> None:
        check = _CHECK[guideline]
        score = 0.05 * (1 - likelihood) if check == "relevance" else likelihood
        spans = [[0, culprit]] if check in {"toxicity", "words", "spam"} else []
        # The case that is made next takes its label from its number, and so does its signal.
        label = _label(self.next_case)
        labels = {label: round(likelihood, 3)} if check == "toxicity" else {}
        self.harvest.signals.append(
            {
                "comment_id": row["id"],
                "revision": 1,
                "check_name": check,
                "guideline": guideline.value,
                "state": "observed",
                "score": score,
                "evidence": json.dumps({"message": "", "spans": spans, "labels": labels}),
                "engine": "seed",
                "version": "1",
                "created_at": row["created_at"],
            }
        )

    def _vote(self, row: Row) -> None:
        wanted = _VOTES[int(self.rng.random() * len(_VOTES))]
        if not wanted:
            return
        love = self.rng.random()
        for person_id in self._others(row, wanted):
            value = 1 if self.rng.random() < love else -1
            row["up" if value == 1 else "down"] += 1
            self.harvest.votes.append(
                {
                    "comment_id": row["id"],
                    "person_id": person_id,
                    "value": value,
                    "created_at": row["created_at"] + 1_000_000,
                }
            )
        row["best"] = wilson(row["up"], row["down"])
        row["controversial"] = controversy(row["up"], row["down"])

    def _others(self, row: Row, wanted: int) -> list[int]:
        people = self.plan.people
        start = int(self.rng.random() * len(people))
        around = (people[(start + step) % len(people)] for step in range(min(wanted, len(people))))
        return [person_id for person_id in around if person_id != row["person_id"]]


def _label(number: int) -> str:
    return _LABELS[number % len(_LABELS)]


def _branch(parent: Row | None) -> int | None:
    if parent is None or parent["depth"] < FLAT_FROM:
        return None
    branch: int = parent["id"] if parent["depth"] == FLAT_FROM else parent["branch_id"]
    return branch


def _shelve(row: Row) -> None:
    """Put a row on the shelves that readers walk; its children have been counted by now."""
    listed = row["status"] == Status.PUBLISHED or row["reply_count"] > 0
    row["listed"] = listed
    row["top_of"] = row["article_id"] if listed and row["parent_id"] is None else None
    row["reply_of"] = row["parent_id"] if listed else None
    row["pinned_on"] = None
