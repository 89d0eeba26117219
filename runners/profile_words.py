"""What the words of a card are in English and in Persian."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from persiantools.digits import en_to_fa
from persiantools.jdatetime import JalaliDate

from pipeline.logic.habits import WEEKDAYS

WORDS: Mapping[str, tuple[str, str]] = {
    # what stands before a line
    "customer": ("customer", "مشتری"),
    "accounts": ("accounts", "حساب‌ها"),
    "known": ("known", "آشنایی"),
    "mood": ("mood", "حال"),
    "advocacy": ("advocacy", "هواداری"),
    "interests": ("interests", "علاقه‌ها"),
    "best hours": ("best hours", "ساعت مناسب"),
    "habits": ("habits", "عادت‌ها"),
    "languages": ("languages", "زبان‌ها"),
    "channels": ("channels", "شبکه‌ها"),
    "brands": ("brands", "برندها"),
    "influence": ("influence", "نفوذ"),
    "next": ("next post", "نوشتهٔ بعدی"),
    "next complaint": ("complaint", "شکایت"),
    "next advocacy": ("recommendation", "توصیه"),
    "next question": ("question", "پرسش"),
    "next purchase": ("intent to purchase", "قصد خرید"),
    "next other": ("anything else", "چیزی دیگر"),
    "cases": ("open cases", "پرونده‌های باز"),
    "alerts": ("alerts", "هشدارها"),
    "actions": ("actions", "اقدام‌ها"),
    "consents": ("consents", "رضایت‌ها"),
    # segments
    "advocate": ("advocate", "هوادار"),
    "loyal": ("loyal", "وفادار"),
    "neutral": ("neutral", "معمولی"),
    "at_risk": ("at risk", "در خطر رفتن"),
    "critic": ("critic", "منتقد"),
    "dormant": ("dormant", "خاموش"),
    # moods
    "rising": ("rising", "رو به بهتر شدن"),
    "steady": ("steady", "یکنواخت"),
    "falling": ("falling", "رو به بدتر شدن"),
    # cases
    "open": ("open", "باز"),
    "breached": ("breached", "از مهلت گذشته"),
    "answered": ("answered", "پاسخ داده شده"),
    "reopened": ("reopened", "دوباره باز شده"),
    # languages
    "fa": ("Persian", "فارسی"),
    "fa-latn": ("Persian in Latin letters", "فینگلیش"),
    "en": ("English", "انگلیسی"),
    "ar": ("Arabic", "عربی"),
    "und": ("unknown", "نامعلوم"),
    # categories
    "delivery": ("delivery", "ارسال"),
    "billing": ("billing", "پرداخت"),
    "quality": ("quality", "کیفیت"),
    "service": ("service", "خدمات"),
    "technical": ("technical", "فنی"),
    "fraud": ("fraud", "تقلب"),
    "availability": ("availability", "موجودی"),
    "policy": ("policy", "قوانین"),
    "other": ("other", "دیگر"),
    # consents
    "marketing": ("marketing", "تبلیغات"),
    "given": ("given", "داده شده"),
    "refused": ("refused", "داده نشده"),
    "*": ("every channel", "همهٔ کانال‌ها"),
}
"""Key → English, Persian. What is not here stays as it is."""

SENTENCES: Mapping[str, tuple[str, str]] = {
    "as of": ("as of {0}", "تا {0}"),
    "first post": ("since {0}", "از {0}"),
    "last post": ("last post {0}", "آخرین نوشته {0}"),
    "posts": ("posts: {0}", "نوشته‌ها: {0}"),
    "complaints": ("complaints: {0}", "شکایت‌ها: {0}"),
    "recommendations": ("recommendations: {0}", "توصیه‌ها: {0}"),
    "followers": ("followers: {0}", "دنبال‌کننده‌ها: {0}"),
    "advocacy": ("{0} on a scale of {2} to {3} (± {1})", "{0} در بازهٔ {2} تا {3} (± {1})"),
    "trend": ("{0} by {1} (± {2})", "{0}: {1} (± {2})"),
    "within a day": ("within a day: {0}", "تا یک روز دیگر: {0}"),
    "influence": ("{0} times the average, mentioned by {1}", "{0} برابر میانگین، {1} نفر از او نام برده‌اند"),
    "due in": ("due {0}, in {1}", "مهلت {0}، {1} مانده"),
    "overdue": ("due {0}, {1} late", "مهلت {0}، {1} دیر شده"),
    "was answered": ("answered {0}", "پاسخ در {0}"),
    "severity": ("severity {0} of 4", "شدت {0} از ۴"),
    "not before": ("not before {0}", "نه پیش از {0}"),
    "days": ("{0} days", "{0} روز"),
    "hours": ("{0} hours", "{0} ساعت"),
    "minutes": ("{0} minutes", "{0} دقیقه"),
    "no posts": ("no post is known", "نوشته‌ای از او نمی‌شناسیم"),
    "hour": ("{0} {1}:00–{2}:00", "{0} ساعت {1} تا {2}"),
}


_LEFT_TO_RIGHT = "\u200e"


def word(key: str, language: str) -> str:
    """The word for a key."""
    return WORDS[key][language == "fa"] if key in WORDS else key


def sentence(key: str, language: str, *values: str) -> str:
    """The sentence for a key with its values put in as they are."""
    return SENTENCES[key][language == "fa"].format(*values)


def comma(language: str) -> str:
    """What stands between the members of a list."""
    return "، " if language == "fa" else ", "


def digits(text: str, language: str) -> str:
    """The text with the digits that its reader writes."""
    return str(en_to_fa(text)) if language == "fa" else text


def number(value: float, language: str, signs: int = 0, plus: bool = False) -> str:
    """A number with so many signs after the point."""
    shown = f"{value:{'+' if plus else ''},.{signs}f}".replace("-", "−")
    if language != "fa":
        return shown
    shown = str(en_to_fa(shown.replace(",", "٬").replace(".", "٫")))
    # the sign stands left of the number in Persian too; so Unicode's CLDR writes it
    return f"{_LEFT_TO_RIGHT}{shown}" if shown[0] in "+−" else shown


def percent(share: float, language: str) -> str:
    """A share as per cent."""
    return f"{number(100 * share, language)}{'٪' if language == 'fa' else ' %'}"


def day_shown(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """The local day: ۱۴ مهر ۱۴۰۵ in Persian, 6 Oct 2026 in English."""
    local = moment.astimezone(zone)
    if language == "fa":
        day = JalaliDate(local.date()).strftime("%d %B %Y", locale="fa")  # type: ignore[no-untyped-call]
        return str(day).lstrip("۰")
    return f"{local.day} {local:%b %Y}"


def time_shown(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """The local day and minute."""
    local = moment.astimezone(zone)
    return f"{day_shown(moment, zone, language)}{'، ' if language == 'fa' else ' '}{digits(f'{local:%H:%M}', language)}"


def weekday(day: int, language: str) -> str:
    """The weekday, Monday 0."""
    return WEEKDAYS[language][day]


def month_of(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """The local month: مهر ۱۴۰۵ in Persian, Oct 2026 in English."""
    local = moment.astimezone(zone)
    if language == "fa":
        return str(JalaliDate(local.date()).strftime("%B %Y", locale="fa"))  # type: ignore[no-untyped-call]
    return f"{local:%b %Y}"


def week_of(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """The first day of the local week: a Saturday in Persian, a Monday in English."""
    local = moment.astimezone(zone)
    first = 5 if language == "fa" else 0
    return day_shown(local - timedelta(days=(local.weekday() - first) % 7), zone, language)


def duration(seconds: float, language: str) -> str:
    """Roughly how long: days from two days on, else hours, else minutes."""
    for key, size, least in (("days", 86_400, 172_800), ("hours", 3_600, 3_600)):
        if seconds >= least:
            return sentence(key, language, digits(str(round(seconds / size)), language))
    return sentence("minutes", language, digits(str(round(seconds / 60)), language))
