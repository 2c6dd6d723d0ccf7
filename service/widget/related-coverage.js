// The sidebar widget: <related-coverage article-id="…"></related-coverage>. The README says what each attribute does.
// It is served as it stands here, only without the lines that are comments alone.

// Of every language: the heading, what is said of a report of the same event, and by how many others it was printed.
const TEXTS = {
  ar: ["أخبار ذات صلة", "الحدث نفسه", {
    one: "نشره أيضًا مصدر واحد", two: "نشره أيضًا مصدران", few: "نشرته أيضًا # مصادر", many: "نشره أيضًا # مصدرًا",
    other: "نشره أيضًا # مصدر",
  }],
  de: ["Mehr zum Thema", "Selbes Ereignis", { one: "Auch in # weiterem Medium", other: "Auch in # weiteren Medien" }],
  en: ["Related coverage", "Same story", { one: "Also in # other source", other: "Also in # other sources" }],
  es: ["Noticias relacionadas", "Misma noticia", { one: "También en # medio más", other: "También en # medios más" }],
  fr: ["Sur le même sujet", "Même événement", { one: "Aussi dans # autre média", other: "Aussi dans # autres médias" }],
  he: ["עוד בנושא", "אותו אירוע", {
    one: "גם במקור נוסף", two: "גם בשני מקורות נוספים", other: "גם ב־# מקורות נוספים",
  }],
  hi: ["संबंधित ख़बरें", "वही ख़बर", { one: "# और स्रोत में भी", other: "# और स्रोतों में भी" }],
  ja: ["関連ニュース", "同じニュース", { other: "ほか#媒体にも掲載" }],
  ko: ["관련 보도", "같은 소식", { other: "다른 매체 #곳에도 게재" }],
  pt: ["Notícias relacionadas", "Mesma notícia", { one: "Também em # outra fonte", other: "Também em # outras fontes" }],
  ru: ["Материалы по теме", "О том же событии", { one: "Также в # издании", other: "Также в # изданиях" }],
  zh: ["相关报道", "同一事件", { other: "另有#家媒体刊发" }],
  "zh-Hant": ["相關報導", "同一事件", { other: "另有#家媒體刊登" }],
};

const STYLE = `
:host{display:block}
:host([hidden]){display:none}
:host([theme=light]){color-scheme:light}
:host([theme=dark]){color-scheme:dark}
*{box-sizing:border-box;margin:0;padding:0}
.panel{
--ink:var(--related-coverage-ink,light-dark(#1b1f24,#e6e8ea));
--quiet:var(--related-coverage-quiet,light-dark(#57606a,#a3abb4));
--line:var(--related-coverage-line,light-dark(#d8dee4,#33393f));
--accent:var(--related-coverage-accent,light-dark(#9a3412,#f5a97f));
--gap:var(--related-coverage-gap,.875em);
padding:var(--related-coverage-padding,1.125em);
border-radius:var(--related-coverage-radius,.5em);
background:var(--related-coverage-background,light-dark(#fff,#16191d));
color:var(--ink);
font-family:var(--related-coverage-font,inherit);line-height:1.35;text-align:left}
[dir=rtl]{text-align:right}
.heading{padding-block-end:.5em;border-block-end:2px solid var(--accent);font-size:1.125em;line-height:1.3}
ul{list-style:none}
li{position:relative;display:flex;flex-direction:column;gap:.25em;padding-block:var(--gap)}
li+li{border-block-start:1px solid var(--line)}
li:last-child{padding-block-end:0}
p{display:flex;gap:.6em;min-height:1.4em;color:var(--quiet);font-size:.8125em;line-height:1.4;white-space:nowrap;overflow:hidden}
p>*{flex:none;unicode-bidi:isolate}
.source,.copies{flex:0 1 auto;overflow:hidden;text-overflow:ellipsis}
.source{color:var(--ink);font-weight:600}
.relation{color:var(--accent)}
.title,.snippet{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:var(--most);overflow:hidden;overflow-wrap:anywhere;unicode-bidi:isolate}
.title{color:inherit;font-weight:600;text-decoration:none}
.title:lang(ko),.snippet:lang(ko){word-break:keep-all}
a:hover{text-decoration:underline;text-underline-offset:.15em}
a:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:2px}
.snippet{-webkit-line-clamp:3;color:var(--quiet);font-size:.875em;line-height:1.45}
.cards ul{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(15em,100%),1fr));gap:var(--gap);padding-block-start:var(--gap)}
.cards li{padding:var(--gap);border:1px solid var(--line);border-radius:var(--related-coverage-radius,.5em)}
.cards p:last-child{margin-block-start:auto}
.cards a::after{content:"";position:absolute;inset:0}
.compact{--gap:var(--related-coverage-gap,.625em);font-size:.9375em}
.compact li{gap:0;border:0}
.compact li+li{padding-block-start:0}
.compact .source{color:inherit;font-weight:400}
.compact p:last-child{display:none}
.waiting .title{height:calc(var(--most)*1.35em)}
.waiting .snippet{height:4.35em}
.waiting .title,.waiting .snippet,.waiting p{background:repeating-linear-gradient(#0000 0 .3em,var(--line) 0 1.05em,#0000 0 1.35em) 0/90% no-repeat}
.waiting p{background-size:45%}
.waiting ul{opacity:.6}
.waiting:not(.cards) .snippet{display:none}
.waiting[dir=rtl] :is(.title,.snippet,p){background-position:100%}
@media print{.waiting{display:none}}
`;

const CHOICES = {
  layout: ["list", "cards", "compact"],
  theme: ["auto", "light", "dark"],
  relation: ["all", "same_story", "related"],
};
const NUMBERS = { limit: [5, 1, 20], "min-items": [1, 1, 20], "heading-level": [2, 1, 6] };
const ATTRIBUTES = [
  ...Object.keys(CHOICES), ...Object.keys(NUMBERS), "api", "article-id", "key", "lang", "languages", "url",
];
const TIMEOUT = 5000;
const PAUSE = 1000;
const WIDE = 336;

// A locale, undefined if the text is no language tag.
function localeOf(tag) {
  try {
    return new Intl.Locale(tag);
  } catch {}
}

// The address of a web page, undefined of anything else, such as a script.
function webAddress(text) {
  const url = text && URL.canParse(text, document.baseURI) && new URL(text, document.baseURI);
  return /^https?:/.test(url?.protocol) ? url.href : undefined;
}

function directionOf(locale) {
  return /Arab|Hebr|Thaa|Syrc|Nkoo|Adlm/.test(locale.maximize().script) ? "rtl" : "ltr";
}

// An element with a text, which is never taken for markup; `null` makes none.
function make(name, part, text, attributes) {
  if (text == null) return "";
  const element = document.createElement(name);
  element.className = part;
  element.textContent = text;
  for (const [key, value] of Object.entries({ part, ...attributes })) element.setAttribute(key, value);
  return element;
}

function holding(element, ...children) {
  element.append(...children);
  return element;
}

// Where an item is going to be.
function blank() {
  const item = make("li", "item", "");
  item.append(make("p", "byline", ""), make("span", "title", ""), make("span", "snippet", ""), make("p", "details", ""));
  return item;
}

// How long ago, or of what is a week old the date.
function timeOf(moment, locale) {
  const minutes = Math.max(1, Math.round((Date.now() - moment) / 60000));
  if (minutes >= 10080) return new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(moment);
  const [size, unit] = minutes < 60 ? [1, "minute"] : minutes < 1440 ? [60, "hour"] : [1440, "day"];
  return new Intl.RelativeTimeFormat(locale).format(-Math.floor(minutes / size), unit);
}

// The answer of the API, or what went wrong. What may have passed a moment later is tried once more.
async function ask(address, stopped) {
  for (let isLast = false; ; isLast = true) {
    const late = new AbortController();
    const clock = setTimeout(() => late.abort(), TIMEOUT);
    let problem;
    try {
      const signal = AbortSignal.any([stopped, late.signal]);
      const response = await fetch(address, { credentials: "omit", referrerPolicy: "strict-origin", signal });
      if (response.ok) return { items: [...(await response.json()).items] };
      const { detail } = await response.json().catch(() => ({}));
      problem = { reason: "status", status: response.status, message: detail ?? response.statusText };
    } catch (error) {
      problem = { reason: late.signal.aborted ? "timeout" : "network", status: 0, message: error.message };
    } finally {
      clearTimeout(clock);
    }
    const { status } = problem;
    if (isLast || stopped.aborted || (status && status < 500 && status !== 429)) return { items: [], problem };
    await new Promise((done) => setTimeout(done, PAUSE * (1 + Math.random())));
  }
}

class RelatedCoverage extends HTMLElement {
  static observedAttributes = ATTRIBUTES;

  #box = make("section", "panel", "");
  #warned = new Set();
  #isDue = false;
  #options;
  #address;
  #answer;
  #stop;
  #observer;

  constructor() {
    super();
    // What the page has kept free for it until now, by a rule for `:not(:defined)`.
    const { height } = this.getBoundingClientRect();
    this.#box.style.minHeight = `${height}px`;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    root.append(this.#box);
  }

  connectedCallback() {
    this.#updateSoon();
  }

  attributeChangedCallback() {
    this.#updateSoon();
  }

  disconnectedCallback() {
    if (!this.#answer) this.#forget();
  }

  // Attributes that are set one after the other are looked at together.
  #updateSoon() {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.isConnected) this.#update();
    });
  }

  #update() {
    const options = this.#read();
    if (options.address !== this.#address) {
      if (this.#answer) this.#keepHeight();
      this.#forget();
      this.#address = options.address;
      this.#watch();
    }
    this.#options = options;
    this.#show();
  }

  #forget() {
    this.#stop?.abort();
    this.#observer?.disconnect();
    this.#address = this.#answer = null;
  }

  #warn(text) {
    if (!this.#warned.has(text)) console.warn(`<related-coverage>: ${text}`);
    this.#warned.add(text);
  }

  // What an attribute says, or the default; `read` gives undefined for what is wrong.
  #attribute(name, usual, expected, read) {
    const text = this.getAttribute(name)?.trim();
    if (!text) return usual;
    const value = read(text);
    if (value === undefined) this.#warn(`${name}="${text}" should be ${expected}; the default is used`);
    return value ?? usual;
  }

  #read() {
    const options = {};
    for (const { name } of this.attributes) {
      const meant = ATTRIBUTES.find((one) => one.replace("-", "") === name.replace(/[-_]/g, ""));
      if (meant && meant !== name) this.#warn(`${name} should be ${meant}`);
    }
    for (const [name, values] of Object.entries(CHOICES)) {
      const choose = (text) => values.find((value) => value === text);
      options[name] = this.#attribute(name, values[0], values.join(", "), choose);
    }
    for (const [name, [usual, least, most]] of Object.entries(NUMBERS)) {
      const count = (text) => (/^\d+$/.test(text) && text >= least && text <= most ? +text : undefined);
      options[name] = this.#attribute(name, usual, `${least} to ${most}`, count);
    }
    const page = this.parentElement?.closest("[lang]")?.lang || navigator.language;
    options.locale = this.#attribute("lang", localeOf(page) ?? localeOf("en"), "a language tag", localeOf);
    const { language, script } = options.locale.maximize();
    options.texts = TEXTS[`${language}-${script}`] ?? TEXTS[language];
    if (!options.texts) Object.assign(options, { texts: TEXTS.en, locale: localeOf("en") });
    options.address = this.#addressFor(options);
    return options;
  }

  #addressFor({ limit, layout, relation }) {
    const service = new URL("../..", import.meta.url).href;
    const api = this.#attribute("api", service, "an address", webAddress).replace(/\/*$/, "/v1/");
    const id = this.getAttribute("article-id")?.trim();
    const query = new URLSearchParams({ limit });
    // What is not shown is not sent: the answer is less than half of what it would be.
    for (const part of ["near_misses", "reasons", ...(layout === "cards" ? [] : ["snippet"])]) query.append("without", part);
    if (relation !== "all") query.append("relation", relation);
    for (const tag of this.getAttribute("languages")?.match(/[^\s,]+/g) ?? []) {
      if (localeOf(tag)) query.append("lang", tag);
      else this.#warn(`languages: ${tag} should be a language tag; it is left out`);
    }
    if (!id) {
      const page = document.querySelector("link[rel~=canonical]")?.href || location.href.split("#")[0];
      query.append("url", this.#attribute("url", page, "an address", webAddress));
    }
    // In the query, since a header would make the browser ask first whether it may be sent.
    const key = this.getAttribute("key")?.trim();
    if (key) query.append("key", key);
    return `${api}${id ? `articles/${encodeURIComponent(id)}/` : ""}related?${query}`;
  }

  // Asks once the element comes near to what is seen. Out of sight it gives back height that it does not need.
  #watch() {
    const { signal } = (this.#stop = new AbortController());
    let isAsked = false;
    const see = async (entries) => {
      const isNear = entries.at(-1).isIntersecting;
      if (!isNear && this.#answer) this.#box.style.minHeight = "";
      if (!isNear || isAsked) return;
      isAsked = true;
      const answer = await ask(this.#address, signal);
      if (signal.aborted) return;
      this.#keepHeight();
      this.#answer = answer;
      try {
        this.#show();
      } catch ({ message }) {
        // No service answers like that.
        this.#answer = { items: [], problem: { reason: "network", status: 0, message } };
        this.#show();
      }
      this.#tell(this.dataset.state);
    };
    this.#observer = new IntersectionObserver(see, { rootMargin: "50%" });
    this.#observer.observe(this);
  }

  // What is below stays where it is while it is seen, or out of sight.
  #keepHeight() {
    const { top, bottom, height } = this.#box.getBoundingClientRect();
    const seen = bottom > 0 ? Math.max(0, Math.min(height, innerHeight - top)) : 0;
    this.#box.style.minHeight = `${seen}px`;
  }

  #tell(state) {
    const { items, problem } = this.#answer;
    if (problem) this.#warn(`no answer: ${problem.status || problem.reason}, ${problem.message}`);
    this.#emit(state === "loaded" ? "load" : state, problem ?? { items: items.length });
  }

  // Bubbles to the document, but not to the window, where `load` and `error` mean those of the page.
  #emit(type, detail) {
    const event = new CustomEvent(type, { bubbles: true, cancelable: true, composed: true, detail });
    const stop = (one) => one === event && one.stopPropagation();
    document.addEventListener(type, stop);
    const isWanted = this.dispatchEvent(event);
    document.removeEventListener(type, stop);
    return isWanted;
  }

  #show() {
    const { items, problem } = this.#answer ?? {};
    const isFew = items?.length < this.#options["min-items"];
    const state = !items ? "loading" : problem ? "error" : isFew ? "empty" : "loaded";
    this.dataset.state = state;
    if (problem || isFew) {
      this.#box.className = "";
      this.#box.removeAttribute("aria-labelledby");
      this.#box.replaceChildren(document.createElement("slot"));
    } else this.#list(items);
  }

  // Without items, as many places as there may be.
  #list(items) {
    const { locale, texts, layout, limit, "heading-level": level } = this.#options;
    const list = make("ul", "list", "", { role: "list" });
    list.append(...(items?.map((item, at) => this.#item(item, at + 1)) ?? Array.from({ length: limit }, blank)));
    list.ariaHidden = items ? null : true;
    this.#box.className = `panel ${layout} ${items ? "" : "waiting"}`;
    this.#box.lang = locale;
    this.#box.dir = directionOf(locale);
    this.#box.style.setProperty("--most", layout !== "cards" && this.offsetWidth >= WIDE ? 2 : 3);
    this.#box.setAttribute("aria-labelledby", "heading");
    this.#box.replaceChildren(make(`h${level}`, "heading", texts[0], { id: "heading" }), list);
  }

  #item({ id, url, title, snippet, source, lang, published_at: published, relation, copies }, position) {
    const { locale, texts, layout } = this.#options;
    const own = lang !== "und" && localeOf(lang);
    const written = { lang: own ? lang : "", dir: own ? directionOf(own) : "auto" };
    const address = webAddress(url);
    const link = make(address ? "a" : "span", "title", title || snippet, { ...written, ...(address && { href: address }) });
    if (address) link.onclick = () => this.#emit("select", { id, url, relation, position });
    const others = new Set(copies.map((copy) => copy.source ?? copy.id));
    others.delete(source);
    const also = texts[2][new Intl.PluralRules(locale).select(others.size)] ?? texts[2].other;
    const isForeign = own && own.language !== locale.language;
    return holding(
      make("li", "item", ""),
      holding(
        make("p", "byline", ""),
        make("span", "source", source, { dir: "auto" }),
        make("span", "language", isForeign ? new Intl.DisplayNames(locale, { type: "language" }).of(lang) : null),
      ),
      link,
      make("span", "snippet", layout === "cards" && title && snippet ? snippet : null, written),
      holding(
        make("p", "details", ""),
        make("time", "time", published && timeOf(Date.parse(published), locale), { datetime: published }),
        make("span", "relation", relation === "same_story" ? texts[1] : null),
        make("span", "copies", others.size ? also.replace("#", new Intl.NumberFormat(locale).format(others.size)) : null),
      ),
    );
  }
}

customElements.get("related-coverage") ?? customElements.define("related-coverage", RelatedCoverage);
