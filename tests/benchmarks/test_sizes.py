import re

from benchmarks import sizes
from commentsvc.infra.paths import STATIC


def test_every_file_is_reported_and_within_the_budget(capsys):
    assert sizes.main() == 0

    reported = set(re.findall(r"^\| ([\w.-]+\.js) ", capsys.readouterr().out, re.MULTILINE))
    sources = {path.name for path in (STATIC / "widget").glob("*.js")}
    assert reported - {"first.js"} < sources
    assert {"first.js", "embed.js", "counts.js", "composer.js", "strings.de.js"} < reported


def test_what_is_over_its_budget_fails_and_is_named(capsys, monkeypatch):
    monkeypatch.setattr(sizes, "FIRST_VIEW", 14_000)
    monkeypatch.setattr(sizes, "LIST_OF_ARTICLES", 100)
    monkeypatch.setattr(sizes, "ONE_PART", 2_500)

    assert sizes.main() == 1

    faults = capsys.readouterr().err
    assert "a first view in ar is 14," in faults
    assert "counts.js is " in faults
    assert "composer.js is " in faults
    assert "first.js is" not in faults
