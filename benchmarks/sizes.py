"""How many bytes does a browser fetch of the widget, file by file, and is that within the budget?

    python -m benchmarks.sizes

Prints one table, and fails where a first view, the counts or a part that comes later is too large.
Bytes are those of the bodies as they are sent with gzip.
"""

import re
import sys
from collections.abc import Mapping

from commentsvc.web import embed
from commentsvc.web.packing import COUNTS, FIRST, LOADER

FIRST_VIEW = 15_000
"""What a first view may fetch, in every language."""
LIST_OF_ARTICLES = 1_000
"""What a page that only shows counts may fetch."""
ONE_PART = 6_000
"""What anything that comes later may be: it arrives within a blink on a slow phone."""


def main() -> int:
    """Print the table; return 1 when something is over its budget."""
    sizes = embed.sizes()
    languages = sorted({found[1] for name in sizes if (found := re.fullmatch(r"strings\.(\w+)\.js", name))})
    views = {"en": _view(sizes, "strings.js")} | {one: _view(sizes, f"strings.{one}.js") for one in languages}
    print("| file | bytes | with gzip | fetched |\n| --- | ---: | ---: | --- |")
    for name, (plain, zipped) in sorted(sizes.items(), key=lambda one: (_when(one[0]), -one[1][1])):
        print(f"| {name} | {plain:,} | {zipped:,} | {_when(name)} |")
    print()
    for language, view in views.items():
        print(f"First view, {language}: {view:,} of {FIRST_VIEW:,} bytes.")
    faults = [f"a first view in {one} is {view:,} bytes" for one, view in views.items() if view > FIRST_VIEW]
    if sizes[COUNTS][1] > LIST_OF_ARTICLES:
        faults.append(f"{COUNTS} is {sizes[COUNTS][1]:,} bytes")
    faults += [
        f"{name} is {zipped:,} bytes" for name, (_, zipped) in sizes.items() if name != FIRST and zipped > ONE_PART
    ]
    for fault in faults:
        print(f"Over the budget: {fault}.", file=sys.stderr)
    return 1 if faults else 0


def _view(sizes: Mapping[str, tuple[int, int]], words: str) -> int:
    return sum(sizes[name][1] for name in (LOADER, FIRST, COUNTS, words))


def _when(name: str) -> str:
    if name in {LOADER, FIRST, COUNTS, "strings.js"}:
        return "at first"
    return "at first, in that language" if re.fullmatch(r"strings\.\w+\.js", name) else "later"


if __name__ == "__main__":
    sys.exit(main())
