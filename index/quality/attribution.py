"""Which sentences say whose word they are: by a quotation, or by a word of saying or a source."""

from functools import cache

import regex

from index.language import WITHOUT_SPACES, primary
from index.related.mentions import quotations

_WORDS = {
    "ar": "قال|قالت|وقال|وقالت|أعلن|أعلنت|وأعلن|صرح|صرحت|وأضاف|أضاف|أضافت|أكد|أكدت|وأكد|ذكر|ذكرت|وذكرت|أوضح|أفاد|أفادت|"
    "وفقا|وفقًا|بحسب|وبحسب|حسب|نقلا",
    "bg": "каза|казва|заяви|съобщи|съобщиха|според|по думите|обяви|посочи|добави",
    "cs": "řekl|řekla|uvedl|uvedla|oznámil|oznámila|podle|sdělil|sdělila|prohlásil|dodal",
    "da": "sagde|siger|ifølge|oplyser|oplyste|meddelte|udtalte|fortæller",
    "de": "sagte|sagten|sagt|erklärte|erklärten|teilte|teilten|berichtete|berichteten|betonte|laut|zufolge|"
    "nach Angaben|"
    "äußerte|kündigte|meldete|hieß es|gab bekannt|bestätigte|warnte|forderte",
    "el": "είπε|δήλωσε|δήλωσαν|ανακοίνωσε|σύμφωνα|ανέφερε|τόνισε|πρόσθεσε|υποστήριξε",
    "en": "said|says|say|told|tells|stated|announced|according to|reported|reports|added|confirmed|warned|claimed|"
    "explained|declared|argued|denied|insisted|quoted|cited|citing|spokesman|spokeswoman|spokesperson",
    "es": "dijo|dijeron|según|afirmó|afirmaron|declaró|señaló|aseguró|anunció|informó|informaron|explicó|indicó|"
    "añadió|agregó|confirmó|advirtió|comentó|de acuerdo con",
    "fa": "گفت|گفتند|گفته|افزود|اعلام کرد|به گزارش|به گفته|بر اساس|طبق|تاکید کرد|خبر داد",
    "fi": "sanoi|sanoo|kertoi|kertoo|mukaan|ilmoitti|totesi|vahvisti",
    "fr": "a dit|dit|selon|a déclaré|déclaré|a affirmé|affirmé|a annoncé|annoncé|a indiqué|indiqué|d'après|d’après|"
    "a expliqué|expliqué|précisé|ajouté|confirmé|estimé|assuré|rapporté|rapporte",
    "he": "אמר|אמרה|אמרו|מסר|מסרה|נמסר|הודיע|הודיעה|לדברי|לפי|על פי|טען|הוסיף|ציין|דיווח",
    "hi": "कहा|बताया|के अनुसार|के मुताबिक|मुताबिक|अनुसार|घोषणा|दावा|पुष्टि",
    "hu": "mondta|közölte|szerint|bejelentette|nyilatkozta|hozzátette|írta",
    "id": "kata|mengatakan|ujar|ujarnya|katanya|menurut|menyatakan|tutur|mengumumkan|melaporkan|menjelaskan|"
    "menambahkan|"
    "menyebut|menyebutkan",
    "it": "ha detto|detto|secondo|ha dichiarato|dichiarato|ha affermato|affermato|ha annunciato|annunciato|spiegato|"
    "riferito|aggiunto|confermato|riporta",
    "ja": "述べた|述べて|語った|話した|話して|明らかにした|発表した|と発表|によると|によれば|としている|"
    "と伝えた|報じた|"
    "指摘した|強調した|訴えた|説明した|と話す|との見方|表明した|という",
    "ko": "말했다|밝혔다|전했다|설명했다|강조했다|주장했다|덧붙였다|보도했다|발표했다|지적했다|언급했다|"
    "평가했다|시사했다|"
    "따르면|라며|라고|이라며|다며|다고|관계자는|대변인은",
    "nl": "zei|zegt|zeiden|volgens|aldus|verklaarde|meldde|meldt|meldden|liet weten|laat weten|kondigde|bevestigde",
    "no": "sa|sier|ifølge|opplyser|opplyste|uttalte|meldte|fortalte",
    "pl": "powiedział|powiedziała|powiedzieli|według|poinformował|poinformowała|poinformowali|oświadczył|oświadczyła|"
    "stwierdził|zapowiedział|podkreślił|dodał|dodała|ogłosił|ogłosiła|zdaniem|podał|podała|podały",
    "pt": "disse|disseram|segundo|afirmou|afirmaram|declarou|anunciou|informou|informaram|explicou|acrescentou|"
    "confirmou|de acordo com|conforme",
    "ro": "a spus|spus|a declarat|declarat|potrivit|a anunțat|anunțat|a precizat|precizat|conform|a adăugat",
    "ru": "сказал|сказала|сказали|заявил|заявила|заявили|сообщил|сообщила|сообщили|сообщает|сообщило|сообщается|"
    "по словам|по данным|рассказал|рассказала|отметил|отметила|подчеркнул|подчеркнула|объявил|объявила|объявили|"
    "добавил|добавила|считает|пояснил|уточнил|подтвердил|подтвердила|передает|передаёт|пишет|согласно",
    "sv": "sade|sa|säger|enligt|uppger|uppgav|meddelade|meddelar|berättar|berättade|skriver",
    "th": "กล่าว|ระบุ|เปิดเผย|แถลง|ประกาศ|รายงาน|ยืนยัน|บอก|ตามข้อมูล|อ้าง",
    "tr": "dedi|söyledi|belirtti|göre|açıkladı|ifade etti|kaydetti|duyurdu|bildirdi|vurguladı|aktardı|doğruladı",
    "uk": "сказав|сказала|сказали|заявив|заявила|заявили|повідомив|повідомила|повідомили|повідомляє|за словами|"
    "за даними|"
    "зазначив|зазначила|розповів|наголосив|оголосив|оголосила|додав|додала|підтвердив|вважає|згідно",
    "vi": "cho biết|nói|theo|tuyên bố|khẳng định|thông báo|cho hay|phát biểu|nhấn mạnh",
    "zh": "表示|称|稱|说|說|指出|强调|強調|宣布|据|據|报道|報道|報導|透露|认为|認為|警告|回应|回應|发言人|"
    "發言人|承认|否认",
}
"""By language: words with which news names whose word something is."""

LANGUAGES = frozenset(_WORDS)
"""Those whose words are known. In others a sentence is attributed only by a quotation."""

_NO_BOUNDARY = {"ko"}
_UNSPACED = regex.compile(f"[{WITHOUT_SPACES}]")


def attributed(sentences: list[str], lang: str) -> int:
    """How many of some sentences have a quotation, or say by a word whose word they are.

    Args:
        sentences: of an article, in order.
        lang: its language, BCP 47.
    """
    words = _words(primary(lang))
    return sum(1 for one in sentences if (words and words.search(one.casefold())) or quotations(one))


@cache
def _words(language: str) -> "regex.Pattern[str] | None":
    listed = _WORDS.get(language)
    if listed is None:
        return None
    known = listed.casefold()
    if language in _NO_BOUNDARY or _UNSPACED.search(known):
        return regex.compile(known)
    return regex.compile(rf"(?<![\p{{L}}\p{{M}}])(?:{known})(?![\p{{L}}\p{{M}}])")
