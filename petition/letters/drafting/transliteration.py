"""Letters of other alphabets in Latin ones, for addresses: close to how people write them there, one way only."""

from petition.normalization import normalize

ALPHABETS = {
    "łøđðħıŋœæßþŧƙɓə": "l o d d h i n oe ae ss th t k b e",
    "абвгдеёжзийклмнопрстуфхцчшщыэюя": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya",
    "іїєґўћђјљњџ": "i i ie g u c dj j lj nj dz",
    "αβγδεζηθικλμνξοπρσςτυφχψω": "a v g d e z i th i k l m n x o p r s s t y f ch ps o",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةى": "a b t th j h kh d dh r z s sh s d t z a gh f q k l m n h w y a a",
    "پچگیک": "p ch g y k",
    "אבגדהוזחטיכךלמםנןסעפףצץקרשת": "a b g d h v z ch t y k k l m m n n s a p p ts ts k r sh t",
}
TABLE = str.maketrans(
    {
        letter: latin
        for letters, all_of in ALPHABETS.items()
        for letter, latin in zip(letters, all_of.split(), strict=True)
    }
)


def in_latin(text: str) -> str:
    """A text in small Latin letters, as far as there are any for it; accents and other signs are left out."""
    composed = normalize("NFKC", text).lower().translate(TABLE)
    plain = normalize("NFKD", composed).translate(TABLE)
    return plain.encode("ascii", "ignore").decode()
