"""A sheet as one HTML page for A4: bars, the code in letters below them, and what it means. Nothing is loaded from
anywhere, and no script stands in it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from gaugetrail_agent.code_sheet.bars import NoBars, bars_of
from gaugetrail_agent.code_sheet.entries import SheetEntry, SheetPart
from gaugetrail_agent.languages.sentences import Language, said

PAGE_MM = 180
COLUMN_MM = 88
STYLE = """
@page { size: A4; margin: 12mm 15mm }
body { font: 10pt/1.3 "Liberation Sans", Arial, Helvetica, sans-serif; margin: 0 auto; max-width: 180mm; color: #000;
  background: #fff }
h1 { font-size: 15pt; margin: 0 0 2mm } h2 { font-size: 12pt; margin: 6mm 0 2mm; break-after: avoid }
.codes { display: grid; grid-template-columns: 88mm 88mm; gap: 5mm 4mm }
.code { break-inside: avoid } .wide { grid-column: span 2 }
.code svg { display: block } .code b { display: block; font: bold 11pt "Liberation Mono", "Courier New", monospace;
  margin: 1mm 0 0 3.3mm; overflow-wrap: anywhere } .code span { display: block; margin-left: 3.3mm }
table { border-collapse: collapse } td { padding: 0.5mm 4mm 0.5mm 0; vertical-align: top }
td:first-child { font: bold 10pt "Liberation Mono", "Courier New", monospace }
"""


class SheetPage:
    """Made once; `refused` are the codes that got no bars, with why."""

    def __init__(self, station: str, code: str, language: Language, parts: Sequence[SheetPart]) -> None:
        self.refused = [one for part in parts for one in part.refused]
        title = html.escape(language.text(said("sheet.title", station=station)))
        body = "".join(line for part in parts for line in self._part(part, language))
        self.text = (
            f'<!doctype html>\n<html lang="{html.escape(code)}">\n<head><meta charset="utf-8"><title>{title}</title>'
            f"<style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n{body}</body>\n</html>\n"
        )

    def _part(self, part: SheetPart, language: Language) -> Iterator[str]:
        if part.entries or part.typed:
            yield f"<h2>{html.escape(language.text(part.title))}</h2>\n"
        if part.entries:
            yield f'<div class="codes">\n{"".join(map(self._entry, part.entries))}</div>\n'
        if part.typed:
            yield f"<h2>{html.escape(language.text(said('sheet.typed')))}</h2>\n<table>\n"
            for one in part.typed:
                yield f"<tr><td>{html.escape(one.code)}</td><td>{html.escape(one.means)}</td></tr>\n"
            yield "</table>\n"

    def _entry(self, entry: SheetEntry) -> str:
        try:
            bars = bars_of(entry.code, PAGE_MM)
        except NoBars as error:
            self.refused.append((entry.code, str(error)))
            return ""
        wide = " wide" if bars.width_mm > COLUMN_MM else ""
        means = "" if entry.means == entry.code else f"<span>{html.escape(entry.means)}</span>"
        return f'<div class="code{wide}">{bars.svg()}<b>{html.escape(entry.code)}</b>{means}</div>\n'
