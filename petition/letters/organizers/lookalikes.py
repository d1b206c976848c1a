"""Names that look alike: if no one can tell two organizers apart, one could be given the other's keys.

So a name that looks like another one is refused. This compares skeletons (Unicode Technical Standard 39): look-alikes
from other scripts become the ASCII letters that they look like. Two names are twins if that makes them equal as they
are written, in lowercase or in capitals.
"""

import re

from petition.errors import BadShape
from petition.letters.text.characters import name_of
from petition.normalization import normalize

IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""Unicode's Default_Ignorable_Code_Point: shown as nothing."""

# From confusables.txt of Unicode 15: letters outside ASCII that look like one of ASCII, where NFKC leaves them alone.
LOOKALIKES = """\
2 ƧϨᒿꙄꛯꝚ
3 ƷȜЗӠⳌꝪꞫ
4 Ꮞ
5 Ƽ
6 бᏮⳒ
8 Ȣȣ
9 ⳊꝮ
a ɑαа
b ƄЬᏏᑲᖯ
c сᴄⲥꮯ
d ԁᏧᑯꓒ
e еҽꬲ
f քẝꞙꬵ
g ƍɡցᶃ
h һհᏂ
i ıɩɪιіӏᎥꙇꭵ
j ϳј
l ƖǀΙІӀᛁⲒⵏꓲ
n ոռ
o οσоօഠဝჿᴏᴑⲟꬽ
p ρрⲣ
q ԛգզ
r гᴦⲅꭇꭈꮁ
s ƽѕꜱꮪ
u ʋυսᴜꞟꭎꭒ
v νѵᴠꮩ
w ɯѡԝաᴡꮃ
x хᕁᕽ
y ɣʏγуүყᶌỿꭚ
z ᴢꮓ
A ΑАᎪᗅꓮ
B ΒВᏴᗷꓐꞴ
C СᏟⲤꓚ
D Ꭰᗞᗪꓓ
E ΕЕᎬⴹꓰ
F ϜᖴꓝꞘ
G ԌᏀᏳꓖ
H ΗНᎻᕼⲎꓧ
J ͿЈᎫᒍꓙꞲ
K ΚКᏦᛕⲔꓗ
L ᏞᒪⳐꓡ
M ΜϺМᎷᗰᛖⲘꓟ
N ΝⲚꓠ
O ΟОՕଠዐⲞⵔ〇ꓳ
P ΡРᏢᑭⲢꓑ
Q ⵕ
R ƦᎡᏒᖇꓣ
S ЅՏᏕᏚꓢ
T ΤТᎢⲦꓔ
U Սሀᑌꓴ
V ѴᏙᐯⴸꓦꛟ
W ԜᎳᏔꓪ
X ΧХᚷⲬⵝꓫꞳ
Y ΥУҮᎩᎽⲨꓬ
Z ΖᏃꓜ
"""
_LIKE = str.maketrans(
    {one: line[0] for line in LOOKALIKES.splitlines() for one in line[2:]}
    | {"I": "l", "1": "l", "|": "l", "0": "O", "\u2010": "-", "\u2011": "-", "\u2019": "'", "`": "'"}
)
_PAIRS = (("rn", "m"), ("vv", "w"))


def require_seen(name: str) -> None:
    """Refuse a name with invisible characters: with them, two names may look the same."""
    found = IGNORABLE.search(name)
    if found:
        raise BadShape("The name has an invisible character (%(name)s). Type it again.", name=name_of(found[0]))


def are_twins(one: str, other: str) -> bool:
    """Whether two names look alike to a person who reads quickly."""
    return bool(_looks(one) & _looks(other))


def _looks(name: str) -> set[tuple[str, str]]:
    name = " ".join(normalize("NFKC", name).split())
    return {("as written", _skeleton(name)), ("small", _skeleton(name.lower())), ("capital", _skeleton(name.upper()))}


def _skeleton(name: str) -> str:
    found = normalize("NFD", normalize("NFD", name).translate(_LIKE))
    for pair, letter in _PAIRS:
        found = found.replace(pair, letter)
    return found
