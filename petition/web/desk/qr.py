"""QR codes as elements of a page: no request, no style."""

import segno
from markupsafe import Markup


def qr_code(text: str, scale: int = 5) -> Markup:
    """A QR code of a text as SVG."""
    drawn = segno.make(text, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=scale, border=4, light="#fff"))  # noqa: S704 - made of squares alone
