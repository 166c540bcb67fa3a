"""The line by which people are told that a model made what they see or hear: its words by language.

The law asks for a clear and distinguishable disclosure (EU AI Act, article 50), the Commission's code of practice for one in
the viewer's language, and takes the two letters where there is no room for more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from creative.scripts import script_of_locale, subtags


class Words(NamedTuple):
    """What is said of a picture, of a voice, and where there is room for two letters only."""

    picture: str
    voice: str
    letters: str


_WORDS: Mapping[str, Words] = {
    "ar": Words("صُنع بالذكاء الاصطناعي", "صوت بالذكاء الاصطناعي", "AI"),
    "bg": Words("Създадено с ИИ", "Глас с ИИ", "ИИ"),
    "cs": Words("Vytvořeno AI", "Hlas AI", "AI"),
    "da": Words("AI-genereret", "AI-stemme", "AI"),
    "de": Words("KI-generiert", "KI-Stimme", "KI"),
    "el": Words("Δημιουργία ΤΝ", "Φωνή ΤΝ", "ΤΝ"),
    "en": Words("AI-generated", "AI voice", "AI"),
    "es": Words("Generado con IA", "Voz de IA", "IA"),
    "fa": Words("ساختهٔ هوش مصنوعی", "صدای هوش مصنوعی", "AI"),
    "fi": Words("Tekoälyn tekemä", "Tekoälyääni", "AI"),
    "fr": Words("Généré par IA", "Voix IA", "IA"),
    "he": Words("נוצר בבינה מלאכותית", "קול של בינה מלאכותית", "AI"),
    "hi": Words("AI से निर्मित", "AI आवाज़", "AI"),
    "hu": Words("MI-vel készült", "MI-hang", "MI"),
    "id": Words("Dibuat dengan AI", "Suara AI", "AI"),
    "it": Words("Generato con IA", "Voce IA", "IA"),
    "ja": Words("AI生成", "AI音声", "AI"),
    "ko": Words("AI 생성", "AI 음성", "AI"),
    "nb": Words("KI-generert", "KI-stemme", "KI"),
    "nl": Words("AI-gegenereerd", "AI-stem", "AI"),
    "pl": Words("Wygenerowane przez AI", "Głos AI", "AI"),
    "pt": Words("Gerado por IA", "Voz de IA", "IA"),
    "ro": Words("Generat de IA", "Voce IA", "IA"),
    "ru": Words("Создано ИИ", "Голос ИИ", "ИИ"),
    "sk": Words("Vytvorené AI", "Hlas AI", "AI"),
    "sv": Words("AI-genererad", "AI-röst", "AI"),
    "th": Words("สร้างโดย AI", "เสียง AI", "AI"),
    "tr": Words("Yapay zekâ ile üretildi", "Yapay zekâ sesi", "YZ"),
    "uk": Words("Створено ШІ", "Голос ШІ", "ШІ"),
    "vi": Words("Tạo bởi AI", "Giọng AI", "AI"),
    "zh": Words("AI生成", "AI语音", "AI"),
    "zh-Hant": Words("AI生成", "AI語音", "AI"),
}
_SAME: Mapping[str, str] = {"no": "nb", "nn": "nb"}


def label_words(locale: str) -> Words | None:
    """The words for a locale ("de-CH"), or None where none are known for its language."""
    language = subtags(locale)[0]
    if language == "zh" and script_of_locale(locale) == "Hant":
        return _WORDS["zh-Hant"]
    return _WORDS.get(_SAME.get(language, language))
