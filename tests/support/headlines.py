"""Headlines by chance in twenty locales, and the check that a setting of one is right by its drawn pixels."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import Image, ImageChops

from creative.copyfit import direction
from creative.errors import StepRefused
from creative.font_table import ROLES, own_fonts
from creative.scripts import INVISIBLE
from creative.segments import typographic
from workers.compose.blocks import Block, Setter
from workers.compose.glyphs import Face

WORDS = {
    "en-GB": "good coffee takes its time for you and your mornings slow-roasted, 250 g of warmth “House Roast” from £5.49 at 20 % less! Why wait? unforgettable – new & fresh",
    "de-DE": "guter Kaffee lässt sich Zeit für dich und alle Größe Übermut, 250 g Spezialitätenrösterei „Hausröstung“ ab 5,99 € nur bis 14. Oktober! Kaffee-Vollautomat süß – Äpfel",
    "fr-FR": "le bon café prend son temps pour vous et l’été ça où Noël « maison » à 5,99 € dès 20 % de moins ! Pourquoi attendre ? déjà prêt : goûtez Œuvre",
    "es-ES": "el buen café se toma su tiempo para ti y tus mañanas ¿por qué esperar? ¡ya! pequeño, 250 g «casa» desde 5,99 € año corazón",
    "pt-BR": "o bom café leva tempo para você e suas manhãs, ação coração 250 g “da casa” a partir de R$ 19,90! já não à",
    "pl-PL": "dobra kawa i w domu z gór potrzebuje czasu, źdźbło świeżo żółty ęą 250 g „domowa” od 24,99 zł! o poranku łąka",
    "cs-CZ": "dobrá káva si žádá čas v klidu a s láskou, příliš žluťoučký kůň 250 g „domácí“ od 149 Kč! ůřě",
    "tr-TR": "iyi kahve zaman ister ışıl ışıl İstanbul güne başlarken, çok şık ğ 250 g ₺149,90 %20 indirim!",
    "vi-VN": "cà phê ngon cần thời gian để rang mỗi ngày, giữ trọn hương vị đậm đà 250 g Ưu đãi 99.000 ₫! Ấm ỡ",
    "ru-RU": "хороший кофе не терпит спешки и суеты в доме, щедрый ёжик 250 г «домашний» от 499 ₽! йод объект",
    "el-GR": "ο καλός καφές θέλει τον χρόνο του για εσένα, Ϊ ΰ 250 g «σπιτικός» από 5,99 €! Άρωμα ξεχωριστό;",
    "ar-EG": "القهوة الجيدة تأخذ وقتها مع Marlo، بخصم 50% محمّصة يدويًا (250 g) كل يوم «البيت» من ١٢٫٥٠ ج.م.! لماذا الانتظار؟ لا لآلئ",
    "fa-IR": "قهوهٔ خوب زمان می‌برد برای تو و صبح‌ها، «خانه» ۲۵۰ گرم پژچگ ۱۲٬۵۰۰ تومان! چرا؟ تازه برشته‌شده",
    "he-IL": "קפה טוב לוקח את הזמן (גם של Marlo) בשבילך, עד 50% הנחה! 12.50 ₪ \"הבית\" צ׳יפס נקלה ביד שָׁלוֹם",
    "zh-CN": "好咖啡值得慢慢等待， 每日新鲜手工烘焙。 “家”的味道 250克仅售¥12.50！ 为什么等？ Marlo咖啡 （限时） 葡萄 蝴蝶",
    "zh-TW": "好咖啡值得慢慢等待， 每日新鮮手工烘焙。 「夏日」限定版 250克只要$120！ 為什麼等？ Marlo咖啡 （限時） 龜鬱",
    "ja-JP": "いいコーヒーは、 時間をかけて 焙煎しています。 「手焙煎」の豆を 毎日お届け！ 500円から Marloの朝 ゃゅょっ 今すぐ？ 鬱薔薇",
    "ko-KR": "좋은 커피에는 시간이 필요합니다 매일 아침 손으로 볶은 250g 원두를 ‘집’에서 만나보세요! 똠양꿍 ₩12,500 왜?",
    "th-TH": "กาแฟที่ดีต้องใช้เวลา คั่วใหม่ทุกวัน ที่นี่ 250 กรัม ถึงผู้รู้ลิ้มรส ฿120 ลด 20%! น้ำ ญี่ปุ่น ฏีกา ป้าปู่กู้อีจู้ Marlo",
    "hi-IN": "अच्छी कॉफ़ी में समय लगता है हाथ से भुनी हुई, ताज़ी। ₹120 से 250 ग्राम “घर” का स्वाद! क्यों? क्षत्रिय ज्ञान श्री र्कि द्ध्र Marlo",
}  # fmt: skip
ROOMS = (
    (936, 420, 150, 20), (936, 200, 120, 20), (1100, 700, 160, 24), (520, 300, 72, 16), (300, 120, 40, 14), (220, 60, 30, 12),
    (600, 60, 40, 12), (140, 200, 26, 12), (130, 320, 30, 12), (280, 90, 30, 12), (1600, 500, 180, 24), (400, 400, 80, 16),
)  # fmt: skip
"""Width, height, most and least size of twelve places for headlines, px."""


def headline(locale: str, chance: random.Random) -> str:
    """Two to nine words in any order, now and then one alone or with a Latin name."""
    words = WORDS[locale].split()
    joint = "" if locale[:2] in ("zh", "ja", "th") and chance.random() < 0.7 else " "
    text = joint.join(chance.choice(words) for _ in range(chance.choice((1, 2, 3, 4, 5, 6, 9))))
    return text if chance.random() < 0.8 else f"{text} Marlo {chance.randint(2, 2900)}"


@cache
def setter(locale: str) -> Setter:
    """Sets in the farm's own fonts."""
    faces = {role: Face(own_fonts(role)["Latn"], own_fonts(role)) for role in ROLES}
    return Setter(faces, locale, direction(locale))


def item(room: tuple[int, int, int, int], role: str = "headline") -> dict[str, Any]:
    """A place of a layout document."""
    width, height, most, least = room
    font = "display" if role == "headline" else "text"
    return {
        "role": role, "font": font, "width": width, "height": height, "most": most, "least": least, "lines": 4, "leading": 1060,
    }  # fmt: skip


def faults(locale: str, text: str, room: tuple[int, int, int, int]) -> Iterator[str]:
    """What is wrong with a headline as it is drawn in a place; "refused" if it is too long for it."""
    place, own = item(room), setter(locale)
    try:
        block = own.text(place, text, "right" if own.direction == "rtl" else "left")
    except StepRefused as refusal:
        yield "refused" if "too long" in str(refusal) else str(refusal)
        return
    yield from drawn_faults(block, place)
    metrics = own.faces["display"].metrics
    for part in block.parts:
        if any(glyph.id == 0 for glyph in metrics.shaped(part.text, locale).glyphs):
            yield f"a letter without glyph in {part.text!r}"
    said = _letters("".join(part.text for part in block.parts))
    if said != _letters(typographic(text, locale)):
        yield f"{said!r} is set"


def drawn_faults(block: Block, place: dict[str, Any]) -> Iterator[str]:
    """What the drawn pixels of a block say: outside of its place, too small, or one line in another."""
    above: tuple[Image.Image, tuple[int, int]] | None = None
    for part in block.parts:
        if part.size < part.least:
            yield f"{part.size} px, {part.least} is the least"
        ink = part.mask.getbbox()
        if ink is None:
            yield f"{part.text!r} has no ink"
            continue
        inside = ink[0] + part.x >= 0 and ink[1] + part.y >= 0
        if not inside or ink[2] + part.x > place["width"] or ink[3] + part.y > place["height"]:
            yield f"ink at {ink} from {(part.x, part.y)}, {place['width']}x{place['height']} is allowed"
        if above is not None and _touch(*above, part.mask, (part.x, part.y)):
            yield f"{part.text!r} runs into the line above"
        above = part.mask, (part.x, part.y)


def _touch(one: Image.Image, at: tuple[int, int], other: Image.Image, there: tuple[int, int]) -> bool:
    """Whether pixels that are more than half covered in both masks lie on each other."""
    left, top = max(at[0], there[0]), max(at[1], there[1])
    right = min(at[0] + one.width, there[0] + other.width)
    bottom = min(at[1] + one.height, there[1] + other.height)
    if left >= right or top >= bottom:
        return False
    crops = (
        mask.crop((left - x, top - y, right - x, bottom - y)).point(_SEEN)
        for mask, (x, y) in ((one, at), (other, there))
    )
    return ImageChops.multiply(*crops).getbbox() is not None


_SEEN = [0] * 128 + [255] * 128


def _letters(text: str) -> str:
    return re.sub(r"[\s\-‐]", "", "".join(letter for letter in text if letter not in INVISIBLE))
