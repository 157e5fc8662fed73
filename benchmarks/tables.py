"""How are figures printed? As Markdown tables, so that they can stand in docs/ as they are."""

from dataclasses import dataclass, field


@dataclass
class Table:
    """A Markdown table; the first column is words, the others are figures."""

    heads: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def __init__(self, *heads: str) -> None:
        self.heads, self.rows = heads, []

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)

    def markdown(self) -> str:
        """Write it."""
        rule = ["---", *["---:"] * (len(self.heads) - 1)]
        return "\n".join(f"| {' | '.join(cells)} |" for cells in (self.heads, rule, *self.rows))


def ms(value: float) -> str:
    """Write milliseconds with as many digits as mean something."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:,.0f}"
