"""Names and the sentences they stand in, for the test that a name alone decides nothing.

The brands are invented; a likeness to a real one is chance. The persons' names are common ones of both sexes,
from many regions and peoples.
"""

from __future__ import annotations

from collections.abc import Mapping

_PERSONS_FA = (
    *("علی", "زهرا", "محمدرضا", "فاطمه", "امیرحسین", "مریم", "رضا", "نرگس", "حسین", "سارا"),
    *("پوریا", "شیدا", "کیوان", "نسترن", "آرش", "پریسا", "داریوش", "آناهیتا", "بابک", "ماندانا"),
    # Kurdish, Azeri, Baluch, Arab, Lur, Gilaki, Turkmen, Armenian, Assyrian, Zoroastrian, Hazara and Tajik
    *("ژیان", "روژین", "هیوا", "سوران", "شلیر", "آیدین", "آیسان", "سولماز", "اورهان", "تایماز"),
    *("مهراب", "گراناز", "شاهداد", "جاسم", "عبدالزهرا", "بتول", "آساره", "علی‌مراد", "گیلدا", "سیامک"),
    *("آی‌گل", "قربان‌محمد", "آرپینه", "وارطان", "آشور", "اسفندیار", "گل‌آغا", "ثریا", "خانم شریفی", "آقای کریم‌زاده"),
)
_PERSONS_EN = (
    *("James", "Emily", "Mohammed", "Aisha", "Wei", "Mei Lin", "Priya", "Arjun", "Lakshmi", "Sanjay"),
    *("Fatima", "Omar", "Layla", "Yusuf", "Kwame", "Chidi", "Ngozi", "Amara", "DeShawn", "Latoya"),
    *("Jamal", "Keisha", "José", "Maria", "Guadalupe", "Carlos", "Siobhan", "Declan", "Rhys", "Angus"),
    *("Olga", "Dmitri", "Piotr", "Agnieszka", "Hans", "Ingrid", "Giulia", "Matteo", "Chloé", "Yuki"),
    *("Haruto", "Ji-woo", "Nguyen", "Thanh", "Dariush", "Parisa", "Shirin", "Moshe", "Rivka", "Tane"),
)
_BRANDS_FA = (
    *("نوین‌کالا", "آرین‌مارکت", "سپیدار", "بازارچین", "کالاگستر", "پارس‌مهر", "دیجی‌سرا", "آسان‌بار", "راه‌نو", "شهرگرد"),
    *("نیک‌پوش", "گل‌نوش", "دشتستان", "زرین‌کام", "ماهور", "تندر", "آوادیس", "کیمیاسان", "هیرکان", "البرزتک"),
    *("آذرنت", "سیم‌آرا", "بانک امین‌یار", "بیمه‌ی سرو", "هواپیمایی سیمرغ‌پر", "هتل نارون", "لبنیات پگاه‌دشت", "رخت‌آرا"),
    *("فرش کاویان", "کفش گام‌نو", "رستوران ترنج", "کافه مینیاتور", "برفینه", "نان‌آور", "مهرسیما", "سهندمال"),
    *("پیک‌سان", "تپش‌کار", "آبانا", "هم‌سفر", "ویوان", "روژمارکت", "دنا‌سیستم", "لوتوس‌مد", "ژالین", "بارکد", "ایران‌رخت"),
    *("صبابافت", "نگین‌شاپ", "کتاب‌نما"),
)
_BRANDS_EN = (
    *("Norvale", "Brightcart", "Quillmart", "Zendora", "Parcelio", "Havenly & Co", "BlueFinch", "Kestrel Air"),
    *("Orbitel", "Monvera", "Tasko", "Lumina", "FreshField", "Copperpot", "Redwood Grill", "Baker & Lowe", "Sunmarket"),
    *("Vantor", "Pixelnest", "Cloudharbor", "Streamly", "Tuneo", "Gridline", "Northbank", "Silverlake Bank", "Payo"),
    *("Trustwell", "Safeguard Mutual", "MediPoint", "GreenLeaf", "PureGlow", "Velour", "Stitchworks", "Urban Thread"),
    *("Solemate", "Trailhead", "FitForge", "Wanderlux", "StayNest", "Metro Cabs", "Rapido Rides", "AutoHub", "Voltara"),
    *("Homely", "Oak & Iron", "Cozy Den", "PetPal", "Bookhaven", "Toybox", "Glazen"),
)

NAMES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("fa", "person"): _PERSONS_FA,
    ("fa", "brand"): _BRANDS_FA,
    ("en", "person"): _PERSONS_EN,
    ("en", "brand"): _BRANDS_EN,
}
"""50 names by language and what they name."""

TEMPLATES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("fa", "person"): (
        "{name} از پشتیبانی گفت فردا زنگ می‌زنه، سه روز شد و خبری نشد",
        "سفارشم به اسم {name} ثبت شده بود، بسته رو دادن به یه نفر دیگه",
        "دست {name} درد نکنه، با حوصله همه‌ی سؤال‌هام رو جواب داد",
        "با {name} رفتیم کافه‌ی جدید سر خیابون، کیک گردوش عالی بود",
        "سلام، {name} هستم، ساعت کاری شعبه‌ی مرکزی چنده؟",
        "{name} فردا از تبریز میاد تهران",
    ),
    ("fa", "brand"): (
        "{name} سفارشم رو نصفه فرستاده و جواب هم نمیده",
        "جنس‌های {name} نسبت به پارسال خیلی افت کرده",
        "دو ساله از {name} خرید می‌کنم و همیشه راضی بودم",
        "به نظرم {name} بهترین انتخاب توی این قیمته",
        "{name} توی اصفهان هم شعبه داره؟",
        "امروز از جلوی فروشگاه {name} رد شدم، داشتن تابلوش رو عوض می‌کردن",
    ),
    ("en", "person"): (
        "{name} from support promised a call back on Monday. It is Thursday.",
        "the parcel was addressed to {name} and they handed it to someone else",
        "big thanks to {name} at the front desk, sorted everything in five minutes",
        "went to the new café with {name}, the walnut cake is wonderful",
        "hi, my name is {name}, what time does the main branch open?",
        "{name} is flying to Leeds tomorrow",
    ),
    ("en", "brand"): (
        "{name} sent half of my order and does not answer emails",
        "the quality at {name} has really gone downhill since last year",
        "been buying from {name} for two years and always happy",
        "I think {name} is the best you can get at this price",
        "does {name} have a store in Leeds?",
        "walked past the {name} shop today, they are changing the sign",
    ),
}
"""Two complaints, two praises, two neutral posts each, in this order."""
