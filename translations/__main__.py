"""Takes new English sentences into every language's catalogue, makes the widget's modules, and says what is missing."""

import sys
from pathlib import Path

import click

from translations.catalogues import TEMPLATE, address, languages, read, written
from translations.english import WIDGET, sentences
from translations.faults import faults
from translations.modules import modules, outdated


@click.command(help=__doc__)
@click.option("--check", is_flag=True, help="Change nothing; say what would change, too.")
@click.option("--add", "added", metavar="LANGUAGE", multiple=True, help="Begin a language, such as it or pt-BR.")
def main(*, check: bool, added: tuple[str, ...]) -> None:
    """Exit with 1 while something is missing, or with --check out of date."""
    found = list(problems() if check else _update(added))
    for line in found:
        click.echo(line)
    click.echo(f"{len(sentences())} sentences, {', '.join(languages())}: {len(found) or 'nothing'} to do")
    sys.exit(1 if found else 0)


def problems() -> list[str]:
    """Return a line for everything that is missing, wrong or out of date, changing nothing."""
    english = sentences()
    found = [] if TEMPLATE.exists() and TEMPLATE.read_bytes() == written(english, None, None) else [_stale(TEMPLATE)]
    for language in languages():
        catalog = read(language)
        found += faults(english, language, catalog)
        if address(language).read_bytes() != written(english, language, read(language)):
            found.append(_stale(address(language)))
        found += [_stale(WIDGET / name) for name in outdated(modules(english, language, catalog))]
    return found


def _update(added: tuple[str, ...]) -> list[str]:
    english = sentences()
    _write(TEMPLATE, written(english, None, None))
    for language in sorted({*languages(), *added}):
        _write(address(language), written(english, language, read(language)))
        for name, text in modules(english, language, read(language)).items():
            _write(WIDGET / name, text.encode())
    return problems()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)


def _stale(path: Path) -> str:
    return f"{path.relative_to(WIDGET.parents[2])}: is out of date: run python -m translations"


if __name__ == "__main__":
    main()
