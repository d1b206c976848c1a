"""The letter of the demo, modeled on the one that Amazon workers wrote in June 2018. The wording is our own."""

TITLE = "We refuse to build the platform that powers ICE"
RECIPIENT = "Jeff Bezos, CEO"
EMPLOYER = "Amazon"
BODY = """\
Dear Jeff,

We are people who build, run and sell what Amazon makes. We write because some of it is being put to a use that we \
cannot stand behind.

**Rekognition**, our facial recognition service, is sold to police departments,[^1] and it has been pitched to \
Immigration and Customs Enforcement. A tool that finds a face in a crowd does not ask what the person did. In the \
hands of agencies that separate families, it becomes a tool for finding, holding and deporting people who came here \
for safety.

At the same time our cloud hosts **Palantir**, whose systems help the same agency to decide whom to look for and \
where. We cannot call ourselves a neutral supplier of computers while these run on our machines.

> We will not build what tears families apart, and we will not look away while others are made to.

We have been told that customers are responsible for how they use our products. We think that whoever builds a thing \
and profits from it has a say in it, and therefore a duty. Many of us came here because our work reaches so many \
people; that is the very reason why it matters whom it hurts.

We would rather not write in public. But our company asks us to speak up when we disagree, even when that is \
uncomfortable, and so we do. We ask for three things.
"""
DEMANDS = (
    "End every sale of facial recognition to the police and to border agencies.",
    "Host neither Palantir nor anybody else who works for ICE.",
    "Tell us and the public who uses our technology and for what, and let people outside check it.",
)
SOURCES = (
    (
        "ACLU: Amazon Teams Up With Government to Deploy Dangerous New Facial Recognition Technology",
        "https://www.aclu.org/news/privacy-technology/amazon-teams-government-deploy-dangerous-new",
        "2018-05-22",
    ),
)
"""Title, link and date."""
FIELDS = (
    ("Role", ("Software = 6000", "Operations = 2500", "Sales and marketing = 900", "Research", "Other")),
    ("Where", ("Seattle = 4000", "Elsewhere in North America", "Europe", "Elsewhere")),
)
"""What signers may say of themselves: a question, and its groups with the headcounts that are known."""
SHARES = {"counted": 32, "grouped": 58, "named": 6, "named_at:500": 4}
"""Of 100 signers, how many appear how."""
GIVEN = (
    "Adaeze", "Ama", "Anneke", "Bilal", "Bram", "Carla", "Chidi", "Dana", "Darya", "Eitan", "Elif", "Emeka", "Farah",
    "Goran", "Hana", "Ines", "Ivo", "Jana", "Joon", "Kaito", "Lale", "Linh", "Luca", "Maja", "Mateo", "Mina", "Nadia",
    "Noor", "Ola", "Pilar", "Priya", "Rafa", "Ravi", "Rosa", "Sana", "Soren", "Tala", "Tomas", "Yara", "Zofia",
)  # fmt: skip
FAMILY = (
    "Abara", "Acosta", "Amsel", "Bakker", "Banik", "Castell", "Cho", "Dorner", "Ekwall", "Fabris", "Ganim",
    "Hallberg", "Ibarra", "Jonker", "Kessler", "Kim", "Lindqvist", "Marino", "Mokri", "Nandi", "Okoro", "Ortega",
    "Petrak", "Quist", "Rahimi", "Rossi", "Sandler", "Tanaka", "Ulvik", "Varga", "Weiss", "Xu", "Yilmaz", "Zeman",
)  # fmt: skip
"""The parts of invented names."""
TITLES = ("", "", "Software engineer", "Designer", "Program manager", "Data center technician", "Research scientist")
EVENTS = (
    {"kind": "delivered", "who": "the office of the CEO", "how": "on paper and by email"},
    {
        "kind": "update",
        "text": "Thank you. Hide your receipts, and give a code to a coworker you trust.",
    },
)
STATUSES = ({"status": "refused", "note": "In an answer to reporters: customers are responsible."},)
"""What became of the first demands."""
ORGANIZER_NAME = "Ana"
"""Who writes the letter in the demo."""
