"""Answers as pictures: one page each, as an auditor would file it.

Promise: a picture shows an answer and computes nothing. Where there are more points than a page has dots, those that
signal, are left out, or are the highest and lowest of their neighbours are drawn; the answer's numbers are whole.

Read `page` (the sheet, the only place that meets matplotlib), then `control_chart`, `spread` (histogram, probability
plot, boxes), `causes` (Pareto, multi-vari) and `studies` (gauge R&R).
"""

from __future__ import annotations

DRAWN = {
    "chart": "control_chart:draw",
    "histogram": "spread:histogram",
    "probability-plot": "spread:probability_plot",
    "box": "spread:box",
    "pareto": "causes:pareto",
    "multi-vari": "causes:multi_vari",
    "grr": "studies:gauge_study",
}
"""Kind of statistics -> the module here, and its function, that draws it."""
