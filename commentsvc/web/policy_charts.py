"""How do precision and volume change with a label's threshold, as a picture that loads nothing?"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pygal
from pygal.style import Style

from commentsvc.moderation.replay import STEPS, reached

# It hooks itself into Python's imports, for maps that nobody draws here, and Python 3.11 warns of that at each import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pygal")]

SIZES = {"wide": (760, 340), "narrow": (380, 380)}
_LEAST_DECIDED = 5
"""Below so many decisions a share is chance, and isn't drawn."""


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a chart, as in static/shared/tokens.css; the lines are Okabe and Ito's."""

    surface: str
    ink: str
    soft: str
    line: str
    volume: str
    precision: str


THEMES = {
    "light": Theme("#ffffff", "#1c1e22", "#575c66", "#dcd9d3", "#0072b2", "#d55e00"),
    "dark": Theme("#1b1e23", "#e9e7e2", "#a6abb5", "#32373f", "#56b4e9", "#f0894f"),
}


def draw(
    curve: Mapping[str, list[int]], *, old: float | None, new: float | None, theme: str, size: str
) -> bytes:  # fmt: skip
    """Return an SVG: what share of all a threshold reaches, and what share of the decided among it was rejected.

    The thresholds in force and tested stand as dots on the line of the share.
    """
    colours = THEMES[theme]
    width, height = SIZES[size]
    tenths = [tenth / 10 for tenth in range(11)]
    chart = pygal.XY(
        width=width, height=height, style=_style(colours), js=(), range=(0, 1), xrange=(0, 1), show_dots=False,
        show_x_guides=False, y_labels=[0, 0.25, 0.5, 0.75, 1], truncate_legend=-1, legend_at_bottom=True,
        legend_at_bottom_columns=2 if size == "wide" else 1, legend_box_size=12, margin=8, margin_bottom=36, spacing=10,
        x_title="threshold", value_formatter=lambda value: f"{value * 100:.0f} %",
        x_value_formatter=lambda value: f"{value:g}", no_data_text="Nothing was scored in these days",
    )  # fmt: skip
    chart.uuid = "chart"
    chart.x_labels = tenths if size == "wide" else tenths[::2]
    points = [(step / STEPS, reached(curve, step / STEPS)) for step in range(STEPS + 1)]
    chart.add("reached, of all comments", [(at, found.share) for at, found in points])
    chart.add(
        "rejected by you, of those reached and decided",
        [(at, found.precision) for at, found in points if found.decided >= _LEAST_DECIDED],
    )
    for name, threshold in (("threshold in force", old), ("threshold tested", new)):
        if threshold is not None and (name == "threshold in force" or threshold != old):
            dot = {"stroke": False, "show_dots": True, "dots_size": 6}
            chart.add(f"{name}: {threshold:g}", [(threshold, reached(curve, threshold).share)], **dot)
    drawn: bytes = chart.render()
    # What its own script would read; we send none.
    return re.sub(rb"<script.*?</script>", b"", drawn, flags=re.DOTALL)


def _style(colours: Theme) -> Style:
    return Style(
        background=colours.surface, plot_background=colours.surface, foreground=colours.soft,
        foreground_strong=colours.ink, foreground_subtle=colours.line,
        colors=(colours.volume, colours.precision, colours.soft, colours.ink),
        font_family="system-ui, sans-serif", label_font_size=12, major_label_font_size=12, legend_font_size=13,
        title_font_size=13, no_data_font_size=16, opacity="1", opacity_hover="1", stroke_opacity="1", stroke_width="2",
        guide_stroke_color=colours.line, major_guide_stroke_color=colours.line, guide_stroke_dasharray="none",
        major_guide_stroke_dasharray="none",
    )  # fmt: skip
