import pytest

from pipeline.logic.finglish import is_finglish
from pipeline.logic.language import detect

POSTS = {
    "fa": [
        "سفارشم بعد از سه هفته هنوز نرسیده",
        "كيفيت عالي بود مرسي",
        "راضى بودم، خيلى خوب بود",
        "عالی",
        "مرجوع کردم",
        "ماشاءالله",
        "البته",
        "ﻣﻤﻨﻮﻥ ﻛﺘﺎﺏ ﺧﻮﺑﻴﻪ",
        "iPhone 13 pro از @ParsiShops خریدم، delivery افتضاح",
        "#پارسی_شاپ #تخفیف",
        "😍😍 فوق العاده",
    ],
    "en": [
        "Where is my order?",
        "Thanks!",
        "ok",
        "thx",
        "Salam everyone, great shop",
        "Dar es Salaam flight delayed again",
        "I paid fifty toman for this in tehran",
        "man this is bad",
        "mi band arrived, nice",
        "naming my dog Khan was fun",
        "@united #fail",
        "so sooo late",
    ],
    "fa-latn": [
        "salam",
        "mersi",
        "khoob nist",
        "kheili bade",
        "chera javab nemidid?",
        "mikham sefaresh bedam",
        "sefaresham hanooz nareside, support ham javab nemide",
        "pool mano pas bedid",
        "damet garm",
        "in che vaziye",
        "khooooob bood",
    ],
    "ar": ["أين طلبي؟", "خدمة ممتازة", "شكرا لكم", "خدمة سيئة جدا", "لم يصل الطلب بعد", "التطبيق لا يعمل"],
    "ur": ["بہت خراب سروس ہے", "میرا آرڈر کہاں ہے"],
    "ckb": ["زۆر باشە خزمەتگوزارییەکەتان"],
    "de": ["Wo bleibt mein Paket?", "danke schön"],
    "fr": ["merci beaucoup", "Où est ma commande ?"],
    "es": ["¿Dónde está mi pedido?", "muy mal servicio"],
    "tr": ["Siparişim nerede?", "çok kötü hizmet"],
    "ru": ["Где мой заказ?"],
    "ja": ["注文はどこですか"],
    "he": ["איפה ההזמנה שלי"],
    "hi": ["मेरा ऑर्डर कहाँ है"],
    "und": ["", "   ", "😀👍🏽", "@parsi https://t.co/x", "۱۲۳ 456", "!!!", "#"],
}


@pytest.mark.parametrize(("expected", "text"), [(tag, text) for tag, texts in POSTS.items() for text in texts])
def test_detect(expected: str, text: str) -> None:
    assert detect(text) == expected


@pytest.mark.parametrize(
    ("text", "stated", "expected"),
    [
        ("merci", None, "fa-latn"),
        ("merci", "fr", "fr"),
        ("gracias", "es-MX", "es"),
        ("سلام خوبید؟", "ar", "fa"),
        ("salam khoobid", "in", "fa-latn"),
        ("salam khoobid", "und", "fa-latn"),
        ("Where is my order?", "fa", "en"),
        ("😀", "fa", "und"),
        ("", "en", "und"),
        ("danke", "DE_de", "de"),
    ],
)
def test_stated_language_is_a_hint(text: str, stated: str | None, expected: str) -> None:
    assert detect(text, stated) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the salam was nice and we had a good time",
        "bhai mera order kahan hai, bohot kharab service",
        "terima kasih, pesanan saya sudah sampai",
        "kargo çok geç geldi yani",
    ],
)
def test_is_no_finglish(text: str) -> None:
    assert not is_finglish(text)
