"""What changes when a manager answers a comment from its card, as the newsroom?

Judge before you write, as in posting: `prepare` reads, the caller judges, `answer` writes and checks again.
"""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import posting, reviewing
from commentsvc.actions.decisions import Item, Result
from commentsvc.actions.drafts import draft_of, policy_of
from commentsvc.actions.posting import ArticleRef, Prepared
from commentsvc.enums import Action, Status
from commentsvc.errors import Forbidden, NotFound, ParentNotPublic
from commentsvc.moderation.terms import Judgement
from commentsvc.permissions import may_moderate
from commentsvc.queries.sites import limits_of
from commentsvc.store.models import Article, Comment, Membership, Person, Site


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of it: the reply, and the approval that came first where one was asked for.

    No reply: the approval was a conflict, and nothing changed.
    """

    reply: Comment | None
    approval: Result | None


def prepare(session: Session, *, item: Item, body: str, approve: bool, membership: Membership, now: int) -> Prepared:
    """Check that this manager may answer this comment now, and collect what judging needs.

    Raises Forbidden, NotFound, Invalid, or ParentNotPublic where readers don't see the comment and it isn't approved
    along with this.
    """
    if not may_moderate(membership):
        raise Forbidden("Only managers of the site may answer for it.")
    comment = session.scalar(
        select(Comment).where(Comment.id == item.comment_id, Comment.site_id == membership.site_id)
    )
    if comment is None:
        raise NotFound("There is no such comment on this site.")
    if comment.status != Status.PUBLISHED and not approve:
        raise ParentNotPublic("Readers don't see this comment: approve it first, or along with your answer.")
    site = session.get_one(Site, comment.site_id)
    article = session.get_one(Article, comment.article_id)
    body = text.clean(body, field="body", max_length=limits_of(site).max_length, multiline=True)
    draft = draft_of(
        session, site, article, title=article.title, parent=comment, person_id=membership.person_id, body=body,
        except_id=None, lot=1.0, now=now,
    )  # fmt: skip
    where = ArticleRef(article.key, article.url, article.title)
    return Prepared(site.key, where, comment.id, body, draft, policy_of(site))


def answer(
    session: Session,
    prepared: Prepared,
    judgement: Judgement,
    *,
    item: Item,
    approve: bool,
    membership: Membership,
    now: int,
) -> Answered:
    """Publish a manager's judged answer below a comment, approving that first where asked.

    Raises what posting raises (the article closed, the comment gone); then nothing is approved either.
    """
    approval = None
    if approve:
        (approval,) = reviewing.review(session, [item], action=Action.APPROVE, membership=membership, now=now)
        if approval.decision is None:
            return Answered(None, approval)
    by = session.get_one(Person, membership.person_id)
    return Answered(posting.post(session, prepared, judgement, by=by, with_gap=False, now=now), approval)
