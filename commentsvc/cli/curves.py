"""How does an evaluation look as a picture: what is found, how purely, and whether a score means what it says?"""

import sys
from collections.abc import Iterator, Mapping
from itertools import pairwise, zip_longest
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pygal
from pygal.style import Style

from commentsvc.errors import Invalid
from commentsvc.moderation import metrics
from commentsvc.moderation.evaluation import FALSE_POSITIVE_RATES, Labelled
from commentsvc.moderation.metrics import Bools, Floats

# It hooks itself into Python's imports, for maps that nobody draws here, and Python 3.11 warns of that at each import.
sys.meta_path[:] = [finder for finder in sys.meta_path if not type(finder).__module__.startswith("pygal")]

_WIDTH, _HEIGHT = 900, 520
_POINTS = 300
_LOWEST_RATE = 0.001
"""Where the logarithmic axis of the false positive rate begins."""
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#3b3b98", "#56a0d3")
"""Okabe and Ito's, which most colour-blind people can tell apart, its yellows darkened for a white ground."""
_GREY = "#767676"

_TENTHS = [tenth / 10 for tenth in range(11)]
_DOTS: dict[str, Any] = {"stroke": False, "show_dots": True, "dots_size": 4}
_DASHED: dict[str, Any] = {"stroke_style": {"width": 1.5, "dasharray": "5, 5"}}

_Known = Mapping[str, tuple[Bools, Floats]]
"""Labels with what people said and the engine's scores, where both are known."""


def draw(texts: Labelled, thresholds: Mapping[str, float]) -> bytes:
    """Return one SVG of three charts that loads nothing, a line for each label that some texts have and some don't.

    Raises Invalid when there is no such label.
    """
    known = dict(_judged(texts))
    if not known:
        raise Invalid("There is nothing to plot: no label has scored texts that have it and scored texts that don't.")
    charts = [_roc(known), _precision(known, thresholds), _calibration(known)]
    whole = ElementTree.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {_WIDTH} {_HEIGHT * len(charts)}"
    )
    for at, chart in enumerate(charts):
        inner = ElementTree.fromstring(chart.render())  # noqa: S314 - what we have just made ourselves
        for name, value in {"x": 0, "y": at * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}.items():
            inner.set(name, str(value))
        whole.append(inner)
    written: bytes = ElementTree.tostring(whole, encoding="utf-8", xml_declaration=True)
    return written


def _judged(texts: Labelled) -> Iterator[tuple[str, tuple[Bools, Floats]]]:
    for label, truth in texts.truth.items():
        known = ~np.isnan(truth) & ~np.isnan(texts.scores[label])
        positive = truth[known] == 1
        if positive.any() and not positive.all():
            yield label, (positive, texts.scores[label][known])


def _roc(known: _Known) -> pygal.XY:
    chart = _chart("roc", "Recall against false positives", known)
    chart.x_title = "harmless comments flagged (logarithmic)"
    chart.y_title = "labelled comments flagged"
    chart.xrange = (0.0, _place(1))
    rates = (_LOWEST_RATE, *FALSE_POSITIVE_RATES, 0.1, 0.2, 0.5, 1)
    chart.x_labels = [{"value": _place(rate), "label": f"{rate * 100:g} %"} for rate in rates]
    found = {label: metrics.steps(*pair) for label, pair in known.items()}
    for label, one in found.items():
        alarms = np.maximum(one.false_positive_rates, _LOWEST_RATE)
        chart.add(label, [(_place(rate), recall) for rate, recall in _thinned(alarms, one.recalls)])
    for one in found.values():
        marks = [(_place(rate), metrics.recall_at(one, rate)) for rate in FALSE_POSITIVE_RATES]
        chart.add(None, marks, **_DOTS)
    chart.add("chance", [(_place(rate), rate) for rate in np.geomspace(_LOWEST_RATE, 1, 60).tolist()], **_DASHED)
    return chart


def _precision(known: _Known, thresholds: Mapping[str, float]) -> pygal.XY:
    chart = _chart("precision", "Precision against threshold (dots: a new site's thresholds)", known)
    chart.x_title = "threshold"
    chart.y_title = "flagged comments that are labelled"
    chart.xrange = (0.0, 1.0)
    chart.x_labels = _TENTHS
    found = {label: metrics.steps(*pair) for label, pair in known.items()}
    for label, one in found.items():
        chart.add(label, _stepped(_thinned(one.thresholds, one.precisions)))
    for label, one in found.items():
        above = int((one.thresholds >= thresholds.get(label, np.inf)).sum())
        chart.add(None, [(thresholds[label], float(one.precisions[above - 1]))] if above else [], **_DOTS)
    return chart


def _calibration(known: _Known) -> pygal.XY:
    chart = _chart("calibration", "Calibration (dashed: a score that means what it says)", known)
    chart.x_title = "mean score (comments in a tenth of the scale)"
    chart.y_title = "comments that are labelled"
    chart.xrange = (0.0, 1.0)
    chart.x_labels = _TENTHS
    bins = {label: metrics.reliability(*pair) for label, pair in known.items()}
    for label, some in bins.items():
        chart.add(label, [(one.mean_score, one.positive_share) for one in some])
    for some in bins.values():
        chart.add(None, [(one.mean_score, one.positive_share) for one in some], **_DOTS)
    chart.add("as it should be", [(0.0, 0.0), (1.0, 1.0)], **_DASHED)
    return chart


def _chart(name: str, title: str, known: _Known) -> pygal.XY:
    colours = _COLOURS[: len(known)]
    style = Style(
        background="#ffffff", plot_background="#ffffff", colors=(*colours, *colours, _GREY),
        foreground="#333333", foreground_strong="#111111", foreground_subtle="#555555",
        font_family="system-ui, sans-serif", title_font_size=15, label_font_size=13, major_label_font_size=13,
        legend_font_size=14, opacity="1", stroke_opacity="1", stroke_width="2", guide_stroke_color="#dddddd",
        major_guide_stroke_color="#dddddd", guide_stroke_dasharray="none", major_guide_stroke_dasharray="none",
    )  # fmt: skip
    chart = pygal.XY(
        width=_WIDTH, height=_HEIGHT, style=style, title=title, js=(), range=(0, 1), show_dots=False,
        show_x_guides=True, y_labels=_TENTHS[::2], truncate_legend=-1, include_x_axis=True,
        value_formatter=lambda value: f"{value * 100:.0f} %",
        x_value_formatter=lambda value: f"{value:.1f}",
    )  # fmt: skip
    chart.uuid = name
    return chart


def _place(rate: float) -> float:
    """Place a false positive rate on an axis that begins at 0."""
    return float(np.log10(rate / _LOWEST_RATE))


def _stepped(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Hold each value down to the next threshold, where the next one begins."""
    corners = [(later[0], earlier[1]) for earlier, later in pairwise(points)]
    return [point for pair in zip_longest(points, corners) for point in pair if point]


def _thinned(across: Floats, up: Floats) -> list[tuple[float, float]]:
    """Keep some 300 points of a curve, its ends among them."""
    chosen = np.unique(np.linspace(0, len(across) - 1, min(_POINTS, len(across))).astype(np.int64))
    return list(zip(across[chosen].tolist(), up[chosen].tolist(), strict=True))
