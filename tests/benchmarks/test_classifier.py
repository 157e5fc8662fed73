"""Does the benchmark of the embedded engine run on a clean clone and print what the page needs?"""

import re

import pytest

from benchmarks import classifier


def test_demo_has_texts_enough() -> None:
    given = classifier.read_input(None, 1000)

    assert len(given.texts) > 50
    assert not [text for text in given.texts if re.match(r"\w+ \([+-]\d", text)]
    assert given.title
    assert given.story


@pytest.mark.slow
def test_each_figure_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    classifier.main(["--texts", "8"])

    names = re.findall(r"^\| (.+?) \| [\d.]+", capsys.readouterr().out, re.MULTILINE)
    assert [name.split(",")[0] for name in names] == [
        "one comment of 80 tokens", "comments a second", "comments a second", "evidence for one comment",
        "relevance of one comment", "memory that the engine adds: loaded", "from starting Python to the first score",
    ]  # fmt: skip
