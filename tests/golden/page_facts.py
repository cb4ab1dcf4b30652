"""What a console page says of a record: the texts of its cells, lists and seals, without the page's own headings."""

from __future__ import annotations

from html.parser import HTMLParser

CELLS = {"dd", "td", "li", "code", "q"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._open: list[tuple[str, list[str]]] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in CELLS:
            self._open.append((tag, []))

    def handle_data(self, data: str) -> None:
        for _, texts in self._open:
            texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1][0] == tag:
            text = " ".join("".join(self._open.pop()[1]).split())
            if text:
                self.found.append(text)


def facts(page: str) -> list[str]:
    """The texts in a page's main part, in their order, blanks made one."""
    reader = _Reader()
    reader.feed(page.partition("<main")[2].partition("</main>")[0])
    return reader.found
