"""What laws say to people who are asked about a letter: by country and kind of worker, each line sourced and dated.

Each line says in our own words what its source says, and where it ends. It promises nothing and advises no one.
``READ`` is the day on which the sources were read, in archived copies; read them again before you change it. Countries
whose sources could not be read are left out.
"""

from dataclasses import dataclass
from datetime import date

_ = str
READ = date(2026, 11, 27)

ALL_WORKERS = _("Anyone who works there")
EMPLOYEES = _("Employees")
PRIVATE_EMPLOYEES = _("Employees of private companies")
PUBLIC_EMPLOYEES = _("Public employees")
OUTSIDE = _("Contractors and agency workers")
CONTRACTORS = _("Independent contractors")
MANAGERS = _("Supervisors and managers")


@dataclass(frozen=True)
class Line:
    """What one source says about one kind of worker."""

    workers: str
    says: str
    source: str
    """The source's own name, which is not translated."""
    link: str
    checked: date = READ


@dataclass(frozen=True)
class Country:
    """A country, or a region that makes laws, and its lines."""

    name: str
    lines: tuple[Line, ...]


NLRA = "https://www.nlrb.gov/guidance/key-reference-materials/national-labor-relations-act"
LOLS = "https://www.boe.es/buscar/act.php?id=BOE-A-1985-16660"
FAIR_WORK_COVERAGE = (
    "https://www.fwc.gov.au/job-loss-or-dismissal/dismissal-under-general-protections/"
    "about-general-protections/who-general-0"
)

RIGHTS = (
    Country(
        _("United States"),
        (
            Line(
                PRIVATE_EMPLOYEES,
                _(
                    "Most may act together about pay and working conditions, with or without a union. A letter about "
                    "something else may not be covered."
                ),
                "National Labor Relations Board: Employee Rights",
                "https://www.nlrb.gov/rights-we-protect/rights/employee-rights",
            ),
            Line(
                PRIVATE_EMPLOYEES,
                _(
                    "Employers may not coerce employees who use these rights. What counts is whether their conduct "
                    "tends to coerce, not whether it worked."
                ),
                "Congressional Research Service, R42703",
                "https://www.everycrsreport.com/reports/R42703.html",
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _("The National Labor Relations Board deals with private employers, not with government ones."),
                "National Labor Relations Board: Jurisdictional Standards",
                "https://www.nlrb.gov/rights-we-protect/law/jurisdictional-standards",
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _(
                    "A separate law lets certain federal employees organize and take part, through unions, in "
                    "decisions about their work. It leaves out postal workers."
                ),
                "Federal Labor Relations Authority: The Statute",
                "https://www.flra.gov/statute_about",
            ),
            Line(
                OUTSIDE,
                _(
                    "The National Labor Relations Act leaves out independent contractors, farm workers, people who "
                    "work in someone's home, and workers under the Railway Labor Act."
                ),
                "National Labor Relations Act, section 2(3)",
                NLRA,
            ),
            Line(
                MANAGERS,
                _(
                    "The Act leaves out supervisors too. What counts is what you may decide about others, not your "
                    "title."
                ),
                "National Labor Relations Act, sections 2(3) and 2(11)",
                NLRA,
            ),
        ),
    ),
    Country(
        _("Canada"),
        (
            Line(
                PRIVATE_EMPLOYEES,
                _(
                    "Where the Canada Labour Code applies, disciplining or firing someone for union activities can be "
                    "an unfair labor practice. You can complain to the Canada Industrial Relations Board."
                ),
                "Canada Industrial Relations Board: Unfair Labour Practice",
                "https://cirb-ccri.gc.ca/en/about-appeals-applications-complaints/labour-relations-unfair-labour-practice",
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _(
                    "In the federal public service, no one may be fired, threatened or disciplined for being in an "
                    "employee organization or helping form one."
                ),
                "Federal Public Sector Labour Relations Act, section 186",
                "https://laws-lois.justice.gc.ca/eng/acts/P-33.3/section-186.html",
            ),
        ),
    ),
    Country(
        _("United Kingdom"),
        (
            Line(
                ALL_WORKERS,
                _(
                    "In England, Wales and Scotland your employer may not treat you badly mainly for taking part in an "
                    "independent union's activities outside working hours. The law doesn't speak of letters."
                ),
                "Trade Union and Labour Relations (Consolidation) Act 1992, section 146",
                "https://www.legislation.gov.uk/ukpga/1992/52/section/146",
            ),
            Line(
                ALL_WORKERS,
                _(
                    "Reporting crimes, broken legal duties or dangers in the public interest is protected if you do "
                    "it in the ways the Act lists. An open letter isn't automatically one of them."
                ),
                "Employment Rights Act 1996, Part IVA",
                "https://www.legislation.gov.uk/ukpga/1996/18/part/IVA",
            ),
            Line(
                OUTSIDE,
                _("For this protection, people sent to do the work by an agency or another firm count as workers."),
                "Employment Rights Act 1996, section 43K",
                "https://www.legislation.gov.uk/ukpga/1996/18/section/43K",
            ),
        ),
    ),
    Country(
        _("European Union"),
        (
            Line(
                ALL_WORKERS,
                _(
                    "A directive sets minimum protection for people who report breaches of certain EU laws, such as "
                    "those on safety, the environment and data. Each country has its own law for it. It covers "
                    "reports, not demands."
                ),
                "Directive (EU) 2019/1937",
                "https://eur-lex.europa.eu/eli/dir/2019/1937/oj/eng",
            ),
        ),
    ),
    Country(
        _("Germany"),
        (
            Line(
                EMPLOYEES,
                _("Your employer may not put you at a disadvantage because you use your rights in a permitted way."),
                "BGB, § 612a",
                "https://www.gesetze-im-internet.de/bgb/__612a.html",
            ),
            Line(
                ALL_WORKERS,
                _(
                    "Everyone, in every occupation, may form associations to improve working conditions. Measures "
                    "against this right are unlawful."
                ),
                "Grundgesetz, Art. 9",
                "https://www.gesetze-im-internet.de/gg/art_9.html",
            ),
            Line(
                ALL_WORKERS,
                _(
                    "Retaliation against people who report certain breaches of law under the whistleblower act is "
                    "forbidden, and so are threats of it."
                ),
                "HinSchG, § 36",
                "https://www.gesetze-im-internet.de/hinschg/__36.html",
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _("Federal civil servants must be moderate and restrained in political activity."),
                "BBG, § 60",
                "https://www.gesetze-im-internet.de/bbg_2009/__60.html",
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _(
                    "Federal civil servants must keep official matters confidential, unless the facts are obvious or "
                    "need no secrecy."
                ),
                "BBG, § 67",
                "https://www.gesetze-im-internet.de/bbg_2009/__67.html",
            ),
        ),
    ),
    Country(
        _("France"),
        (
            Line(
                EMPLOYEES,
                _(
                    "Limits on your rights and freedoms must be justified by the nature of the work and in proportion "
                    "to their aim."
                ),
                "Code du travail, L1121-1",
                "https://code.travail.gouv.fr/code-du-travail/l1121-1",
            ),
            Line(
                MANAGERS,
                _(
                    "Opinions that employees of any rank give when they use the Code's right of expression can't be a "
                    "reason to punish or dismiss them. A public letter may fall outside that right."
                ),
                "Code du travail, L2281-3",
                "https://code.travail.gouv.fr/code-du-travail/l2281-3",
            ),
        ),
    ),
    Country(
        _("Spain"),
        (
            Line(
                EMPLOYEES,
                _("An employer's decision is void if it treats you better or worse because of union activities."),
                "Ley Orgánica 11/1985 de Libertad Sindical, art. 12",
                LOLS,
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _(
                    "The same act covers public employees. It leaves out the armed forces, and judges and "
                    "prosecutors in service. Police forces have their own rules."
                ),
                "Ley Orgánica 11/1985 de Libertad Sindical, art. 1",
                LOLS,
            ),
            Line(
                CONTRACTORS,
                _("Self-employed people without employees may join a union, but not found one for themselves alone."),
                "Ley Orgánica 11/1985 de Libertad Sindical, art. 3",
                LOLS,
            ),
        ),
    ),
    Country(
        _("Australia"),
        (
            Line(
                EMPLOYEES,
                _(
                    "It is unlawful to take adverse action against you because you make a complaint or inquiry about "
                    "your employment, or take part in a union's lawful activities."
                ),
                "Fair Work Ombudsman: Protections at work",
                "https://www.fairwork.gov.au/employment-conditions/protections-at-work",
            ),
            Line(
                CONTRACTORS,
                _("The general protections also apply to independent contractors and to people who seek a job."),
                "Fair Work Commission: Who the general protections cover",
                FAIR_WORK_COVERAGE,
            ),
            Line(
                PUBLIC_EMPLOYEES,
                _(
                    "The general protections cover the Australian Government. They may not cover state government "
                    "departments outside Victoria, and some local councils."
                ),
                "Fair Work Commission: Who the general protections cover",
                FAIR_WORK_COVERAGE,
            ),
        ),
    ),
    Country(
        _("Elsewhere"),
        (
            Line(
                ALL_WORKERS,
                _(
                    "Countries that joined this convention must protect workers from being fired or harmed for union "
                    "activities outside working hours. What that means for an open letter differs."
                ),
                "International Labour Organization, C098, Article 1",
                "https://normlex.ilo.org/dyn/nrmlx_en/f?p=NORMLEXPUB:12100:0::NO::P12100_ILO_CODE:C098",
            ),
        ),
    ),
)
