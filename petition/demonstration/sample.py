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

> We refuse to build the platform that powers ICE, and we refuse to contribute to tools that violate human rights.

We have been told that customers are responsible for how they use our products. We think that whoever builds a thing \
and profits from it has a say in it, and therefore a duty. Many of us came here because our work reaches so many \
people; that is the very reason why it matters whom it hurts.

We would rather not write in public. But our company asks us to speak up when we disagree, even when that is \
uncomfortable, and so we do. We ask for three things.
"""
DEMANDS = (
    "Stop selling facial recognition to law enforcement.",
    "Stop providing infrastructure to Palantir and to others who enable ICE.",
    "Put strong transparency and accountability measures in place, for us and for the public, on who uses our "
    "technology and for what.",
)
SOURCES = (
    (
        "ACLU: Amazon Teams Up With Government to Deploy Dangerous New Facial Recognition Technology",
        "https://www.aclu.org/news/privacy-technology/amazon-teams-government-deploy-dangerous-new",
        "2018-05-22",
    ),
)
"""Title, link and date."""
ORGANIZER = "Ana"
"""Who writes the letter in the demo."""
