"""How do measured figures get into a page of docs/? Between two comments, so that nobody copies them by hand."""

from pathlib import Path


def write_section(page: Path, name: str, content: str) -> None:
    """Replace what stands between `<!-- NAME -->` and `<!-- /NAME -->`, or raise ValueError where these aren't."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    text = page.read_text(encoding="utf-8")
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise ValueError(f"{page.name} has no section {begin} … {end}")
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    page.write_text(f"{before}{begin}\n{content.strip()}\n{end}{after}", encoding="utf-8")
