"""Which language a post is written in, judged by its script, its words and a small offline model.

py3langid is a 5 MB naive Bayes model over byte n-grams that comes inside its wheel. Left to itself it
calls short Persian posts Arabic, Urdu or Egyptian, so the script and the letters speak first.
"""

from __future__ import annotations

import copy
import re
import unicodedata
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from pipeline.logic.finglish import english_words, is_finglish
from pipeline.logic.text import fold, strip_controls, without_links, without_mentions

UNKNOWN = "und"
FINGLISH = "fa-latn"


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ARABIC_SCRIPT = _set("fa ar arz ary ur ps ug")
_LATIN_SCRIPT = _set("en de fr es it pt nl tr az id ms tl pl cs sv da no fi hu ro vi sq uz ku hr sw")
_OTHER_SCRIPTS = _set("ru uk bg sr mk kk ky be el he hy ka hi mr bn ta te ml kn gu pa th ja ko zh am my km lo si")

# letters that Persian does not write; a tenth of a text in them names the language
_LETTERS_OF = {
    "ur": re.compile("[ٹڈڑںےۓہھ]"),
    "ps": re.compile("[ټډړږښڼېۍځڅ]"),
    "ckb": re.compile("[ێۆڵڕەڤ]"),
    "ug": re.compile("[ۇۈېەڭۋ]"),
}
# with the Persian forms of yeh and kaf, which no Arabic keyboard types
_PERSIAN_LETTER = re.compile("[پچژگیک]")
_PERSIAN_WORDS = _set("""
از به که را رو در این اون است هست نیست نبود بود بودن شد شده نشد کرد کردم کردن کنید کنم میشه میکنه داره دارم ندارم
ندارد نداره دارد خیلی هم می ها های برای تا یا هر خوب عالی بد خوبه مرسی سلام ممنون سپاس ولی چرا چه چی کجا اصلا
واقعا فقط همه فوق بسیار راضی
""")
_ARABIC_WORDS = _set("""
في فى على إلى الى عن هذا هذه هذي ذلك ما لم لن لا كان كانت مع هل متى أين اين كيف ليش شو شكرا شكراً جدا جداً بعد كل
التي الذي أن إن انا أنا أنت انت نحن هو هي لكم لك عليكم والله يا ليس لماذا مافي مش انه عند قبل حتى ثم او أو
""")
_ARABIC_FORM = re.compile(r"(?:وال|بال|كال|فال|ال)\w{3,}|لل\w{3,}|\w*ة|\w*[أإ]\w*")
_ARABIC_WORD = re.compile(r"\w*[ةأإ]\w*")
_NOT_ARABIC = _set("الان الآن البته الکی الكي الهی الهي العاده الحق الا الو الحمدلله الله")
# platforms never take Finglish for these, so their word against it is worth having ("merci", "salam")
_SAYS_NO_FINGLISH = _set("fr de es it pt nl tr")

_RUN = re.compile(
    r"(?P<arabic>[\u0620-\u064a\u066e-\u06d3\u06d5\u06ee-\u06ef\u06fa-\u06fc\u0750-\u077f‌]+)"
    r"|(?P<latin>[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+)|(?P<other>[^\W\d_]+)"
)

# Tag marks, and codes: long words, or words with digits inside
_NOT_WORDS = re.compile(r"[#_]|(?<![^\s\u0600-\u06ff])[^\s\d\u0600-\u06ff]*+\d[^\s\u0600-\u06ff]*+|[A-Za-z:=-]{30,}")

# The model's odds are multiplied by these before they are compared: a post here is English far more often
# than anything else in Latin letters, one or two words tell the model little, and the platform's word counts.
_PRIOR_ENGLISH = 2.0
_ENGLISH_WORD = 2.0
_SHORT = 4.0
_STATED = 4.0
# what the model calls Persian in Latin letters, which it has never seen
_LOOKS_LIKE_FINGLISH = _set("uz ku id ms az tr sq sw hu tl fi hr ro")


def detect(text: str, stated: str | None = None) -> str:
    """The BCP 47 tag of the text's language: fa, en, ar …, `fa-latn` for Finglish.

    `stated` is the tag the platform gives (BCP 47, any case): a hint that tips close cases. `und` when there
    is nothing to go by: no letters, or only links and handles. A mixed post gets the language of most of its
    words, Persian before English when they are near equal.
    """
    text = unicodedata.normalize("NFKC", strip_controls(without_mentions(without_links(text))))
    text = _NOT_WORDS.sub(" ", text)
    words: dict[str, int] = {"arabic": 0, "latin": 0, "other": 0}
    for run in _RUN.finditer(text):
        # scripts without word spaces would count one word a sentence
        words[run.lastgroup or "other"] += 1 if run.lastgroup != "other" else (len(run[0]) + 2) // 3
    script = max(words, key=lambda name: words[name])
    if not words[script]:
        return UNKNOWN
    hint = _primary(stated)
    if script == "other":
        odds = _odds(_OTHER_SCRIPTS, text, hint)
        return max(odds, key=lambda language: odds[language])
    # English words (brands, "sale", "login") are common inside Persian, the other way round they are not
    if words["arabic"] * 2 >= words["latin"]:
        return _in_arabic_script(text, hint)
    return _in_latin_script(text, hint)


def _in_arabic_script(text: str, hint: str | None) -> str:
    # folding would make the Arabic "where" (أين) the Persian "this" (این)
    words = fold(_ARABIC_WORD.sub(" ", text)).split()
    persian = sum(word in _PERSIAN_WORDS for word in words)
    if not persian:
        letters = sum(map(len, words)) or 1
        for language, own in _LETTERS_OF.items():
            if len(own.findall(text)) * 10 >= letters:
                return language
    if _PERSIAN_LETTER.search(text):
        return "fa"
    arabic = sum(_looks_arabic(word) for word in re.findall(r"\w+", text))
    if persian >= arabic + (hint == "ar"):
        return "fa"
    odds = _odds(_ARABIC_SCRIPT, text, hint)
    return "ar" if odds["ar"] + odds["arz"] + odds["ary"] > odds["fa"] else "fa"


def _looks_arabic(word: str) -> bool:
    if word in _ARABIC_WORDS or word.removeprefix("و") in _ARABIC_WORDS:
        return True
    return bool(_ARABIC_FORM.fullmatch(word)) and word not in _NOT_ARABIC


def _in_latin_script(text: str, hint: str | None) -> str:
    words = len(text.split())
    english = english_words(text)
    # plain English is most of the Latin script here, and needs no model
    if english >= 3 and english * 3 >= words:
        return "en"
    if hint not in _SAYS_NO_FINGLISH and is_finglish(text, likely=hint == "fa"):
        return FINGLISH
    odds = _odds(_LATIN_SCRIPT, text.lower(), hint)
    stated = hint in odds
    odds["en"] *= (
        _PRIOR_ENGLISH * _ENGLISH_WORD**english * (_SHORT if words <= 2 and text.isascii() and not stated else 1.0)
    )
    best = max(odds, key=lambda language: odds[language])
    if best in _LOOKS_LIKE_FINGLISH and best != hint and is_finglish(text, likely=True):
        return FINGLISH
    return best


def _odds(languages: frozenset[str], text: str, hint: str | None) -> dict[str, float]:
    odds: dict[str, float] = dict(_identifier(languages).rank(text))
    if hint in odds:
        odds[hint] *= _STATED
    return odds


@cache
def _model() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _identifier(languages: frozenset[str]) -> LanguageIdentifier:
    """The model narrowed to some languages; the copies share its big tables."""
    narrowed = copy.copy(_model())
    narrowed.set_languages(languages)
    return narrowed


def _primary(stated: str | None) -> str | None:
    return re.split(r"[-_]", stated.strip().lower())[0] if stated else None
