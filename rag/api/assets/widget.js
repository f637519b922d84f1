/*! Ordagrant: a bubble that answers from news articles, word for word.
 *
 *  <script src="https://news.example.org/widget.js" defer></script>
 *
 *  data-server    where to ask, if not where this script is from
 *  data-key       a key with the scope "ask"; every visitor of the page can read it
 *  data-language  en | sv; else the page's language
 *  data-title     the heading of the bubble
 *  data-theme     auto | light | dark        data-side  right | left
 *
 *  Whatever comes from a server is set as text, never as markup. Nothing is stored.
 */
(() => {
  "use strict";

  const script = document.currentScript;
  const given = script ? script.dataset : {};
  const server = (given.server || (script && script.src ? new URL(".", script.src).href : ""))
    .replace(/\/+$/, "");
  // Where a page brings the script in twice, the first one stands.
  if (!server || document.querySelector("ordagrant-widget")) return;

  const asked = (given.language || document.documentElement.lang || navigator.language || "en");
  const language = asked.toLowerCase().startsWith("sv") ? "sv" : "en";
  const WORDS = {
    en: {
      title: "Ask the articles",
      open: "Ask the articles",
      close: "Close",
      about: "A program answers from news articles. Every statement stands on the exact words of a quote.",
      label: "Your question",
      hint: "Ask a question …",
      ask: "Ask",
      stop: "Stop",
      fresh: "Start over",
      you: "You asked",
      bot: "Answer",
      looking: "Looking in the articles …",
      checking: "Writing, and checking against the quotes …",
      ahead: (n) => (n === 1 ? "1 question ahead of yours …" : `${n} questions ahead of yours …`),
      quotes: (n) => (n === 1 ? "1 quote" : `${n} quotes`),
      nearest: "What came nearest, without answering",
      quote: (n) => `Quote ${n}`,
      read: "Read it in the article",
      tab: "opens in a new tab",
      translated: "Translation:",
      undated: "undated",
      inferred: "inferred date",
      disagree: "The articles disagree",
      held: "What held when",
      removed: (n) => (n === 1 ? "1 statement removed" : `${n} statements removed`),
      stopped: "Stopped.",
      away: "The answers cannot be reached from this page just now: try again later.",
      cut: "The connection ended before the answer was there: ask again.",
    },
    sv: {
      title: "Fråga artiklarna",
      open: "Fråga artiklarna",
      close: "Stäng",
      about: "Ett program svarar ur nyhetsartiklar. Varje påstående står på de exakta orden i ett citat.",
      label: "Din fråga",
      hint: "Ställ en fråga …",
      ask: "Fråga",
      stop: "Avbryt",
      fresh: "Börja om",
      you: "Du frågade",
      bot: "Svar",
      looking: "Letar i artiklarna …",
      checking: "Skriver, och prövar mot citaten …",
      ahead: (n) => (n === 1 ? "1 fråga före din …" : `${n} frågor före din …`),
      quotes: (n) => (n === 1 ? "1 citat" : `${n} citat`),
      nearest: "Det som låg närmast, utan att svara",
      quote: (n) => `Citat ${n}`,
      read: "Läs det i artikeln",
      tab: "öppnas i en ny flik",
      translated: "Översättning:",
      undated: "odaterad",
      inferred: "uppskattat datum",
      disagree: "Artiklarna går isär",
      held: "Vad som gällde när",
      removed: (n) => (n === 1 ? "1 påstående togs bort" : `${n} påståenden togs bort`),
      stopped: "Avbrutet.",
      away: "Svaren kan inte nås från den här sidan just nu: försök igen senare.",
      cut: "Förbindelsen bröts innan svaret var där: fråga igen.",
    },
  };
  const t = WORDS[language];
  const title = given.title || t.title;
  // The server's limits are wider; a bubble's conversation is short.
  const TURNS = 12;

  const CSS = `
    :host { all: initial !important; }
    * { box-sizing: border-box; }
    [hidden] { display: none !important; }
    .all {
      color-scheme: light dark;
      --paper: light-dark(#fff, #17191c); --ink: light-dark(#1c2024, #e9ebee);
      --soft: light-dark(#59616a, #a9b1ba); --line: light-dark(#d5dae0, #3a4048);
      --wash: light-dark(#f4f6f8, #212429); --blue: light-dark(#0b57a4, #8fc1f5);
      --on-blue: light-dark(#fff, #0c1a29); --bad: light-dark(#a3261b, #ffb0a6);
      position: fixed; inset-block-end: 16px; inset-inline-end: 16px; z-index: 2147483000;
      font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; color: var(--ink);
    }
    .all.light { color-scheme: light; } .all.dark { color-scheme: dark; }
    .all.left { inset-inline: 16px auto; }
    button, textarea { font: inherit; color: inherit; }
    button { cursor: pointer; }
    :focus-visible { outline: 3px solid var(--blue); outline-offset: 2px; }
    .open, .send {
      border: 1px solid transparent; background: var(--blue); color: var(--on-blue);
      font-weight: 600;
    }
    .open { display: block; margin-inline-start: auto; border-radius: 24px; padding: 12px 20px;
      box-shadow: 0 4px 16px rgb(0 0 0 / .25); }
    .left .open { margin-inline: 0 auto; }
    .panel {
      display: flex; flex-direction: column; width: min(400px, calc(100vw - 32px));
      height: min(620px, calc(100vh - 32px)); height: min(620px, calc(100dvh - 32px));
      background: var(--paper); border: 1px solid var(--line); border-radius: 12px;
      box-shadow: 0 8px 32px rgb(0 0 0 / .3); overflow: hidden;
    }
    header { display: flex; align-items: center; gap: 4px; padding: 8px 8px 8px 16px;
      border-block-end: 1px solid var(--line); }
    h2 { flex: 1; min-width: 0; margin: 0; font-size: 16px; overflow-wrap: anywhere; }
    .plain { border: 0; background: none; padding: 8px; border-radius: 6px; color: var(--soft); }
    .plain:hover { color: var(--ink); background: var(--wash); }
    .log { flex: 1; overflow-y: auto; padding: 16px; overflow-wrap: anywhere; }
    .log p { margin: 0 0 8px; } .log h3, .log h4 { margin: 12px 0 4px; font-size: 14px; }
    .about, .state, .from, .log details > summary, .note { color: var(--soft); font-size: 13px; }
    .asked { margin: 16px 0 8px; padding: 8px 12px; border-radius: 10px; background: var(--wash);
      white-space: pre-wrap; }
    .bad { color: var(--bad); }
    .mark { color: var(--blue); font-size: 12px; padding: 0 3px; border: 0; background: none;
      text-decoration: underline; min-width: 24px; min-height: 24px; }
    blockquote { margin: 8px 0 0; padding: 4px 0 4px 12px; border-inline-start: 3px solid var(--line);
      white-space: pre-wrap; }
    blockquote { border-color: var(--blue); } details { margin-block-start: 8px; }
    ul { margin: 0; padding-inline-start: 18px; }
    a { color: var(--blue); }
    form { display: flex; gap: 8px; align-items: end; padding: 12px;
      border-block-start: 1px solid var(--line); }
    textarea { flex: 1; min-width: 0; resize: none; min-height: 44px; max-height: 120px;
      padding: 9px 12px; border: 1px solid light-dark(#7d868f, #7d868f); border-radius: 8px;
      background: var(--paper); field-sizing: content; }
    textarea::placeholder { color: var(--soft); opacity: 1; }
    .send { min-height: 44px; padding: 0 16px; border-radius: 8px; }
    .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden;
      clip-path: inset(50%); white-space: nowrap; }
    @media (max-width: 480px) {
      .all.shown { inset: 0; }
      .shown .panel { width: 100%; height: 100%; border: 0; border-radius: 0; }
    }
    @media print { .all { display: none; } }
  `;

  /** An element with attributes, and children that are elements or text. */
  const el = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null) made.setAttribute(key, value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  };

  const link = (quote) => {
    const place = new URLSearchParams({ start: quote.start, end: quote.end });
    if (quote.article_sha256) place.set("sha", String(quote.article_sha256).slice(0, 16));
    return `${server}/a/${encodeURIComponent(quote.article_id)}?${place}#quote`;
  };

  const day = (quote) => {
    if (!quote.published) return t.undated;
    const on = new Date(`${quote.published}T12:00:00Z`);
    const told = Number.isNaN(on.getTime())
      ? String(quote.published)
      : on.toLocaleDateString(language === "sv" ? "sv-SE" : "en-GB", {
          day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
        });
    return quote.published_is === "inferred" ? `${told} (${t.inferred})` : told;
  };

  /** A mark that leads to its quote; `of` finds the quote's element by its number. */
  const marks = (numbers, of) =>
    numbers.map((n) => {
      const mark = el("button", { type: "button", class: "mark", "aria-label": t.quote(n) }, `[${n}]`);
      mark.addEventListener("click", () => {
        const quote = of(n);
        if (!quote) return;
        quote.closest("details").open = true;
        quote.focus();
        quote.scrollIntoView({ block: "nearest" });
      });
      return mark;
    });

  const quoted = (quote) => {
    const box = el("blockquote", { tabindex: "-1", lang: quote.language, "data-n": quote.n },
      `[${quote.n}] ${quote.text}`);
    if (quote.translation) {
      box.append(el("p", { class: "note", lang: language }, `${t.translated} ${quote.translation}`));
    }
    const name = quote.outlet || quote.title || quote.article_id;
    const read = el("a", { href: link(quote), target: "_blank", rel: "noopener noreferrer" },
      t.read, el("span", { class: "unseen" }, ` (${t.quote(quote.n)}, ${t.tab})`));
    box.append(el("div", { class: "from", lang: language }, `${name}, ${day(quote)} · `, read));
    return box;
  };

  const list = (heading, items, of) =>
    [el("h4", { lang: language }, heading), el("ul", {}, ...items.map((one) =>
      el("li", {}, one.claim, one.when ? ` (${one.when}) ` : " ", ...marks(one.quotes, of))))];

  /** The finished answer, in the place of what was told while it came. */
  const answered = (answer) => {
    const of = (n) => body.querySelector(`blockquote[data-n="${Number(n)}"]`);
    const body = el("div", { lang: answer.language });
    if (answer.refusal) body.append(el("p", {}, answer.answer));
    for (const one of answer.refusal ? [] : answer.statements) {
      body.append(el("p", {}, `${one.text} `, ...marks(one.quotes, of)));
    }
    for (const part of answer.unanswered || []) body.append(el("p", {}, part));
    for (const one of answer.changes || []) {
      body.append(...list(t.held, one.steps.map((step) => ({ ...step, when: day(step) })), of));
    }
    for (const one of answer.conflicts || []) {
      body.append(...list(`${t.disagree}: ${one.about}`, one.sides, of));
    }
    if (answer.quotes.length) {
      const heading = answer.refusal ? t.nearest : t.quotes(answer.quotes.length);
      const details = el("details", {}, el("summary", { lang: language }, heading), ...answer.quotes.map(quoted));
      details.open = !answer.refusal;
      body.append(details);
    }
    if ((answer.removed || []).length) {
      body.append(el("details", { lang: language }, el("summary", {}, t.removed(answer.removed.length)),
        el("ul", {}, ...answer.removed.map((one) => el("li", {}, `${one.text} (${one.reason})`)))));
    }
    return body;
  };

  /** Events of a stream, [name, value] each; comments are skipped. */
  async function* events(response) {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        for (const part of parts) {
          const lines = part.split("\n");
          const field = (name) => lines.filter((line) => line.startsWith(name))
            .map((line) => line.slice(name.length).trim()).join("\n");
          const data = field("data:");
          if (data) yield [field("event:"), JSON.parse(data)];
        }
      }
    } finally {
      reader.cancel().catch(() => {});
    }
  }

  class Widget extends HTMLElement {
    connectedCallback() {
      if (this.shadowRoot) return;
      const root = this.attachShadow({ mode: "open" });
      const sheet = new CSSStyleSheet(); // no inline style: a strict policy lets this through
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];

      this.turns = [];
      this.launcher = el("button", { type: "button", class: "open", "aria-expanded": "false",
        "aria-haspopup": "dialog" }, given.title || t.open);
      this.fresh = el("button", { type: "button", class: "plain", hidden: "" }, t.fresh);
      const close = el("button", { type: "button", class: "plain" }, t.close);
      this.log = el("div", { class: "log", tabindex: "0", role: "region", "aria-label": title },
        el("p", { class: "about" }, t.about));
      this.status = el("div", { class: "unseen", role: "status" });
      this.box = el("textarea", { rows: "1", "aria-label": t.label, placeholder: t.hint,
        maxlength: "1000", enterkeyhint: "send" });
      this.send = el("button", { type: "submit", class: "send" }, t.ask);
      const form = el("form", {}, this.box, this.send);
      this.panel = el("div", { class: "panel", role: "dialog", "aria-labelledby": "title", hidden: "" },
        el("header", {}, el("h2", { id: "title" }, title), this.fresh, close),
        this.log, this.status, form);
      const theme = ["light", "dark"].includes(given.theme) ? given.theme : "";
      this.all = el("div", { lang: language,
        class: `all ${theme} ${given.side === "left" ? "left" : ""}` }, this.launcher, this.panel);
      root.append(this.all);

      this.launcher.addEventListener("click", () => this.show(true));
      close.addEventListener("click", () => this.show(false));
      this.fresh.addEventListener("click", () => this.startOver());
      this.panel.addEventListener("keydown", (event) => {
        // The page's own shortcuts are not for what is typed here.
        event.stopPropagation();
        if (event.key === "Escape") this.show(false);
      });
      this.box.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        if (!this.asking) form.requestSubmit();
      });
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (this.asking) this.asking.abort();
        else this.ask(this.box.value.trim());
      });
    }

    disconnectedCallback() {
      if (this.asking) this.asking.abort();
    }

    show(open) {
      this.panel.hidden = !open;
      this.launcher.hidden = open;
      this.launcher.setAttribute("aria-expanded", String(open));
      this.all.classList.toggle("shown", open);
      (open ? this.box : this.launcher).focus();
    }

    startOver() {
      if (this.asking) this.asking.abort();
      this.turns = [];
      this.log.replaceChildren(this.log.firstChild);
      this.status.textContent = "";
      this.fresh.hidden = true;
      this.box.focus();
    }

    async ask(question) {
      if (!question) return;
      const asking = (this.asking = new AbortController());
      this.box.value = "";
      this.send.textContent = t.stop;
      this.fresh.hidden = false;
      const state = el("p", { class: "state" });
      const reply = el("div", {}, state);
      const told = el("div", { class: "asked" }, el("h3", { class: "unseen" }, t.you), question);
      this.log.append(told, el("h3", { class: "unseen" }, t.bot), reply);
      told.scrollIntoView({ block: "start" });
      // What a screen reader hears: each step once, and the whole answer at its end.
      const say = (text) => { state.textContent = this.status.textContent = text; };
      say(t.looking);
      try {
        const answer = await this.stream(question, asking.signal, say, (text) => {
          reply.insertBefore(el("p", {}, text), state);
        });
        reply.replaceChildren(answered(answer));
        this.status.textContent = answer.answer;
        this.turns.push({ role: "user", content: question },
          { role: "assistant", content: answer.answer });
      } catch (error) {
        const stopped = asking.signal.aborted;
        say(stopped ? t.stopped : error.told || t.away);
        state.classList.toggle("bad", !stopped);
        if (!stopped && !error.told) console.warn("Ordagrant:", error, `
Is ${location.origin} among ORDAGRANT_API_ORIGINS of ${server}, and ${server} in this page's connect-src?`);
      } finally {
        if (this.asking === asking) {
          this.asking = null;
          this.send.textContent = t.ask;
        }
      }
    }

    /** The answer object; throws an error whose `told` is a sentence of the server's or ours. */
    async stream(question, signal, say, statement) {
      const headers = { "Content-Type": "application/json" };
      if (given.key) headers.Authorization = `Bearer ${given.key}`;
      const response = await fetch(`${server}/api/ask`, {
        method: "POST", mode: "cors", credentials: "omit", headers, signal,
        body: JSON.stringify({ question, history: this.turns.slice(-TURNS), stream: true }),
      });
      const fail = (told) => Object.assign(new Error(told), { told: String(told) });
      if (!response.ok) throw fail((await response.json().catch(() => ({}))).error || t.away);
      for await (const [name, value] of events(response)) {
        if (name === "evidence") say(t.checking);
        else if (name === "waiting") say(value.ahead ? t.ahead(value.ahead) : t.checking);
        else if (name === "statement") statement(value.text);
        else if (name === "error") throw fail(value.error);
        else if (name === "answer") return value;
      }
      throw fail(t.cut);
    }
  }

  customElements.define("ordagrant-widget", Widget);
  const start = () => document.body.append(document.createElement("ordagrant-widget"));
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
