"""Pages as sites have them: the article, and all that is around it. Written for this project."""

AROUND = """
<header><nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li><li><a href="/sport">Sport</a></li>
</ul></nav></header>
"""
BELOW = """
<aside class="related"><h3>Most read</h3><ul><li><a href="/x">Ferry strike called off</a></li>
<li><a href="/y">A bridge reopens</a></li></ul></aside>
<footer><p>All rights reserved. Contact us. Cookies.</p></footer>
"""

KOREAN = (
    "동해안 지진에 주민 수백 명 대피",
    [
        "14일 오전 동해안에서 규모 5.1의 지진이 일어나 해안 마을 주민 수백 명이 학교 체육관으로 대피했다.",
        "기상청은 지진해일의 우려는 없다고 밝혔으나, 앞으로 며칠 동안 여진이 이어질 수 있다며 주의를 당부했다.",
        "군청은 도로 두 곳이 갈라져 통행을 막았고, 다친 사람은 지금까지 세 명으로 모두 가벼운 부상이라고 설명했다.",
    ],
)
ENGLISH = (
    "Harbour town votes to move its fish market",
    [
        "The council of the harbour town voted on Thursday evening to move its fish market to the northern quay.",
        "Traders had asked for the move for years, saying that the old hall floods at every spring tide.",
        "The new hall is to open in two years and will cost eleven million, a third of which the region pays.",
    ],
)
JAPANESE = (
    "北部の火山で小規模な噴火、入山を規制",
    [
        "気象台は十四日、北部の火山で小規模な噴火が発生したと発表し、噴火警戒レベルを引き上げた。",
        "噴煙は火口から千二百メートルの高さに達し、ふもとの三つの町で降灰が確認されたという。",
        "県は火口から二キロ以内への入山を規制し、住民に今後の情報に注意するよう呼びかけている。",
    ],
)
RUSSIAN = (
    "В горном районе восстановили движение поездов",
    [
        "Железнодорожное сообщение в горном районе восстановлено в четверг после схода селя, сообщили в ведомстве.",
        "Рабочие расчистили два километра пути, а размытую насыпь укрепили бетонными блоками за трое суток.",
        "Первый пассажирский поезд прошёл по участку утром, скорость движения пока ограничена.",
    ],
)
ARABIC = (
    "افتتاح محطة لتحلية المياه على الساحل",
    [
        "افتتحت وزارة المياه يوم الخميس محطة جديدة لتحلية مياه البحر على الساحل الغربي بعد عامين من البناء.",
        "وقال مسؤولون إن المحطة ستزود ثلاث مدن بمياه الشرب وتعمل في معظمها بالطاقة الشمسية.",
        "وأضافوا أن مرحلة ثانية ستضاعف الإنتاج خلال ثلاث سنوات إذا توافر التمويل اللازم لها.",
    ],
)
CHINESE = (
    "南部山区连日暴雨 数千居民转移",
    [
        "南部山区连续三天降下暴雨，当地政府十四日把低洼地区的数千名居民转移到安置点。",
        "水利部门说，两座水库已经开闸泄洪，下游河段的水位预计在十五日凌晨达到最高。",
        "救援人员用冲锋舟运送饮用水和药品，目前没有人员伤亡的报告，学校停课到下周一。",
    ],
)


def page(story: tuple[str, list[str]], head: str = "", lang: str = "", after_title: str = "") -> str:
    """A page with a story on it, and with what is given in its head."""
    title, paragraphs = story
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
    attribute = f' lang="{lang}"' if lang else ""
    return (
        f"<!DOCTYPE html>\n<html{attribute}><head>{head}<title>{title}</title></head><body>{AROUND}"
        f"<main><article><h1>{title}</h1>{after_title}\n{body}</article></main>{BELOW}</body></html>"
    )
