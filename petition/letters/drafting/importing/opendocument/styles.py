"""What styles say about paragraphs and characters (OpenDocument 1.3, part 3, 16)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

DEEPEST = 12
QUOTES = ("quotations", "quote", "intense quote", "block text")
BOLD = ("bold", "600", "700", "800", "900")


@dataclass(frozen=True)
class Look:
    """How characters look, as far as a letter knows it."""

    strong: bool = False
    emphasis: bool = False
    capitals: bool = False
    struck: bool = False
    hidden: bool = False
    set_apart: bool = False
    vertical: str = ""
    font: str = ""


class Styles:
    """The styles of a document, by family and name."""

    def __init__(self, trees: Iterable[Element]) -> None:
        self._styles = {
            (one.get("style:family", ""), one.get("style:name", "")): one
            for tree in trees
            for one in tree.iter("style:style")
        }
        self._chains: dict[tuple[str, str], list[Element]] = {}

    def chain(self, family: str, name: str) -> list[Element]:
        """A style and those that it is made from."""
        key = (family, name)
        if key not in self._chains:
            self._chains[key] = list(self._walk(family, name))
        return self._chains[key]

    def _walk(self, family: str, name: str) -> Iterator[Element]:
        for _ in range(DEEPEST):
            found = self._styles.get((family, name))
            if found is None:
                return
            yield found
            name = found.get("style:parent-style-name", "")

    def names(self, paragraph_style: str) -> list[str]:
        """The names of a paragraph's styles as they are shown."""
        chain = self.chain("paragraph", paragraph_style)
        names = [one.get("style:display-name") or one.get("style:name") or "" for one in chain]
        return [name.replace("_20_", " ").lower() for name in (*names, paragraph_style)]

    def is_quote(self, paragraph_style: str) -> bool:
        """Whether a paragraph quotes someone else."""
        return any(name in QUOTES for name in self.names(paragraph_style))

    def is_hidden_section(self, of: Element) -> bool:
        """Whether a section does not show."""
        return of.get("text:display") == "none"

    def look(self, spans: Iterable[str], paragraph_style: str, is_heading: bool) -> Look:
        """How text within spans looks, the innermost first.

        What makes a whole heading bold, or a whole quote italic, is no emphasis.
        """
        of_spans = [one for name in spans for one in self.chain("text", name)]
        everything = [*of_spans, *self.chain("paragraph", paragraph_style)]
        emphasized = of_spans if is_heading or self.is_quote(paragraph_style) else everything
        vertical = _value(everything, "style:text-position")
        struck = _value(everything, "style:text-line-through-style"), _value(everything, "style:text-line-through-type")
        return Look(
            strong=_value(emphasized, "fo:font-weight") in BOLD,
            emphasis=_value(emphasized, "fo:font-style") in ("italic", "oblique"),
            capitals=_value(everything, "fo:text-transform") == "uppercase",
            struck=any(one not in ("", "none") for one in struck),
            hidden=_value(everything, "text:display") == "none",
            set_apart=_value(of_spans, "style:text-underline-style") not in ("", "none")
            or _value(of_spans, "fo:background-color") not in ("", "transparent")
            or _value(of_spans, "fo:font-variant") == "small-caps"
            or _value(of_spans, "fo:color") not in ("", "#000000"),
            font=_value(everything, "style:font-name"),
            vertical="sub" if vertical.startswith(("sub", "-")) else "super" if vertical[:1] not in ("", "0") else "",
        )


def _value(styles: Iterable[Element], name: str) -> str:
    for style in styles:
        properties = style.find("style:text-properties")
        if properties is not None and (value := properties.get(name)):
            return value
    return ""
