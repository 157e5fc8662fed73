"""Perspective's requests, answers and refusals, over the real engine."""

import json
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from commentsvc.app import create_app
from commentsvc.enums import TOXICITY_LABELS, Role, Scope
from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores, Unavailable
from commentsvc.store.models import Comment, SignalRow
from commentsvc.web.perspective import MAX_BYTES
from tests import factories

RUDE = "What kind of idiot name is foo? Sorry, I like your name."
ANALYZE = "/v1alpha1/comments:analyze"
SUGGEST = "/v1alpha1/comments:suggestscore"
FRENCH = "Je ne sais pas pourquoi vous dites que cette ville est la plus belle du monde entier"


class Engine:
    """An engine whose answer a test decides."""

    name, version = "scripted", "1"
    languages = frozenset({"en", "fr"})

    def __init__(self, answer: Callable[[str], Scores]) -> None:
        self.answer = answer

    def score(self, texts: Any) -> list[Scores]:
        return [self.answer(text) for text in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return ()


@pytest.fixture
def key(db, cast) -> str:
    with db.writing() as session:
        return key_of(factories.bearer(session, cast.cam, cast.daily, Scope.ANALYZE))


@pytest.fixture
def app_with(settings) -> Iterator[Callable[..., Any]]:
    """Makes applications with an engine and settings of the test's own."""
    made: list[Any] = []

    def make(engine: Any = None, *, budget: float = 2.0, **changes: Any) -> Any:
        judge = Judge(engine, load_relevance(), budget=budget) if engine else None
        made.append(create_app(settings.model_copy(update=changes), judge=judge))
        return made[-1]

    yield make
    for app in made:
        app.extensions["commentsvc"].judge.close()
        app.extensions["commentsvc"].db.dispose()


def key_of(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def request_for(text: str = RUDE, *attributes: str, **members: Any) -> dict[str, Any]:
    wanted = {name: {} for name in attributes or ("TOXICITY",)}
    return {"comment": {"text": text}, "requestedAttributes": wanted, **members}


def error_type(answer: Any) -> str:
    return answer.get_json()["error"]["details"][0]["errorType"]


def all_of(value: float | None) -> Scores:
    return dict.fromkeys(TOXICITY_LABELS, value)


def test_a_comment_is_scored_as_perspective_answered(client, key) -> None:
    body = request_for(languages=["en"], doNotStore=True, clientToken="c-1", sessionId="s", communityId="/forum")

    answer = client.post(f"{ANALYZE}?key={key}", json=body)

    assert answer.status_code == 200
    found = answer.get_json()
    score = found["attributeScores"]["TOXICITY"]["summaryScore"]
    assert 0.5 < score["value"] <= 1
    assert found == {
        "attributeScores": {
            "TOXICITY": {
                "summaryScore": {"value": score["value"], "type": "PROBABILITY"},
                "spanScores": [{"begin": 0, "end": len(RUDE), "score": score}],
            }
        },
        "languages": ["en"],
        "detectedLanguages": ["en"],
        "clientToken": "c-1",
    }


def test_span_annotations_score_each_sentence_in_utf16_units(client, key) -> None:
    text = "\U0001f600 You stupid idiot! The ferry leaves at nine."

    answer = client.post(f"{ANALYZE}?key={key}", json=request_for(text, "TOXICITY", "INSULT", spanAnnotations=True))

    spans = answer.get_json()["attributeScores"]["INSULT"]["spanScores"]
    assert [(span["begin"], span["end"]) for span in spans] == [(0, 20), (21, 46)]
    assert spans[0]["score"]["value"] > 0.5 > spans[1]["score"]["value"]


def test_html_is_scored_by_its_text_alone(client, key) -> None:
    html = request_for('<p class="idiot">The ferry leaves at nine.</p>')
    html["comment"]["type"] = "HTML"

    scored = client.post(f"{ANALYZE}?key={key}", json=html).get_json()["attributeScores"]["TOXICITY"]

    plain = client.post(f"{ANALYZE}?key={key}", json=request_for("\nThe ferry leaves at nine.\n")).get_json()
    assert scored["summaryScore"] == plain["attributeScores"]["TOXICITY"]["summaryScore"]


def test_every_attribute_leads_to_its_label(app_with, key) -> None:
    values: Scores = {label: index / 10 for index, label in enumerate(TOXICITY_LABELS, 1)}
    client = app_with(Engine(lambda _: values)).test_client()
    labels = {
        "TOXICITY": "toxicity", "SEVERE_TOXICITY": "severe_toxicity", "INSULT": "insult", "PROFANITY": "obscene",
        "THREAT": "threat", "IDENTITY_ATTACK": "identity_attack", "SEXUALLY_EXPLICIT": "sexual_explicit",
    }  # fmt: skip
    asked = [*labels, *(f"{name}_EXPERIMENTAL" for name in labels)]

    found = client.post(f"{ANALYZE}?key={key}", json=request_for(RUDE, *asked)).get_json()["attributeScores"]

    assert {name: scores["summaryScore"]["value"] for name, scores in found.items()} == {
        **{name: values[label] for name, label in labels.items()},
        **{f"{name}_EXPERIMENTAL": values[label] for name, label in labels.items()},
    }


def test_what_the_engine_does_not_know_is_left_out_and_never_a_number(client, key) -> None:
    both = client.post(f"{ANALYZE}?key={key}", json=request_for(RUDE, "TOXICITY", "SEVERE_TOXICITY"))
    alone = client.post(f"{ANALYZE}?key={key}", json=request_for(RUDE, "SEVERE_TOXICITY"))

    assert (both.status_code, set(both.get_json()["attributeScores"])) == (200, {"TOXICITY"})
    assert (alone.status_code, error_type(alone)) == (400, "INVALID_REQUEST")
    assert "SEVERE_TOXICITY is not supported by the engine embedded" in alone.get_json()["error"]["message"]


def test_score_threshold_leaves_out_what_is_below(client, key) -> None:
    body = request_for(RUDE, "INSULT", "THREAT", spanAnnotations=True)
    body["requestedAttributes"] = {"INSULT": {"scoreThreshold": 0.5}, "THREAT": {"scoreThreshold": 0.99}}

    found = client.post(f"{ANALYZE}?key={key}", json=body).get_json()["attributeScores"]

    assert set(found) == {"INSULT"}
    assert [span["begin"] for span in found["INSULT"]["spanScores"]] == [0]


def test_snake_case_null_and_a_missing_content_type_are_taken_as_google_took_them(client, key) -> None:
    body = {
        "comment": {"text": RUDE, "type": None},
        "requested_attributes": {"TOXICITY": None},
        "span_annotations": None,
        "context": {"entries": [{"text": "Before."}]},
    }

    answer = client.post(f"{ANALYZE}?key={key}", data=json.dumps(body))

    assert answer.status_code == 200


def test_languages_are_matched_by_their_first_part(client, key) -> None:
    taken = client.post(f"{ANALYZE}?key={key}", json=request_for(languages=["en-US", "de"]))
    refused = client.post(f"{ANALYZE}?key={key}", json=request_for(languages=["de", "fr-FR"]))

    assert (taken.status_code, taken.get_json()["languages"]) == (200, ["en-US", "de"])
    assert (refused.status_code, refused.get_json()["error"]) == (
        400,
        {
            "code": 400,
            "message": "Attribute TOXICITY does not support request languages: de, fr-FR",
            "status": "INVALID_ARGUMENT",
            "details": [
                {
                    "@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error",
                    "errorType": "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
                    "languageNotSupportedByAttributeError": {
                        "requestedLanguages": ["de", "fr-FR"],
                        "attribute": "TOXICITY",
                    },
                }
            ],
        },
    )


def test_a_foreign_text_is_refused_by_its_language_even_when_said_to_be_english(client, key) -> None:
    answer = client.post(f"{ANALYZE}?key={key}", json=request_for(FRENCH, languages=["en"]))

    assert (answer.status_code, error_type(answer)) == (400, "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE")
    detail = answer.get_json()["error"]["details"][0]["languageNotSupportedByAttributeError"]
    assert detail == {"detectedLanguages": ["fr"], "attribute": "TOXICITY"}


def test_an_engine_of_more_languages_is_believed(app_with, key) -> None:
    client = app_with(Engine(lambda _: all_of(0.25))).test_client()

    french = client.post(f"{ANALYZE}?key={key}", json=request_for(FRENCH))
    russian = client.post(f"{ANALYZE}?key={key}", json=request_for("Почему вы так говорите"))

    assert (french.status_code, french.get_json()["languages"]) == (200, ["fr"])
    assert (russian.status_code, error_type(russian)) == (400, "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE")


@pytest.mark.parametrize(
    ("change", "message", "kind"),
    [
        ({"comment": {"text": ""}}, "Comment must be non-empty.", "COMMENT_EMPTY"),
        ({"comment": {}}, "Comment must be non-empty.", "COMMENT_EMPTY"),
        ({"comment": {"text": "<p> </p>", "type": "HTML"}}, "Comment must be non-empty.", "COMMENT_EMPTY"),
        ({"comment": {"text": "\u00e9" * (MAX_BYTES // 2) + "x"}}, "Comment text too long.", "COMMENT_TOO_LONG"),
        ({"comment": {"text": "\U0001f600"}}, "Unable to detect language", "LANGUAGE_DETECTION_FAILED"),
        ({"requestedAttributes": {}}, "Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES"),
        ({"requestedAttributes": None}, "Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES"),
        (
            {"requestedAttributes": {"TOXICITY": {}, "FLIRTATION": {}}},
            "Unknown requested attribute: FLIRTATION",
            "INVALID_REQUEST",
        ),
        (
            {"requestedAttributes": {"TOXICITY": {"scoreType": "PERCENTILE"}}},
            "Requested score type PERCENTILE is not supported by attribute TOXICITY",
            "INVALID_REQUEST",
        ),
        (
            {"surprise": 1},
            'Invalid JSON payload received. Unknown name "surprise": Cannot find field.',
            "INVALID_REQUEST",
        ),
    ],
)
def test_a_refusal_has_perspectives_words_and_error_type(client, key, change, message: str, kind: str) -> None:
    answer = client.post(f"{ANALYZE}?key={key}", json={**request_for(), **change})

    assert answer.status_code == 400
    assert answer.get_json() == {
        "error": {
            "code": 400,
            "message": message,
            "status": "INVALID_ARGUMENT",
            "details": [
                {"@type": "type.googleapis.com/google.commentanalyzer.v1alpha1.Error", "errorType": kind},
            ],
        }
    }


def test_the_longest_comment_is_scored(client, key) -> None:
    text = ("The ferry leaves at nine. " * 800)[:MAX_BYTES]

    assert client.post(f"{ANALYZE}?key={key}", json=request_for(text)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"null", b'"x"', b"{", b"[" * 60_000, b'{"a":' * 40 + b"1" + b"}" * 40, b'{"comment": NaN}',
        b"\xff\xfe",
        b'{"comment": {"text": "\\ud800"}}', b'{"comment": {"text": "a\\u0000"}}', b'{"comment": 1}',
        b'{"comment": {"text": 1}}', b'{"comment": {"text": "x", "type": "PDF"}}', b'{"comment": {}, "comment": {}}',
        b'{"comment": {"text": "x"}, "requestedAttributes": ["TOXICITY"]}',
        b'{"comment": {"text": "x"}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": "high"}}}',
        b'{"comment": {"text": "x"}, "requestedAttributes": {"TOXICITY": {"scoreThreshold": 1e999}}}',
        b'{"comment": {"text": "x"}, "requestedAttributes": {"TOXICITY": {}}, "languages": "en"}',
        b'{"comment": {"text": "x"}, "requestedAttributes": {"TOXICITY": {}}, "clientToken": 7}',
        b"comment=x&requestedAttributes=TOXICITY",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
def test_a_hostile_body_is_a_400_in_googles_shape(client, key, path: str, body: bytes) -> None:
    answer = client.post(f"{path}?key={key}", data=body, headers={"Content-Type": "application/json"})

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert error["message"]


def test_a_body_over_64_kib_is_413_and_nul_in_the_address_400(client, key) -> None:
    long = client.post(f"{ANALYZE}?key={key}", data=b" " * 65_537)
    nul = client.post(f"{ANALYZE}?key=%00", json=request_for())

    assert (long.status_code, long.get_json()["error"]["code"]) == (413, 413)
    assert (nul.status_code, nul.get_json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


_LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9)
_NAMES = st.sampled_from(["comment", "text", "type", "requestedAttributes", "TOXICITY", "languages", "context"])
_DOCUMENTS = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(document=st.dictionaries(_NAMES | st.just("attributeScores"), _DOCUMENTS, max_size=4))
@hypothesis_settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
def test_no_document_is_a_5xx(client, key, path: str, document: dict[str, Any]) -> None:
    answer = client.post(f"{path}?key={key}", data=json.dumps(document))

    assert answer.status_code < 500


@pytest.mark.parametrize("path", [ANALYZE, SUGGEST])
def test_who_comes_without_a_good_key_is_refused_as_google_did(client, db, cast, path: str) -> None:
    with db.writing() as session:
        weak = key_of(factories.bearer(session, cast.cam, cast.daily, Scope.READER, Scope.MODERATE))
    body = request_for()

    none = client.post(path, json=body)
    bad = client.post(f"{path}?key=AIzaSyBad", json=body)
    other = client.post(f"{path}?key={weak}", json=body)

    errors = [answer.get_json()["error"] for answer in (none, bad, other)]
    assert [answer.status_code for answer in (none, bad, other)] == [403, 400, 403]
    assert [error["code"] for error in errors] == [403, 400, 403]
    assert [error["status"] for error in errors] == ["PERMISSION_DENIED", "INVALID_ARGUMENT", "PERMISSION_DENIED"]
    assert errors[1]["message"] == "API key not valid. Please pass a valid API key."
    assert errors[1]["details"][0]["reason"] == "API_KEY_INVALID"


def test_a_key_may_come_as_googles_header_or_as_ours(client, key) -> None:
    for headers in ({"X-Goog-Api-Key": key}, {"Authorization": f"Bearer {key}"}):
        assert client.post(ANALYZE, json=request_for(), headers=headers).status_code == 200


def test_an_analyze_key_can_do_nothing_else(client, db, cast, key) -> None:
    headers = {"Authorization": f"Bearer {key}"}

    answers = [
        client.get("/api/v1/moderation/cases?site=daily", headers=headers),
        client.get("/api/v1/me?site=daily", headers=headers),
        client.get("/api/v1/articles?site=daily&key=story", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_a_key_ends_with_its_owners_role(client, db, cast, key) -> None:
    with db.writing() as session:
        factories.member(session, cast.cam, cast.daily, Role.READER)

    assert client.post(f"{ANALYZE}?key={key}", json=request_for()).status_code == 403


def test_the_limit_is_counted_by_key_and_says_when_it_goes_again(app_with, db, cast, key, monkeypatch) -> None:
    monkeypatch.setattr("commentsvc.infra.limits.LIMITS", {"analyze": "2/minute"})
    client = app_with(Engine(lambda _: all_of(0.5)), rate_limits="on").test_client()
    with db.writing() as session:
        second = key_of(factories.bearer(session, cast.cam, cast.daily, Scope.ANALYZE))

    statuses = [client.post(f"{ANALYZE}?key={key}", json=request_for()).status_code for _ in range(2)]
    refused = client.post(f"{ANALYZE}?key={key}", json=request_for())
    other = client.post(f"{ANALYZE}?key={second}", json=request_for())

    assert statuses == [200, 200]
    assert (refused.status_code, refused.get_json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert refused.get_json()["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert other.status_code == 200


def test_feedback_is_taken_and_nothing_of_it_kept(client, db, key, cast) -> None:
    body = {
        "comment": {"text": "Get busy living, or get busy dying."},
        "context": {"entries": [{"text": '{"Coral_comment_id": "1"}'}]},
        "attributeScores": {"TOXICITY": {"summaryScore": {"value": 0}}},
        "languages": ["en"],
        "communityId": "Coral:https://coral.example",
        "clientToken": "comment:1",
    }

    answer = client.post(f"{SUGGEST}?key={key}", json=body)

    assert (answer.status_code, answer.get_json()) == (200, {"clientToken": "comment:1"})
    with db.reading() as session:
        assert session.query(Comment).count() == session.query(SignalRow).count() == 0


def fails(_text: str) -> Scores:
    raise RuntimeError("a secret of the engine")


@pytest.mark.parametrize(
    "engine",
    [
        Unavailable("detoxify", "no checkpoint"),
        Engine(fails),
        Engine(lambda _: all_of(math.nan)),
        Engine(lambda _: all_of(1.5)),
    ],
    ids=["unavailable", "raises", "nan", "range"],
)
def test_an_engine_that_cannot_answer_is_503_and_no_number(app_with, key, engine) -> None:
    answer = app_with(engine).test_client().post(f"{ANALYZE}?key={key}", json=request_for())

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (503, 503, "UNAVAILABLE")
    assert "secret" not in answer.text


def test_nobody_waits_for_an_engine_that_thinks(app_with, key, db, cast) -> None:
    """Neither a writer for SQLite's lock nor a reader for a connection."""
    thinking, done = threading.Event(), threading.Event()

    def think(_text: str) -> Scores:
        thinking.set()
        done.wait(20)
        return all_of(0.5)

    app = app_with(Engine(think), budget=15)
    answers: list[Any] = []
    asking = threading.Thread(
        target=lambda: answers.append(app.test_client().post(f"{ANALYZE}?key={key}", json=request_for()))
    )
    asking.start()
    assert thinking.wait(10)

    in_use = app.extensions["commentsvc"].db.engine.pool.checkedout()
    with db.writing() as session:
        factories.comment(session, cast.story, cast.bo)
    done.set()
    asking.join()

    assert in_use == 0
    assert answers[0].status_code == 200


def test_a_slow_engine_is_given_up_after_its_budget(app_with, key) -> None:
    done = threading.Event()
    engine = Engine(lambda _: all_of(0.5) if done.wait(20) else all_of(None))
    client = app_with(engine, budget=0.2).test_client()

    answer = client.post(f"{ANALYZE}?key={key}", json=request_for())
    done.set()

    assert answer.status_code == 503


def test_scripts_of_web_pages_get_no_answer_and_caches_keep_none(client, key) -> None:
    page = {"Origin": "https://news.example"}

    preflight = client.options(ANALYZE, headers={**page, "Access-Control-Request-Method": "POST"})
    answer = client.post(f"{ANALYZE}?key={key}", json=request_for(), headers=page)

    assert not [name for name, _ in [*preflight.headers, *answer.headers] if name.startswith("Access-Control")]
    assert answer.headers["Cache-Control"] == "no-store"


def test_discovery_names_the_address_by_which_it_was_asked(app_with) -> None:
    client = app_with(base_url="https://comments.example").test_client()

    public = client.get("/$discovery/rest?version=v1alpha1", base_url="http://comments.example").get_json()
    inside = client.get("/$discovery/rest?version=v1alpha1", base_url="http://scorer.internal:8001").get_json()
    other = client.get("/$discovery/rest?version=v2")

    assert (public["rootUrl"], inside["rootUrl"]) == ("https://comments.example/", "http://scorer.internal:8001/")
    assert set(public["resources"]["comments"]["methods"]) == {"analyze", "suggestscore"}
    assert (other.status_code, other.get_json()["error"]["status"]) == (404, "NOT_FOUND")
