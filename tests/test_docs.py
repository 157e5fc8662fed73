"""Is everything documented that people rely on?"""

import re
from pathlib import Path

import pytest

from commentsvc import errors
from commentsvc.app import create_app
from commentsvc.cli import main
from commentsvc.errors import DomainError
from commentsvc.infra.limits import LIMITS
from commentsvc.moderation.pipeline import Judge
from commentsvc.settings import PREFIX, Settings

DOCS = Path(__file__).resolve().parent.parent / "docs"
_NOT_FOR_PEOPLE = {"demo"}


@pytest.mark.parametrize("name", sorted(set(Settings.model_fields) - _NOT_FOR_PEOPLE))
def test_setting_is_documented(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in (DOCS / "settings.md").read_text()


def test_documented_settings_exist() -> None:
    documented = set(re.findall(rf"^\| `{PREFIX}([A-Z_]+)`", (DOCS / "settings.md").read_text(), re.MULTILINE))

    assert documented == {name.upper() for name in set(Settings.model_fields) - _NOT_FOR_PEOPLE}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_command_is_documented(name: str) -> None:
    assert f"commentsvc {name}" in (DOCS / "operations.md").read_text()


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_limit_is_documented(name: str) -> None:
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


def _codes() -> set[str]:
    found = {thing for thing in vars(errors).values() if isinstance(thing, type) and issubclass(thing, DomainError)}
    return {error.code for error in found if error is not DomainError}


@pytest.mark.parametrize("code", sorted(_codes()))
def test_error_code_is_documented(code: str) -> None:
    assert f"`{code}`" in (DOCS / "api.md").read_text()


def test_every_api_route_is_documented(settings: Settings) -> None:
    app = create_app(settings)
    text = (DOCS / "api.md").read_text()

    routes = {
        rule.rule for rule in app.url_map.iter_rules() if rule.rule.startswith(("/api/v1/", "/feeds", "/v1alpha1"))
    }
    missing = sorted(route for route in routes if re.sub(r"<(?:\w+:)?(\w+)>", "{id}", route) not in _named(text))

    app.extensions["commentsvc"].judge.close()
    app.extensions["commentsvc"].db.dispose()
    assert missing == []


def _named(text: str) -> set[str]:
    return {re.sub(r"\{\w+\}", "{id}", path) for path in re.findall(r"(/(?:api|feeds|v1alpha1)[\w/{}.:-]*)", text)}


def test_every_check_is_documented() -> None:
    text = (DOCS / "moderation.md").read_text()

    missing = [name for name in Judge.check_names if f"| `{name}` |" not in text]

    assert missing == []


def test_docs_name_no_machine_of_ours() -> None:
    for page in [*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")]:
        assert not re.search(r"(?<![\w.])/(work|tmp|root|home)/", page.read_text()), page
