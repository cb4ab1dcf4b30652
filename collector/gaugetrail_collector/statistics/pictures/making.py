"""From an answer to the bytes of its page."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gaugetrail_collector.statistics.pictures import DRAWN

FORMS = ("svg", "png", "pdf")


def picture(
    answer: Mapping[str, Any], form: str, *, title: str | None = None, about: Sequence[str] = (), printed: str = ""
) -> bytes:
    """The page of an answer of one of the kinds in `DRAWN`; `about` says where the data are from."""
    from gaugetrail_collector.statistics.pictures.page import paint, styled

    module, _, name = DRAWN[str(answer["kind"])].partition(":")
    draw = getattr(importlib.import_module(f"gaugetrail_collector.statistics.pictures.{module}"), name)
    with styled():
        figure, text = draw(answer, title)
        return paint(figure, replace(text, about=(*about, *text.about), printed=printed), form)
