"""Do measured figures land between their marks, and nowhere else?"""

from pathlib import Path

import pytest

from benchmarks import bench
from benchmarks.pages import write_section


def test_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One\n<!-- a -->\nold\n<!-- /a -->\ntwo\n<!-- b -->\n<!-- /b -->\n")

    write_section(page, "a", "new\n\n")
    write_section(page, "b", "x")

    assert page.read_text() == "# One\n<!-- a -->\nnew\n<!-- /a -->\ntwo\n<!-- b -->\nx\n<!-- /b -->\n"


@pytest.mark.parametrize("text", ["", "<!-- a -->", "<!-- /a --><!-- a -->", "<!-- a --><!-- /a --><!-- a -->"])
def test_page_without_its_marks_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)

    with pytest.raises(ValueError, match=r"page\.md has no section <!-- a --> … <!-- /a -->"):
        write_section(page, "a", "new")
    assert page.read_text() == text


def test_every_benchmark_has_its_place_in_the_page() -> None:
    text = bench.PAGE.read_text(encoding="utf-8")

    assert [one.name for one in bench.BENCHMARKS if f"<!-- {one.name} -->" not in text] == []
