"""Letters of other scripts in Latin ones, for addresses: close to how people write them there, one way only.

The alphabets below are read as their languages write themselves in Latin letters. Chinese characters, Japanese kana
and all other scripts are read by anyascii, one character at a time.
"""

import re
import unicodedata

from petition.normalization import normalize

ALPHABETS = {
    "łøđðħıŋœæßþŧƙɓə": "l o d d h i n oe ae ss th t k b e",
    "абвгдеёжзийклмнопрстуфхцчшщыэюя": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya",
    "іїєґўћђјљњџ": "i i ie g u c dj j lj nj dz",
    "αβγδεζηθικλμνξοπρσςτυφχψω": "a v g d e z i th i k l m n x o p r s s t y f ch ps o",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةى": "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a a",
    "پچگیک": "p ch g y k",
    "ᄀᄁᄂᄃᄄᄅᄆᄇᄈᄉᄊᄌᄍᄎᄏᄐᄑᄒ": "g kk n d tt r m b pp s ss j jj ch k t p h",
    "ᅡᅢᅣᅤᅥᅦᅧᅨᅩᅪᅫᅬᅭᅮᅯᅰᅱᅲᅳᅴᅵ": "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i",
    "ᆨᆩᆪᆫᆬᆭᆮᆯᆰᆱᆲᆳᆴᆵᆶᆷᆸᆹᆺᆻᆼᆽᆾᆿᇀᇁᇂ": "k k k n n n t l k m l l l p l m p p t t ng t t k t p t",
    "אבגדהוזחטיכךלמםנןסעפףצץקרשת": "a b g d h v z ch t y k k l m m n n s a p p ts ts k r sh t",
}
TABLE = str.maketrans(
    {
        letter: latin
        for letters, all_of in ALPHABETS.items()
        for letter, latin in zip(letters, all_of.split(), strict=True)
    }
)


CHINESE = "CJK UNIFIED IDEOGRAPH"


def in_latin(text: str) -> str:
    """A text in small Latin letters. Accents and signs that are no letters are left out."""
    return "".join(map(_latin, normalize("NFKC", text).lower().translate(TABLE)))


def _latin(character: str) -> str:
    plain = normalize("NFKD", character).translate(TABLE).encode("ascii", "ignore").decode()
    return plain or (_read(character) if unicodedata.category(character)[0] in "LMN" else "")


def _read(character: str) -> str:
    """A letter, mark or digit of a script that has no table here; a Chinese character is a word by itself."""
    from anyascii import anyascii  # few titles need it

    read = re.sub("[^a-z0-9]", "", anyascii(character).lower())
    return f" {read} " if unicodedata.name(character, "").startswith(CHINESE) else read
