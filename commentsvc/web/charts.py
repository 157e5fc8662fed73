"""How do figures over time look as a picture that loads nothing, for light and dark pages, wide and narrow?"""

import math
import re
import sys
from dataclasses import dataclass
from typing import Any

import pygal
from pygal.style import Style

# It hooks itself into Python's imports, for maps that nobody draws here, and Python 3.11 warns of that at each import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pygal")]

_SIZES = {"wide": (760, 300), "narrow": (380, 300)}
_LABELS = {"wide": 8, "narrow": 4}


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a chart: as in static/shared/tokens.css, and series that colour-blind people can tell apart."""

    surface: str
    ink: str
    soft: str
    line: str
    series: tuple[str, ...]


THEMES = {
    "light": Theme(
        "#ffffff", "#1c1e22", "#575c66", "#dcd9d3", ("#0072b2", "#d55e00", "#009e73", "#b0578d", "#8a6d00", "#3b3b98")
    ),
    "dark": Theme(
        "#1b1e23", "#e9e7e2", "#a6abb5", "#32373f", ("#56b4e9", "#f0894f", "#3fcf9f", "#e39ac6", "#d9b93b", "#a5a5ee")
    ),
}
SIZES = tuple(_SIZES)


@dataclass(frozen=True, slots=True)
class Series:
    """One line or layer of a chart: its name, and a value for each step or None."""

    name: str
    values: tuple[float | None, ...]


def draw(
    labels: tuple[str, ...], series: tuple[Series, ...], *, is_stacked: bool, unit: str, theme: str, size: str
) -> bytes:
    """Return an SVG with one line for each series, or their layers, over the steps that the labels name."""
    width, height = _SIZES[size]
    options: dict[str, Any] = {
        "width": width, "height": height, "style": _style(THEMES[theme]), "js": (), "show_dots": len(labels) == 1,
        "show_x_guides": False, "truncate_legend": -1, "truncate_label": -1, "legend_at_bottom": True,
        "legend_at_bottom_columns": 4 if size == "wide" else 2, "legend_box_size": 12, "show_minor_x_labels": False,
        "x_label_rotation": 0.01, "explicit_size": True, "margin": 8, "margin_bottom": 30, "spacing": 10,
        "fill": is_stacked, "no_data_text": "Nothing in these days",
        "value_formatter": lambda value: _written(value, unit),
    }  # fmt: skip
    most = _most(series, is_stacked=is_stacked)
    ticks = _shares(most) if unit == "%" else _ticks(most)
    chart = (pygal.StackedLine if is_stacked else pygal.Line)(**options, range=(0, ticks[-1]))
    chart.uuid = "chart"
    chart.y_labels = ticks
    chart.x_labels = labels
    chart.x_labels_major = labels[:: max(1, -(-len(labels) // _LABELS[size]))]
    for one in series:
        chart.add(one.name, [0 if is_stacked and value is None else value for value in one.values])
    # What pygal tells its own script, which isn't there; nothing in a chart comes from outside.
    return re.sub(rb"<script.*?</script>", b"", chart.render(), flags=re.DOTALL)


def _most(series: tuple[Series, ...], *, is_stacked: bool) -> float:
    steps = zip(*(one.values for one in series), strict=True)
    heights = [sum(v or 0 for v in step) if is_stacked else max(v or 0 for v in step) for step in steps]
    return max(heights, default=0)


def _shares(most: float) -> list[float]:
    """Return quarters of the whole, or of a round part of it when all shares are small."""
    top = next(top for top in (0.04, 0.2, 1) if most <= top)
    return [top * quarter / 4 for quarter in range(5)]


def _ticks(most: float) -> list[float]:
    """Return four to six round figures from 0 to at least the most."""
    rough = max(most, 1) / 5
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [step * number for number in range(math.ceil(max(most, 1) / step) + 1)]


def _style(colours: Theme) -> Style:
    return Style(
        background=colours.surface, plot_background=colours.surface, foreground=colours.soft,
        foreground_strong=colours.ink, foreground_subtle=colours.line, colors=colours.series,
        font_family="system-ui, sans-serif", label_font_size=12, major_label_font_size=12,
        legend_font_size=13, no_data_font_size=16, opacity=".75", opacity_hover=".75", stroke_opacity="1",
        stroke_width="2", guide_stroke_color=colours.line, major_guide_stroke_color=colours.line,
        guide_stroke_dasharray="none", major_guide_stroke_dasharray="none",
    )  # fmt: skip


def _written(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "%":
        return f"{value * 100:.0f} %"
    figure = f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
    return f"{figure} {unit}".strip()
