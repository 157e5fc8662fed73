"""Does the benchmark of the embedded engine run on a clean clone and print what the page needs?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import bench
from benchmarks.classifier import read_input


def test_demo_has_texts_enough() -> None:
    given = read_input(None, 1000)

    assert len(given.texts) > 50
    assert not [text for text in given.texts if re.match(r"\w+ \([+-]\d", text)]
    assert given.title
    assert given.story


@pytest.mark.slow
def test_quick_run_prints_a_row_for_each_figure(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    command = [sys.executable, "-m", "benchmarks.bench", "classifier", "--quick", "--page", str(page)]

    done = subprocess.run(command, cwd=bench.PAGE.parent.parent, capture_output=True, text=True, check=False)

    names = re.findall(r"^\| (.+?) \| [\d.]+", done.stdout, re.MULTILINE)
    assert done.returncode == 0, done.stderr
    assert [name.split(",")[0] for name in names] == [
        "one comment of 80 tokens", "comments a second", "comments a second", "evidence for one comment",
        "relevance of one comment", "memory that the engine adds: loaded", "from starting Python to the first score",
    ]  # fmt: skip
    assert page.read_text() == "nothing here"
