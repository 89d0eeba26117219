"""The HTML that Mastodon serves, as the plain text its author typed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from pipeline.adapters.fields import unique

_BLOCKS = {"p", "blockquote", "pre", "ul", "ol", "div", "h1", "h2", "h3", "h4", "h5", "h6"}
_HIDDEN = {"script", "style", "template"}
# html.parser takes minutes over 40 kB of unclosed tags (https://github.com/python/cpython/issues/135462)
_NO_TAG = re.compile(r"<(?!/?[A-Za-z][^<>]*>)")
_SPACES = re.compile(r"[ \t\r\n]+")


def html_to_text(html: str) -> tuple[str, tuple[str, ...]]:
    """The text of `html` and the addresses it links to (mentions and hashtags aside).

    Paragraphs are parted by an empty line, <br> and list items start a new line, entities are decoded.
    Never raises; a < that opens no whole tag is text.
    """
    reader = _TextReader()
    reader.feed(_NO_TAG.sub("&lt;", html))
    reader.close()
    return reader.text(), unique(reader.links)


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._pieces: list[str] = []
        self._hidden = 0
        self._verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._pieces.append("\n")
        elif tag == "li":
            self._pieces.append("\n• ")
        elif tag in _BLOCKS:
            self._pieces.append("\n\n")
        elif tag == "a":
            self._keep_link(dict(attrs))
        self._hidden += tag in _HIDDEN
        self._verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._pieces.append("\n\n")
        # never below zero: a stray end tag must not hide what follows
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        self._verbatim = max(0, self._verbatim - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self._pieces.append(data if self._verbatim else _SPACES.sub(" ", data))

    def _keep_link(self, attrs: dict[str, str | None]) -> None:
        kinds = set((attrs.get("class") or "").split())
        address = attrs.get("href") or ""
        if address.startswith(("http://", "https://")) and not kinds & {"mention", "hashtag"}:
            self.links.append(address)

    def text(self) -> str:
        text = "\n".join(line.strip(" ") for line in "".join(self._pieces).split("\n"))
        return re.sub(r"\n{3,}", "\n\n", text).strip()
