"""Formulas as one line of text, in which no number becomes another one."""

from xml.etree.ElementTree import Element


def formula(of: Element) -> str:
    """The text of a formula: fractions with a slash, powers with ^, indices with _."""
    if of.tag == "m:t":
        return of.text or ""
    if of.tag == "m:f":
        return f"{_grouped(of, 'm:num')}/{_grouped(of, 'm:den')}"
    if of.tag == "m:rad":
        return f"{_part(of, 'm:deg')}√{_grouped(of, 'm:e')}"
    if of.tag in ("m:sSup", "m:sSub", "m:sSubSup", "m:nary", "m:limLow", "m:limUpp"):
        return _with_limits(of)
    between = "; " if of.tag in ("m:m", "m:eqArr") else ", " if of.tag == "m:mr" else ""
    return between.join(formula(one) for one in of)


def _with_limits(of: Element) -> str:
    sign = "".join(one.get("m:val", "") for one in of.iter("m:chr"))
    base = _part(of, "m:e")
    low, high = (
        "".join(_grouped(of, tag) for tag in tags) for tags in (("m:sub", "m:lim"), ("m:sup",))
    )  # limits below and above
    limits = (f"_{low}" if low else "") + (f"^{high}" if high else "")
    return f"{sign or '∫'}{limits} {base}" if of.tag == "m:nary" else f"{base}{limits}"


def _part(of: Element, tag: str) -> str:
    return "".join(formula(one) for one in of.findall(tag))


def _grouped(of: Element, tag: str) -> str:
    text = _part(of, tag)
    return text if len(text) <= 1 else f"({text})"
