"""What changes when an admin sets a site's rules: its policy, its guidelines, the secrets of slow checks?

Every change goes through here, under the lock of the site's row, and is logged with what was before and after.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commentsvc.enums import Guideline
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.moderation.policy import DEFAULT_POLICY, SLOW, policy_from_json
from commentsvc.permissions import may_administer
from commentsvc.store.models import Backtest, Guidelines, Membership, PolicyChange, Site, SiteSecret
from commentsvc.text import clean

POLICY, GUIDELINES, SECRET = "policy", "guidelines", "secret"
MIN_SECRET, MAX_SECRET = 8, 200
_MAX_WELCOME, _MAX_TITLE, _MAX_ITEM = 2000, 80, 1000


def version_of(site: Site) -> str:
    """Name the policy in force, so that whoever changes it can say which one they saw; whoever wrote it."""
    written = json.dumps(site.policy, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()[:32]


def with_members(policy: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy with some members set, without those that are as a new site's: they may get better some day."""
    merged = {**policy, **members}
    usual = usual_policy()
    return {name: value for name, value in merged.items() if name not in usual or value != usual[name]}


def usual_policy() -> dict[str, Any]:
    """Return what holds for every member that a site's policy leaves out."""
    usual: dict[str, Any] = json.loads(json.dumps(asdict(DEFAULT_POLICY)))
    return usual


def check_policy(policy: Mapping[str, Any]) -> None:
    """Raise Invalid naming the member that isn't as it may be."""
    try:
        policy_from_json(policy)
    except ValueError as error:
        field, _, message = str(error).partition(": ")
        raise Invalid(message or str(error), field=field if message else "policy") from None


def set_policy(
    session: Session, site: Site, policy: Mapping[str, Any], *, seen: str, by: Membership, now: int,
    backtest: Backtest | None = None,
) -> PolicyChange | None:  # fmt: skip
    """Put a whole policy in force and log what changed; None when nothing did.

    Raises Forbidden for whoever isn't an admin, Invalid, and Conflict when the policy isn't the one that was seen.
    """
    _refuse(by)
    check_policy(policy)
    session.refresh(site, with_for_update=True)
    if version_of(site) != seen:
        raise Conflict("The policy was changed elsewhere meanwhile. Nothing was saved; look at the log of changes.")
    before, after = _difference(site.policy, policy)
    if not before and not after:
        return None
    site.policy = dict(policy)
    return _log(session, site, POLICY, before, after, by=by, now=now, backtest=backtest)


def restore(session: Session, site: Site, change_id: int, *, seen: str, by: Membership, now: int) -> PolicyChange:
    """Put back in force what held before a change; that is a change like any other.

    Raises NotFound, and what `set_policy` raises.
    """
    _refuse(by)
    wanted = session.get(PolicyChange, change_id)
    if wanted is None or wanted.site_id != site.id or wanted.what != POLICY:
        raise NotFound("There is no such change of this site's policy.")
    policy = dict(site.policy)
    changes = select(PolicyChange).where(
        PolicyChange.site_id == site.id, PolicyChange.what == POLICY, PolicyChange.id >= wanted.id
    )
    for change in session.scalars(changes.order_by(PolicyChange.id.desc())):
        for member in {*change.before, *change.after}:
            policy.pop(member, None)
        policy.update(change.before)
    made = set_policy(session, site, policy, seen=seen, by=by, now=now)
    if made is None:
        raise Conflict("The policy is as it was before that change already.")
    return made


def set_secret(session: Session, site: Site, name: str, value: str, *, by: Membership, now: int) -> PolicyChange:
    """Keep a slow check's secret, or forget it when there is none; the log says only that.

    Raises Forbidden and Invalid.
    """
    _refuse(by)
    if name not in SLOW:
        raise Invalid("There is no such secret.", field=name)
    value = value.strip()
    if value and not (MIN_SECRET <= len(value) <= MAX_SECRET and value.isascii() and value.isprintable()):
        raise Invalid(f"Use {MIN_SECRET} to {MAX_SECRET} plain characters.", field=f"{name}_secret")
    known = session.get(SiteSecret, (site.id, name), with_for_update=True)
    if value:
        session.merge(SiteSecret(site_id=site.id, name=name, value=value, set_at=now))
    else:
        session.execute(delete(SiteSecret).where(SiteSecret.site_id == site.id, SiteSecret.name == name))
    return _log(
        session, site, SECRET, {name: "set"} if known else {}, {name: "set"} if value else {}, by=by, now=now
    )  # fmt: skip


def publish_guidelines(
    session: Session, site: Site, text: str, items: Sequence[Mapping[str, str]], *, seen: int, by: Membership, now: int
) -> Guidelines:
    """Put a new version of the guidelines in force; decisions go on naming the version that they were made by.

    Raises Forbidden, Invalid, and Conflict when the version in force isn't the one that was seen.
    """
    _refuse(by)
    welcome, cleaned = clean_guidelines(text, items)
    session.refresh(site, with_for_update=True)
    if site.guidelines_version != seen:
        raise Conflict("The guidelines were changed elsewhere meanwhile. Nothing was saved.")
    version = seen + 1
    made = Guidelines(site_id=site.id, version=version, text=welcome, items=cleaned, created_at=now)
    session.add(made)
    site.guidelines_version = version
    _log(session, site, GUIDELINES, {"version": seen}, {"version": version}, by=by, now=now)
    return made


def clean_guidelines(text: str, items: Sequence[Mapping[str, str]]) -> tuple[str, list[dict[str, str]]]:
    """Return guidelines as they are kept, or raise Invalid; one without a title isn't among them."""
    welcome = clean(text, field="text", max_length=_MAX_WELCOME, multiline=True)
    cleaned = []
    for item in items:
        name = Guideline(item["guideline"])
        if not item["title"].strip():
            if item["text"].strip():
                raise Invalid("Give this guideline a title.", field=f"title_{name}")
            continue
        title = clean(item["title"], field=f"title_{name}", max_length=_MAX_TITLE)
        words = item["text"].strip()
        if words:
            words = clean(words, field=f"text_{name}", max_length=_MAX_ITEM, multiline=True)
        cleaned.append({"guideline": str(name), "title": title, "text": words})
    if not cleaned:
        raise Invalid("Keep one guideline at least.", field="text")
    return welcome, cleaned


def _refuse(by: Membership) -> None:
    if not may_administer(by):
        raise Forbidden("Only the site's admins change its rules.")


def _difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    # As JSON reads it back: an enum is its word, a tuple a list.
    old, new = json.loads(json.dumps(dict(old))), json.loads(json.dumps(dict(new)))
    changed = [name for name in sorted({*old, *new}) if (name in old, old.get(name)) != (name in new, new.get(name))]
    return {name: old[name] for name in changed if name in old}, {name: new[name] for name in changed if name in new}


def _log(
    session: Session, site: Site, what: str, before: dict[str, Any], after: dict[str, Any], *, by: Membership,
    now: int, backtest: Backtest | None = None,
) -> PolicyChange:  # fmt: skip
    made = PolicyChange(
        site_id=site.id, what=what, before=before, after=after, by_person_id=by.person_id,
        backtest_id=backtest.id if backtest else None, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made
