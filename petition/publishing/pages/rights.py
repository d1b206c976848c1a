"""What the law says of signing such a letter, in two sentences a country, with its sources. Not legal advice."""

from dataclasses import dataclass

_ = str


@dataclass(frozen=True)
class Rights:
    """A country's name, what protects and where that ends, and the official texts."""

    country: str
    protects: str
    ends: str
    sources: tuple[tuple[str, str], ...]
    """Each source's name, which is not translated, and its address."""


RIGHTS = (
    Rights(
        _("United States"),
        _(
            "Section 7 of the National Labor Relations Act protects most employees of private firms when they act "
            "together about pay and working conditions, with or without a union."
        ),
        _(
            "It leaves out supervisors, managers, independent contractors, farm and domestic workers, railway and "
            "airline workers and most public employees (other laws cover some of them), and a letter about something "
            "other than working conditions may not be covered."
        ),
        (
            ("NLRB: Employee Rights", "https://www.nlrb.gov/about-nlrb/rights-we-protect/your-rights/employee-rights"),
            (
                "National Labor Relations Act, sections 2 and 7",
                "https://www.nlrb.gov/guidance/key-reference-materials/national-labor-relations-act",
            ),
        ),
    ),
    Rights(
        _("United Kingdom"),
        _(
            "Taking part in the activities of a trade union is protected, and so is reporting wrongdoing in the public "
            "interest in the ways that the law sets out."
        ),
        _(
            "There is no general right to criticize your employer in public, your contract asks for good faith, and "
            "Northern Ireland has laws of its own."
        ),
        (
            (
                "Trade Union and Labour Relations (Consolidation) Act 1992, section 146",
                "https://www.legislation.gov.uk/ukpga/1992/52/section/146",
            ),
            ("Employment Rights Act 1996, Part IVA", "https://www.legislation.gov.uk/ukpga/1996/18/part/IVA"),
        ),
    ),
    Rights(
        _("Germany"),
        _(
            "The Basic Law protects your opinion and acting together for better working conditions, and nobody may be "
            "put at a disadvantage for using their rights in a permitted way."
        ),
        _("The duty to be considerate sets limits: no insults, nothing untrue, no business secrets."),
        (
            ("Grundgesetz, Art. 5", "https://www.gesetze-im-internet.de/gg/art_5.html"),
            ("Grundgesetz, Art. 9", "https://www.gesetze-im-internet.de/gg/art_9.html"),
            ("BGB, § 612a", "https://www.gesetze-im-internet.de/bgb/__612a.html"),
        ),
    ),
    Rights(
        _("France"),
        _(
            "Employees keep their freedom of expression, at work and outside, and what they say in the collective "
            "talks about their work that the Labor Code provides for can't be a reason to punish or dismiss them."
        ),
        _("Abuse is not covered: insults, defamation, words beyond measure."),
        (
            ("Code du travail, L1121-1", "https://code.travail.gouv.fr/code-du-travail/l1121-1"),
            ("Code du travail, L2281-3", "https://code.travail.gouv.fr/code-du-travail/l2281-3"),
        ),
    ),
    Rights(
        _("Elsewhere"),
        _("Ask before you sign: a union, a works council or a lawyer, from your own phone."),
        _(
            "Two conventions of the International Labour Organization protect people who organize at work, in the "
            "countries that joined them; what that means for an open letter differs."
        ),
        (
            ("ILO, C087", "https://normlex.ilo.org/dyn/nrmlx_en/f?p=NORMLEXPUB:12100:0::NO::P12100_ILO_CODE:C087"),
            ("ILO, C098", "https://normlex.ilo.org/dyn/nrmlx_en/f?p=NORMLEXPUB:12100:0::NO::P12100_ILO_CODE:C098"),
        ),
    ),
)
