"""Who may ask what: every route of the URL map x every role x their own and another site."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select

from commentsvc.actions import appeals, bulks, policies, views
from commentsvc.enums import NoticeKind, SanctionKind, Status
from commentsvc.moderation.replay import Tally
from commentsvc.queries.queue import find_open_case_id
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import now_us
from commentsvc.store.models import (
    ApiToken,
    Backtest,
    Export,
    Membership,
    NotifierMeasure,
    PolicyChange,
    SigningKey,
    Site,
)
from commentsvc.web.accounts import sign_in_here
from tests import factories

ROLES = ("nobody", "ada", "cam", "eve", "dee")
"""dee manages another site: for everything of `daily` she is a stranger."""


@dataclass(frozen=True)
class Row:
    """One route: what to send, and the status for nobody, a reader, a manager, an admin, another site's manager."""

    statuses: tuple[int, int, int, int, int]
    path: str
    body: Any = None
    kind: str = "api"
    query: dict[str, str] = field(default_factory=dict)


ARTICLE = {"key": "story", "url": "https://daily.example/story", "title": "Story"}
ANYONE = (200, 200, 200, 200, 200)
SITE = {"site": "daily"}
POLICY_SEEN = policies.version_of(Site(policy={"max_links": 3}))
"""The policy that the scene sets, as a form names it."""

MATRIX: dict[tuple[str, str], Row] = {
    # Reading: anonymous, the same for everyone.
    ("GET", "widget_api.config"): Row(ANYONE, "/api/v1/config", query=SITE),
    ("GET", "widget_api.thread"): Row(ANYONE, "/api/v1/comments", query={**SITE, "article": "story"}),
    ("GET", "widget_api.replies"): Row(ANYONE, "/api/v1/comments/{theirs}/replies"),
    ("GET", "widget_api.permalink"): Row(ANYONE, "/api/v1/comments/{theirs}"),
    ("GET", "widget_api.new"): Row(
        ANYONE, "/api/v1/comments/new", query={**SITE, "article": "story", "since": "2026-01-01T00:00:00Z"},
    ),
    ("GET", "widget_api.counts"): Row(ANYONE, "/api/v1/counts", query={**SITE, "article": "story"}),
    # Readers: a sign-in for this site. Another site's is refused, or finds nothing.
    ("POST", "widget_api.post"): Row(
        (401, 201, 201, 201, 403), "/api/v1/comments", {**SITE, "article": ARTICLE, "body": "A calm remark."},
    ),
    ("PATCH", "widget_api.edit"): Row((401, 403, 403, 403, 404), "/api/v1/comments/{theirs}", {"body": "Changed."}),
    ("DELETE", "widget_api.withdraw"): Row((401, 403, 403, 403, 404), "/api/v1/comments/{theirs}"),
    ("PUT", "widget_api.vote"): Row((401, 200, 200, 200, 404), "/api/v1/comments/{theirs}/vote", {"value": 1}),
    ("POST", "widget_api.report"): Row(
        (401, 201, 201, 201, 404), "/api/v1/comments/{theirs}/reports", {"revision": 1, "reason": "spam"},
    ),
    ("POST", "widget_api.appeal"): Row(
        (401, 404, 404, 404, 404), "/api/v1/comments/{theirs}/appeal", {"message": "Why?"},
    ),
    ("GET", "widget_api.me"): Row((401, 200, 200, 200, 403), "/api/v1/me", query=SITE),
    ("GET", "widget_api.my_comments"): Row((401, 200, 200, 200, 403), "/api/v1/me/comments", query=SITE),
    ("POST", "widget_api.acknowledge"): Row(
        (401, 404, 404, 404, 403), "/api/v1/me/acknowledge", {**SITE, "sanction": "{sanction}"},
    ),
    ("GET", "notices_api.list_notices"): Row((401, 200, 200, 200, 403), "/api/v1/notices", query=SITE),
    ("PUT", "notices_api.mark_read"): Row((401, 200, 200, 200, 403), "/api/v1/notices/read", {**SITE, "up_to": "1"}),
    ("GET", "notices_api.show_following"): Row(
        (401, 200, 200, 200, 403), "/api/v1/follows", query={**SITE, "article": "story"},
    ),
    ("PUT", "notices_api.follow"): Row(
        (401, 200, 200, 200, 403), "/api/v1/follows", {**SITE, "article": "story", "following": "follow"},
    ),
    ("GET", "notices.show"): Row((302, 200, 200, 200, 200), "/auth/notices", kind="page"),
    ("POST", "notices.save"): Row(
        (302, 303, 303, 303, 404), "/auth/notices",
        {**SITE, **{f"mail_{kind}": "never" for kind in NoticeKind}}, kind="form",
    ),
    ("POST", "notices.let_go"): Row(
        (302, 303, 303, 303, 404), "/auth/notices/follows", {**SITE, "follow": "1"}, kind="form",
    ),
    ("GET", "notices.ask_to_stop"): Row((404,) * 5, "/unsubscribe/1.1.forged", kind="page"),
    ("POST", "notices.stop"): Row((404,) * 5, "/unsubscribe/1.1.forged", {}, kind="form"),
    # Publishers' servers and managers' scripts: a personal token with the scope, for this site.
    ("PUT", "publishers_api.put_article"): Row((401, 403, 200, 200, 403), "/api/v1/articles", {**SITE, **ARTICLE}),
    ("GET", "publishers_api.get_article"): Row(
        (401, 403, 200, 200, 403), "/api/v1/articles", query={**SITE, "key": "story"},
    ),
    ("GET", "managers_api.list_cases"): Row((401, 403, 200, 200, 404), "/api/v1/moderation/cases", query=SITE),
    ("POST", "managers_api.claim"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/cases/claim", {**SITE, "n": 1},
    ),
    ("GET", "managers_api.list_articles"): Row((401, 403, 200, 200, 404), "/api/v1/moderation/articles", query=SITE),
    ("GET", "managers_api.show_history"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/comments/{theirs}/history",
    ),
    ("POST", "managers_api.decide"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/decisions",
        {"comments": [{"id": "{held}", "revision": 1}], "action": "approve"},
    ),
    ("POST", "managers_api.undo"): Row((401, 403, 200, 200, 404), "/api/v1/moderation/decisions/{decision}/undo"),
    ("GET", "managers_api.show_person"): Row((401, 403, 200, 200, 404), "/api/v1/moderation/people/{nia}"),
    ("POST", "managers_api.sanction"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/people/{nia}/sanctions", {"kind": "warn", "reason": "Mind it."},
    ),
    ("POST", "managers_api.lift_sanction"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/people/{nia}/sanctions/{sanction}/lift", {"reason": "Enough."},
    ),
    ("GET", "managers_api.show_batch"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/decisions/batches/{batch}",
    ),
    ("POST", "managers_api.undo_batch"): Row(
        (401, 403, 200, 200, 404), "/api/v1/moderation/decisions/batches/{batch}/undo",
    ),
    # Whoever called Perspective: a key with the scope, of any site.
    ("POST", "perspective.analyze"): Row(
        (403, 403, 200, 200, 200), "/v1alpha1/comments:analyze",
        {"comment": {"text": "A calm remark."}, "requestedAttributes": {"TOXICITY": {}}},
    ),
    ("POST", "perspective.suggest_score"): Row(
        (403, 403, 200, 200, 200), "/v1alpha1/comments:suggestscore",
        {"comment": {"text": "A calm remark."}, "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}}},
    ),
    ("GET", "perspective.discovery"): Row(ANYONE, "/$discovery/rest"),
    # The console: a session; of a site that isn't theirs people learn nothing.
    ("GET", "console.show_sites"): Row((303, 200, 303, 303, 303), "/console", kind="page"),
    ("GET", "console.show_queue"): Row((303, 404, 200, 200, 404), "/console/daily", kind="page"),
    ("GET", "console.show_decided"): Row((303, 404, 200, 200, 404), "/console/daily/decided", kind="page"),
    ("GET", "console.show_articles"): Row((303, 404, 200, 200, 404), "/console/daily/articles", kind="page"),
    ("GET", "articles_desk.show_article"): Row(
        (303, 404, 200, 200, 404), "/console/daily/articles/{article}", kind="page",
    ),
    ("POST", "articles_desk.save"): Row(
        (303, 404, 303, 303, 404), "/console/daily/articles/{article}",
        {"state": "open", "mode": "", "slow_mode": "", "hours": ""}, kind="form",
    ),
    ("POST", "articles_desk.handle_breaker"): Row(
        (303, 404, 409, 409, 404), "/console/daily/articles/{article}/breaker", {"do": "end"}, kind="form",
    ),
    ("POST", "articles_desk.take_back"): Row(
        (303, 404, 303, 303, 404), "/console/daily/articles/{article}/shown",
        {"comment": "{theirs}", "action": "unpin"}, kind="form",
    ),
    ("GET", "sections.show_sections"): Row((303, 404, 200, 200, 404), "/console/daily/sections", kind="page"),
    ("POST", "sections.save_section"): Row(
        (303, 404, 303, 303, 404), "/console/daily/sections",
        {"section": "Sport", "mode": "closed", "slow_mode": "", "hours": ""}, kind="form",
    ),
    ("POST", "sections.save_breaker"): Row(
        (303, 404, 303, 303, 404), "/console/daily/sections/breaker", {}, kind="form",
    ),
    ("POST", "sections.save_time_zone"): Row(
        (303, 404, 303, 303, 404), "/console/daily/sections/time-zone", {"time_zone": "Europe/Oslo"}, kind="form",
    ),
    ("POST", "console.decide"): Row(
        (303, 404, 303, 303, 404), "/console/daily/decisions",
        {"comment": "{held}", "revision": "1", "seen": "1", "action": "approve"}, kind="form",
    ),
    ("POST", "console.undo"): Row(
        (303, 404, 303, 303, 404), "/console/daily/decisions/{decision}/undo", {}, kind="form",
    ),
    # The policy: managers read, admins change; a form that isn't as it must be comes back with what is wrong.
    ("GET", "policy_desk.show_policy"): Row((303, 404, 200, 200, 404), "/console/daily/policy", kind="page"),
    ("POST", "policy_desk.set_policy"): Row(
        (303, 404, 403, 303, 404), "/console/daily/policy",
        {"do": "save", "seen": POLICY_SEEN, "mode": "publish", "unscored": "sample", "off_topic": "sample",
         "external": "off", "akismet": "off", "sample_share": "10", "audit_share": "0", "max_rejection_rate": "50",
         "max_links": "4", "new_author_below": "2", "rejection_sample": "5", "wave_from": "3"}, kind="form",
    ),
    ("GET", "policy_desk.show_changes"): Row((303, 404, 200, 200, 404), "/console/daily/policy/changes", kind="page"),
    ("POST", "policy_desk.restore_policy"): Row(
        (303, 404, 403, 303, 404), "/console/daily/policy/changes/{change}/restore", {"seen": POLICY_SEEN}, kind="form",
    ),
    ("GET", "policy_desk.show_guidelines"): Row(
        (303, 404, 200, 200, 404), "/console/daily/policy/guidelines", kind="page",
    ),
    ("POST", "policy_desk.set_guidelines"): Row(
        (303, 404, 403, 303, 404), "/console/daily/policy/guidelines",
        {"do": "save", "seen": "1", "text": "Welcome.", "title_courtesy": "Be kind"}, kind="form",
    ),
    ("GET", "policy_desk.show_backtest"): Row(
        (303, 404, 200, 200, 404), "/console/daily/policy/backtests/{backtest}", kind="page",
    ),
    ("GET", "policy_desk.show_curve"): Row(
        (303, 404, 200, 200, 404), "/console/daily/policy/backtests/{backtest}/toxicity.svg", kind="page",
    ),
    ("POST", "policy_desk.switch_on"): Row(
        (303, 404, 403, 303, 404), "/console/daily/policy/backtests/{backtest}/switch-on", {}, kind="form",
    ),
    ("GET", "insights.show_insights"): Row((303, 404, 200, 200, 404), "/console/daily/insights", kind="page"),
    ("GET", "insights.show_trust"): Row((303, 404, 200, 200, 404), "/console/daily/insights/trust", kind="page"),
    ("GET", "insights.show_chart"): Row(
        (303, 404, 200, 200, 404), "/console/daily/insights/charts/pace.svg", kind="page",
    ),
    ("GET", "insights.export"): Row((303, 404, 200, 200, 404), "/console/daily/insights/pace.csv", kind="page"),
    ("GET", "privacy_desk.show"): Row((303, 404, 403, 200, 404), "/console/daily/privacy", kind="page"),
    ("POST", "privacy_desk.save"): Row(
        (303, 404, 403, 303, 404), "/console/daily/privacy",
        {"network_days": "7", "mail_days": "30", "legal_days": "365", "access_days": "365"}, kind="form",
    ),
    ("GET", "alerts_desk.show_alerts"): Row((303, 404, 403, 200, 404), "/console/daily/insights/alerts", kind="page"),
    ("POST", "alerts_desk.save_alerts"): Row(
        (303, 404, 403, 303, 404), "/console/daily/insights/alerts", {"depth": "5"}, kind="form",
    ),
    ("POST", "alerts_desk.send_test"): Row(
        (303, 404, 403, 422, 404), "/console/daily/insights/alerts/test", {}, kind="form",
    ),
    # How people sign in: keys and provider are the administrators' affair.
    ("GET", "signin_desk.show"): Row((303, 404, 403, 200, 404), "/console/daily/sign-in", kind="page"),
    ("GET", "signin_desk.show_key"): Row(
        (303, 404, 403, 200, 404), "/console/daily/sign-in/keys/{key}", kind="page",
    ),
    ("POST", "signin_desk.set_issuer"): Row(
        (303, 404, 403, 303, 404), "/console/daily/sign-in/issuer", {"token_issuer": "https://daily.example"},
        kind="form",
    ),
    ("POST", "signin_desk.add_key"): Row(
        (303, 404, 403, 303, 404), "/console/daily/sign-in/keys", {"do": "shared"}, kind="form",
    ),
    ("POST", "signin_desk.retire_key"): Row(
        (303, 404, 403, 303, 404), "/console/daily/sign-in/keys/{key}/retire", {}, kind="form",
    ),
    ("POST", "signin_desk.check_token"): Row(
        (303, 404, 403, 200, 404), "/console/daily/sign-in/check", {"token": "x"}, kind="form",
    ),
    ("POST", "signin_desk.set_provider"): Row(
        (303, 404, 403, 303, 404), "/console/daily/sign-in/provider", {"do": "remove"}, kind="form",
    ),
    # Signing in by a site's provider, linking and unlinking; what they do is tested in test_oidc.
    ("POST", "oidc.start"): Row((404,) * 5, "/auth/oidc/daily/start", {}, kind="form"),
    ("GET", "oidc.come_back"): Row((403,) * 5, "/auth/oidc/daily/callback", kind="page"),
    ("GET", "identities.show"): Row((302, 200, 200, 200, 200), "/auth/sign-ins", kind="page"),
    ("POST", "identities.link"): Row((302, 404, 404, 404, 404), "/auth/sign-ins/link/daily", {}, kind="form"),
    ("POST", "identities.unlink"): Row((302, 404, 404, 404, 404), "/auth/sign-ins/1/unlink", {}, kind="form"),
    ("GET", "people_desk.show_people"): Row((303, 404, 200, 200, 404), "/console/daily/people", kind="page"),
    ("GET", "people_desk.show_person"): Row((303, 404, 200, 200, 404), "/console/daily/people/{nia}", kind="page"),
    ("POST", "people_desk.sanction"): Row(
        (303, 404, 303, 303, 404), "/console/daily/people/{nia}/sanctions", {"kind": "warn", "reason": "Mind it."},
        kind="form",
    ),
    ("POST", "people_desk.change"): Row(
        (303, 404, 303, 303, 404), "/console/daily/people/{nia}/sanctions/{sanction}/change",
        {"lasts": "7", "reason": "Longer."}, kind="form",
    ),
    ("POST", "people_desk.lift"): Row(
        (303, 404, 303, 303, 404), "/console/daily/people/{nia}/sanctions/{sanction}/lift", {"reason": "Enough."},
        kind="form",
    ),
    ("POST", "people_desk.add_note"): Row(
        (303, 404, 303, 303, 404), "/console/daily/people/{nia}/notes", {"note": "Seen before."}, kind="form",
    ),
    ("POST", "people_desk.undo_clearing"): Row(
        (303, 404, 303, 303, 404), "/console/daily/people/{nia}/clearings/{clearing}/undo", {}, kind="form",
    ),
    # A notice of illegal content: by anyone, and its receipt for whoever has the address.
    ("GET", "legal_notices.show_form"): Row(ANYONE, "/report/{theirs}", kind="page"),
    ("POST", "legal_notices.give"): Row(
        (303,) * 5, "/report/{theirs}",
        {
            "ground": "threat", "explanation": "It threatens the mayor with violence.", "name": "Nia",
            "email": "nia@readers.example", "good_faith": "y",
        },
        kind="form",
    ),
    ("GET", "legal_notices.show_receipt"): Row((404,) * 5, "/report/receipt/nothing", kind="page"),
    ("POST", "legal_notices.complain"): Row((404,) * 5, "/report/receipt/nothing", {}, kind="form"),
    # A statement of reasons: for whoever has the address; that of nobody's is none.
    ("GET", "statements.show_statement"): Row((404,) * 5, "/statement/d1-nothing", kind="page"),
    ("POST", "statements.appeal"): Row((404,) * 5, "/statement/d1-nothing", {}, kind="form"),
    ("GET", "statements_api.read_statement"): Row((404,) * 5, "/api/v1/statements/d1-nothing"),
    ("POST", "rights.appeal_sanction"): Row(
        (401, 404, 404, 404, 403), "/api/v1/me/sanctions/{sanction}/appeal", {**SITE, "message": "Why?"},
    ),
    ("GET", "transparency_api.read_figures"): Row(
        (404,) * 5, "/api/v1/transparency", query={**SITE, "year": "2026"},
    ),
    ("GET", "law_desk.show"): Row((303, 404, 200, 200, 404), "/console/daily/law", kind="page"),
    ("POST", "law_desk.answer"): Row(
        (303, 404, 303, 303, 404), "/console/daily/law/appeals/{appeal}",
        {"outcome": "confirmed", "answer": "It stands."}, kind="form",
    ),
    ("GET", "law_desk.show_notices"): Row((303, 404, 200, 200, 404), "/console/daily/law/notices", kind="page"),
    ("GET", "law_desk.show_misuse"): Row((303, 404, 200, 200, 404), "/console/daily/law/misuse", kind="page"),
    ("POST", "law_desk.take_measure"): Row(
        (303, 404, 409, 409, 404), "/console/daily/law/misuse",
        {"email": "nia@readers.example", "kind": "warn", "reason": "Not once was there a ground."}, kind="form",
    ),
    ("POST", "law_desk.lift_measure"): Row(
        (303, 404, 303, 303, 404), "/console/daily/law/misuse/{measure}/lift", {}, kind="form",
    ),
    ("GET", "law_desk.show_figures"): Row((303, 404, 200, 200, 404), "/console/daily/law/figures", kind="page"),
    ("GET", "law_desk.export"): Row((303, 404, 200, 200, 404), "/console/daily/law/figures.csv", kind="page"),
    ("GET", "law_desk.show_settings"): Row((303, 404, 200, 200, 404), "/console/daily/law/settings", kind="page"),
    ("POST", "law_desk.save_settings"): Row(
        (303, 404, 403, 303, 404), "/console/daily/law/settings", {"misuse_from": "3"}, kind="form",
    ),
    ("GET", "bulk.show_bulk"): Row((303, 404, 200, 200, 404), "/console/daily/bulk", kind="page"),
    ("GET", "bulk.preview"): Row(
        (303, 404, 200, 200, 404), "/console/daily/bulk/preview", kind="page",
        query={"kind": "wave", "comment": "{held}"},
    ),
    ("POST", "bulk.preview"): Row(
        (303, 404, 303, 303, 404), "/console/daily/bulk/preview",
        {"chosen": "{held}:1:1", "action": "approve"}, kind="form",
    ),
    ("GET", "bulk.show"): Row((303, 404, 200, 200, 404), "/console/daily/bulk/{bulk}", kind="page"),
    # Only cam, who prepared it, may confirm it.
    ("POST", "bulk.start"): Row((303, 404, 303, 404, 404), "/console/daily/bulk/{prepared}/start", {}, kind="form"),
    ("POST", "bulk.undo"): Row((303, 404, 303, 303, 404), "/console/daily/bulk/{bulk}/undo", {}, kind="form"),
    ("GET", "waves.show_waves"): Row((303, 404, 200, 200, 404), "/console/daily/waves", kind="page"),
    ("POST", "presence.report"): Row(
        (303, 404, 200, 200, 404), "/console/daily/live", {"case": "{case}", "active": "1"}, kind="form",
    ),
    ("POST", "presence.leave"): Row((303, 404, 204, 204, 404), "/console/daily/leave", {}, kind="form"),
    ("POST", "presence.claim"): Row((303, 404, 303, 303, 404), "/console/daily/claim", {"n": "1"}, kind="form"),
    ("POST", "presence.release"): Row(
        (303, 404, 303, 303, 404), "/console/daily/release", {"case": "{case}"}, kind="form",
    ),
    ("POST", "saved_views.save"): Row(
        (303, 404, 303, 303, 404), "/console/daily/views", {"name": "Spam"}, kind="form", query={"guideline": "spam"},
    ),
    # cam's own view: not even an administrator sees it.
    ("POST", "saved_views.change"): Row(
        (303, 404, 303, 404, 404), "/console/daily/views/{view}", {"name": "Other"}, kind="form",
    ),
    ("POST", "saved_views.delete"): Row(
        (303, 404, 303, 404, 404), "/console/daily/views/{view}/delete", {}, kind="form",
    ),
    ("POST", "saved_views.choose"): Row(
        (303, 404, 303, 404, 404), "/console/daily/views/{view}/default", {}, kind="form",
    ),
    ("POST", "console.add_note"): Row(
        (303, 404, 303, 303, 404), "/console/daily/notes", {"comment": "{held}", "note": "Look here."}, kind="form",
    ),
    ("POST", "console.answer"): Row(
        (303, 404, 303, 303, 404), "/console/daily/answers",
        {"comment": "{theirs}", "revision": "1", "body": "Thank you for this."}, kind="form",
    ),
    ("GET", "shortcuts.show_keys"): Row((303, 404, 200, 200, 404), "/console/daily/keys", kind="page"),
    ("POST", "shortcuts.keep_keys"): Row((303, 404, 303, 303, 404), "/console/daily/keys", {}, kind="form"),
    # The site's settings: its administrators only; another site's can't even see that it is there.
    ("GET", "site_desk.show_settings"): Row((303, 404, 403, 200, 404), "/console/daily/settings", kind="page"),
    ("POST", "site_desk.save_settings"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings",
        {"name": "The Daily", "locale": "en", "time_zone": "Europe/Oslo"}, kind="form",
    ),
    ("GET", "site_desk.show_embed"): Row((303, 404, 403, 200, 404), "/console/daily/settings/embedding", kind="page"),
    ("POST", "site_desk.add_origin"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/origins", {"origin": "https://www.daily.example"},
        kind="form",
    ),
    ("POST", "site_desk.remove_origin"): Row(
        (303, 404, 403, 409, 404), "/console/daily/settings/origins/remove", {"origin": "https://daily.example"},
        kind="form",
    ),
    ("GET", "site_desk.show_new_site"): Row((303, 403, 403, 200, 403), "/console/sites/new", kind="page"),
    ("POST", "site_desk.add_site"): Row(
        (303, 403, 403, 303, 403), "/console/sites/new",
        {"name": "The Weekly", "key": "weekly", "origins": "https://weekly.example"}, kind="form",
    ),
    ("GET", "staff_desk.show_staff"): Row((303, 404, 403, 200, 404), "/console/daily/settings/staff", kind="page"),
    ("POST", "staff_desk.invite"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/staff", {"email": "fay@daily.example", "role": "manager"},
        kind="form",
    ),
    ("POST", "staff_desk.take_back"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/invitations/{invitation}/take-back", {}, kind="form",
    ),
    ("POST", "staff_desk.change_role"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/staff/{cam}/role", {"role": "admin"}, kind="form",
    ),
    ("POST", "staff_desk.remove"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/staff/{cam}/remove", {}, kind="form",
    ),
    ("GET", "token_desk.show_tokens"): Row((303, 404, 403, 200, 404), "/console/daily/settings/tokens", kind="page"),
    ("POST", "token_desk.create"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/tokens",
        {"name": "CMS", "scopes": "articles", "lasts": "90"}, kind="form",
    ),
    ("POST", "token_desk.revoke"): Row(
        (303, 404, 403, 303, 404), "/console/daily/settings/tokens/{token}/revoke", {}, kind="form",
    ),
    # One's own tokens: the one in the address is cam's, and nobody else's.
    ("GET", "api_tokens.show_tokens"): Row((302, 200, 200, 200, 200), "/auth/tokens", kind="page"),
    ("POST", "api_tokens.create"): Row(
        (302, 303, 303, 303, 422), "/auth/tokens",
        {"site": "daily", "name": "Mine", "scopes": "reader", "lasts": "30"}, kind="form",
    ),
    ("POST", "api_tokens.revoke"): Row((302, 404, 303, 404, 404), "/auth/tokens/{token}/revoke", {}, kind="form"),
    ("GET", "invitations.show_invitation"): Row((404,) * 5, "/auth/invitation/nothing", kind="page"),
    ("POST", "invitations.accept"): Row((404,) * 5, "/auth/invitation/nothing", {}, kind="form"),
    # Setting up: over as soon as there is a site.
    ("GET", "first_run.show_setup"): Row((303,) * 5, "/setup", kind="page"),
    ("POST", "first_run.prove_code"): Row((303,) * 5, "/setup", {"code": "AAAA"}, kind="form"),
    ("POST", "first_run.set_up"): Row((303,) * 5, "/setup/site", {}, kind="form"),
    # Accounts and signing in: open to everyone; what they do is tested in test_accounts and test_token.
    ("GET", "accounts.sign_in"): Row(ANYONE, "/auth/sign-in", kind="page"),
    ("POST", "accounts.sign_in"): Row((422,) * 5, "/auth/sign-in", {}, kind="form"),
    ("GET", "accounts.sign_up"): Row(ANYONE, "/auth/sign-up", kind="page"),
    ("POST", "accounts.sign_up"): Row((422,) * 5, "/auth/sign-up", {}, kind="form"),
    ("POST", "accounts.sign_out"): Row((302, 302, 302, 302, 302), "/auth/sign-out", {}, kind="form"),
    ("GET", "accounts.account"): Row((302, 200, 200, 200, 200), "/auth/account", kind="page"),
    ("GET", "confirming.confirm"): Row((302, 200, 200, 200, 200), "/auth/confirm", kind="page"),
    ("POST", "confirming.confirm"): Row((302, 422, 422, 422, 422), "/auth/confirm", {}, kind="form"),
    ("GET", "privacy.show"): Row((302, 200, 200, 200, 200), "/auth/privacy", kind="page"),
    ("POST", "privacy.export"): Row((302, 303, 303, 303, 303), "/auth/privacy/exports", {}, kind="form"),
    ("GET", "privacy.download"): Row((302, 404, 404, 404, 404), "/auth/privacy/exports/{export}", kind="page"),
    ("GET", "privacy.delete"): Row((302, 200, 200, 200, 200), "/auth/privacy/delete", kind="page"),
    ("POST", "privacy.delete"): Row((302, 303, 303, 422, 303), "/auth/privacy/delete", {"sure": "y"}, kind="form"),
    ("POST", "privacy.keep"): Row((302, 303, 303, 303, 303), "/auth/privacy/keep", {}, kind="form"),
    ("GET", "privacy.keep_by_link"): Row((404,) * 5, "/auth/keep-account/x", kind="page"),
    ("POST", "privacy.keep_by_link"): Row((404,) * 5, "/auth/keep-account/x", {}, kind="form"),
    ("GET", "accounts.set_password"): Row((404, 404, 404, 404, 404), "/auth/set-password/x", kind="page"),
    ("POST", "accounts.set_password"): Row((404, 404, 404, 404, 404), "/auth/set-password/x", {}, kind="form"),
    ("GET", "account_links.ask_for_reset"): Row(ANYONE, "/auth/reset-password", kind="page"),
    ("POST", "account_links.ask_for_reset"): Row((422,) * 5, "/auth/reset-password", {}, kind="form"),
    ("GET", "account_links.reset_password"): Row((404,) * 5, "/auth/reset-password/x", kind="page"),
    ("POST", "account_links.reset_password"): Row((404,) * 5, "/auth/reset-password/x", {}, kind="form"),
    ("GET", "account_links.verify_email"): Row((404,) * 5, "/auth/verify-email/x", kind="page"),
    ("POST", "account_links.verify_email"): Row((404,) * 5, "/auth/verify-email/x", {}, kind="form"),
    ("GET", "account_links.change_email"): Row((404,) * 5, "/auth/change-email/x", kind="page"),
    ("POST", "account_links.change_email"): Row((404,) * 5, "/auth/change-email/x", {}, kind="form"),
    ("GET", "account_pages.show_sessions"): Row((302, 200, 200, 200, 200), "/auth/sessions", kind="page"),
    ("POST", "account_pages.end_session"): Row((302, 404, 404, 404, 404), "/auth/sessions/999/end", {}, kind="form"),
    ("POST", "account_pages.end_family"): Row(
        (302, 404, 404, 404, 404), "/auth/sessions/on-pages/none/end", {}, kind="form",
    ),
    ("GET", "own_comments.show"): Row((302, 200, 200, 200, 200), "/auth/comments", kind="page"),
    ("GET", "account_pages.change_name"): Row((302, 200, 200, 200, 200), "/auth/name", kind="page"),
    ("POST", "account_pages.change_name"): Row((302, 422, 422, 422, 422), "/auth/name", {}, kind="form"),
    ("GET", "account_pages.change_email"): Row((302, 200, 200, 200, 200), "/auth/email", kind="page"),
    ("POST", "account_pages.change_email"): Row((302, 422, 422, 422, 422), "/auth/email", {}, kind="form"),
    ("POST", "account_pages.ask_to_verify"): Row((302, 303, 303, 303, 303), "/auth/verify-email", {}, kind="form"),
    ("GET", "account_pages.change_password"): Row((302, 200, 200, 200, 200), "/auth/password", kind="page"),
    ("POST", "account_pages.change_password"): Row((302, 422, 422, 422, 422), "/auth/password", {}, kind="form"),
    ("GET", "second_step.ask"): Row((303,) * 5, "/auth/second-step", kind="page"),
    ("POST", "second_step.ask"): Row((303,) * 5, "/auth/second-step", {}, kind="form"),
    ("GET", "second_step.strengthen"): Row((302, 303, 303, 303, 303), "/auth/second-step/again", kind="page"),
    ("POST", "second_step.strengthen"): Row((302, 303, 303, 303, 303), "/auth/second-step/again", {}, kind="form"),
    ("GET", "second_step.show_state"): Row((302, 200, 200, 200, 200), "/auth/two-step", kind="page"),
    ("GET", "second_step.set_up"): Row((302, 200, 200, 200, 200), "/auth/two-step/set-up", kind="page"),
    ("POST", "second_step.set_up"): Row((302, 422, 422, 422, 422), "/auth/two-step/set-up", {}, kind="form"),
    ("GET", "second_step.show_qr"): Row((302, 404, 404, 404, 404), "/auth/two-step/qr.svg", kind="page"),
    ("POST", "second_step.renew_codes"): Row(
        (302, 422, 422, 422, 422), "/auth/two-step/recovery-codes", {}, kind="form",
    ),
    ("POST", "second_step.switch_off"): Row((302, 422, 422, 422, 422), "/auth/two-step/off", {}, kind="form"),
    ("GET", "accounts_desk.show"): Row((303, 404, 403, 200, 404), "/console/daily/accounts", kind="page"),
    ("POST", "accounts_desk.save"): Row((303, 404, 403, 303, 404), "/console/daily/accounts", {}, kind="form"),
    ("GET", "accounts.authorize"): Row((404,) * 5, "/auth/authorize", kind="page"),
    ("POST", "accounts.authorize"): Row((404,) * 5, "/auth/authorize", {}, kind="form"),
    ("POST", "token.token"): Row((422, 422, 422, 422, 422), "/api/v1/token", {}),
    ("POST", "token.revoke"): Row((422, 422, 422, 422, 422), "/api/v1/token/revoke", {}),
    ("POST", "token.create_account"): Row((422, 422, 422, 422, 422), "/api/v1/accounts", {}),
    # What everyone may fetch.
    ("GET", "home"): Row((302,) * 5, "/"),
    ("GET", "embed.loader"): Row(ANYONE, "/embed.js"),
    ("GET", "embed.counts"): Row(ANYONE, "/counts.js"),
    ("GET", "embed.module"): Row((404, 404, 404, 404, 404), "/static/widget/0/nothing.js"),
    ("GET", "assets.asset"): Row((404, 404, 404, 404, 404), "/static/console/nothing.css"),
    ("GET", "openapi.spec"): Row(ANYONE, "/api/v1/openapi.json"),
    ("GET", "feeds.of_site"): Row(ANYONE, "/feeds/daily.atom"),
    ("GET", "feeds.of_article"): Row(ANYONE, "/feeds/daily/story.atom"),
    ("GET", "reading.show"): Row(ANYONE, "/articles/daily/story", kind="page"),
    ("GET", "docs.show"): Row(ANYONE, "/api/docs"),
    ("GET", "operations.healthz"): Row(ANYONE, "/healthz"),
    ("GET", "operations.readyz"): Row(ANYONE, "/readyz"),
    ("GET", "operations.metrics"): Row(ANYONE, "/metrics"),
}  # fmt: skip


@pytest.fixture
def scene(db, cast):
    """Ids to put into addresses, and a token for each role."""
    with db.writing() as writing:
        nia = factories.person(writing, "Nia Vale")
        theirs = factories.comment(writing, cast.story, nia)
        held = factories.comment(writing, cast.story, nia, status=Status.HELD)
        undoable = factories.comment(writing, cast.story, nia)
        decision = factories.reject(writing, undoable, cast.cam)
        daily = writing.get_one(Site, cast.daily.id)
        daily.policy = {"max_links": 3}
        curve = {kind: [1] * 101 for kind in ("all", "approved", "rejected")}
        backtest = Backtest(
            site_id=daily.id,
            policy={"max_links": 4},
            base=POLICY_SEEN,
            days=7,
            since=1,
            state="done",
            found=Tally(curves={"toxicity": curve}).as_json(),
            created_at=1,
            finished_at=2,
        )
        change = PolicyChange(site_id=daily.id, what="policy", before={}, after={"max_links": 3}, created_at=1)
        writing.add_all([backtest, change])
        writing.flush()
        prepared, started = (
            factories.bulk(writing, cast.daily, cast.cam, [factories.comment(writing, cast.story, nia)])
            for _ in range(2)
        )
        bulks.start(writing, started.id, membership=find_membership(writing, cast.cam.id, cast.daily.id), now=now_us())
        held = factories.comment(writing, cast.story, nia, status=Status.HELD)
        case = find_open_case_id(writing, held.id)
        mine = writing.get_one(Membership, (cast.cam.id, cast.daily.id))
        view = views.save_view(
            writing, membership=mine, name="Mine", filters={"q": "x"}, shared=False, now=now_us()
        )  # fmt: skip
        sanction = factories.sanction(writing, nia, cast.daily, SanctionKind.BAN)
        key = SigningKey(site_id=cast.daily.id, kid="first", algorithm="HS256", created_at=1)
        writing.add(key)
        appeal = appeals.appeal_sanction(
            writing, sanction.id, message="Why?", by_id=nia.id, site_id=daily.id, now=now_us()
        )
        measure = NotifierMeasure(
            site_id=daily.id, email="nia@readers.example", kind="warn", reason="Mind it.", by_person_id=cast.cam.id,
            created_at=1,
        )  # fmt: skip
        writing.add(measure)
        writing.flush()
        clearing = factories.clearing(writing, nia, cast.daily, cast.cam)
        export = Export(
            person_id=nia.id, state="ready", reached=[], created_at=1, ready_at=1, expires_at=2**62
        )  # fmt: skip
        writing.add(export)
        writing.flush()
        tokens = {
            "nobody": {},
            "ada": factories.bearer(writing, cast.ada, cast.daily),
            "cam": factories.bearer(writing, cast.cam, cast.daily, *factories.STAFF),
            "eve": factories.bearer(writing, cast.eve, cast.daily, *factories.STAFF),
            "dee": factories.bearer(writing, cast.dee, cast.other, *factories.STAFF),
        }
        staff_token = writing.scalar(select(ApiToken.id).where(ApiToken.person_id == cast.cam.id))
        invitation = factories.invitation(writing, cast.daily, cast.eve)
    ids = {"theirs": str(theirs.id), "held": str(held.id), "decision": str(decision.id)}
    ids |= {"backtest": str(backtest.id), "change": str(change.id)}
    ids |= {"nia": str(nia.id), "sanction": str(sanction.id), "clearing": str(clearing.id)}
    ids |= {"article": str(cast.story.id), "key": str(key.id)}
    ids |= {"article": str(cast.story.id), "cam": str(cast.cam.id)}
    ids |= {"token": str(staff_token), "invitation": str(invitation.id)}
    ids |= {"article": str(cast.story.id), "export": str(export.id)}
    ids |= {"article": str(cast.story.id), "appeal": str(appeal.id), "measure": str(measure.id)}
    ids |= {"batch": decision.batch, "prepared": str(prepared.id), "bulk": str(started.id)}
    ids |= {"case": str(case), "view": str(view.id)}
    return ids, tokens


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(inner, ids) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, ids) for inner in value]
    return value.format(**ids) if isinstance(value, str) else value


def test_every_route_has_a_row(app) -> None:
    routes = {
        (method, rule.endpoint) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert routes - MATRIX.keys() == set()
    assert MATRIX.keys() - routes == set()


def asked() -> list[Any]:
    """Who asks what: roles for whom nothing changes share a test, whoever changes something has one of their own."""
    found = []
    for route, row in sorted(MATRIX.items()):
        expected = dict(zip(ROLES, row.statuses, strict=True))
        changing = {
            role for role, status in expected.items() if route[0] != "GET" and status < 400 and role != "nobody"
        }
        for roles in (tuple(role for role in ROLES if role not in changing), *((role,) for role in sorted(changing))):
            if roles:
                found.append(pytest.param(route, roles, id=f"{'-'.join(route)}-{'+'.join(roles)}"))
    return found


@pytest.mark.parametrize(("route", "roles"), asked())
def test_a_route_answers_each_role_as_the_matrix_says(
    app, cast, scene, route: tuple[str, str], roles: tuple[str, ...]
) -> None:
    row = MATRIX[route]
    ids, tokens = scene

    answers = {role: ask(app, cast, route[0], row, ids, tokens, role) for role in roles}

    expected = {role: row.statuses[ROLES.index(role)] for role in roles}
    assert {role: answer.status_code for role, answer in answers.items()} == expected, [
        answer.text[:3000] for answer in answers.values()
    ]


def ask(app: Any, cast: Any, method: str, row: Row, ids: Any, tokens: Any, role: str) -> Any:
    client = app.test_client()
    token = ""
    if row.kind != "api":
        token = begin_session(app, client, None if role == "nobody" else getattr(cast, role))
    given: dict[str, Any] = {"query_string": filled(row.query, ids), "base_url": "https://127.0.0.1:8000"}
    if row.kind == "api":
        given["headers"] = tokens[role]
    else:
        given["headers"] = {"Accept": "text/html", "Origin": "https://127.0.0.1:8000", "Sec-Fetch-Site": "same-origin"}
    if row.body is not None:
        body = filled(row.body, ids)
        given["json" if row.kind == "api" else "data"] = body if row.kind == "api" else {**body, "csrf_token": token}
    return client.open(filled(row.path, ids), method=method, **given)


def begin_session(app: Any, client: Any, person: Any) -> str:
    """Begin a browser session as the sign-in page does; return the token that its forms carry."""
    with app.test_request_context(base_url="https://127.0.0.1:8000"):
        if person is not None:
            sign_in_here(person)
        token = generate_csrf()
        kept = dict(session)
    with client.session_transaction(base_url="https://127.0.0.1:8000") as browser:
        browser.update(kept)
    return str(token)
