// What stands around the thread: heading, sign-in, guidelines, the place to write, the order, what is new?
import { explain, read } from "./api.js";
import { banner } from "./banner.js";
import { hasDraft } from "./comment.js";
import { button, h, keep, recall } from "./dom.js";
import { watchNew } from "./fresh.js";
import { notice, Reader } from "./reader.js";
import { speak, withWords } from "./speech.js";
import { dress, reading } from "./styles.js";
import { Thread } from "./thread.js";
import { drawAccount } from "./who.js";

const PAGE = 20;
const PATIENCE_MS = 500;

/** Everything inside one element, from its first request until it leaves the page. */
export class Section {
  #gone = new AbortController();
  /** The language, and what says a sentence in it, once its words are there. */
  lang = "en";
  /** @type {import("./types").Say} */
  say = () => "";
  /** How many public comments the article has. */
  total = 0;
  /** @type {{ stop(): void, seen(): void } | null} */
  #watch = null;
  /** @type {string | undefined} */
  #shownTo;
  /** @type {import("./rules.js").Clock | undefined} */
  clock;

  /**
   * @param {HTMLElement} host
   * @param {string} base
   */
  constructor(host, base) {
    this.host = host;
    this.base = base;
    this.site = host.getAttribute("site") ?? "";
    this.key = host.getAttribute("article") ?? "";
    this.shadow = host.shadowRoot ?? host.attachShadow({ mode: "open" });
    dress(this.shadow, reading);
    this.signal = this.#gone.signal;
    this.status = h("p", { role: "status", class: "unseen", part: false });
    this.root = h("section", { part: "section" });
    this.reader = new Reader(base, this.site, this.key, () => this.#readerChanged(), this.signal);
    this.shadow.replaceChildren(this.root, this.status);
    this.#wait();
  }

  /** Load and draw; what fails is said in place, with a way to try again. */
  async open() {
    const { base, site } = this;
    this.sort = recall("sort");
    const isPlaced = Boolean(site && this.key);
    const settings = isPlaced ? read(base, "config", { site }, "default", this.signal) : null;
    const asked = Promise.all([settings, isPlaced && this.#firstPage(this.sort)]);
    const restored = this.reader.restore();
    // The words come meanwhile; what fails until they are there is told below.
    for (const coming of [asked, restored]) coming.catch(() => {});
    await this.#speak(settings);
    if (this.signal.aborted) return;
    if (!isPlaced) return this.root.replaceChildren(h("p", { class: "notice" }, this.say("no_site")));
    this.#wait();
    try {
      const [config, page] = await asked;
      // Whoever was signed in sees theirs at once, and nothing moves a moment later, unless that takes long.
      await Promise.race([restored.catch(() => {}), new Promise((done) => setTimeout(done, PATIENCE_MS))]);
      if (this.signal.aborted) return;
      await this.#draw(config, page);
    } catch (error) {
      if (!this.signal.aborted) this.#failed(error);
      return;
    }
    await this.#showWanted();
    if (this.signal.aborted) return;
    this.emit("ready", { site, article: this.key });
    if (this.reader.person) this.#readerChanged();
    restored.catch((error) => this.tell(error)).then(() => this.account?.firstChild || drawAccount(this));
    // The first thing a reader does here fetches what signing in needs, well before the click that needs it.
    const warm = () => this.reader.account().catch(() => {});
    for (const type of ["pointerover", "pointerdown", "focusin"]) this.root.addEventListener(type, warm, { once: true });
    // Whoever comes by keyboard meets the ways around before the thread.
    this.root.addEventListener("focusin", () => this.later(import("./keys.js"), "-reading"), { once: true });
    window.addEventListener("hashchange", () => this.#showWanted(), { signal: this.signal });
    this.#watchNew();
  }

  /** Stop everything that goes on by itself. */
  close() {
    this.#gone.abort();
    this.#watch?.stop();
    this.clock?.stop();
  }

  /** @param {string} jwt */
  async signInWith(jwt) {
    const account = await this.reader.account();
    await account.signInWith(jwt);
    await this.reader.loading;
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  emit(name, detail) {
    this.host.dispatchEvent(new CustomEvent(`comments:${name}`, { bubbles: true, composed: true, detail }));
  }

  /** @param {string} text */
  announce(text) {
    // The same text twice would not be read out again: clear it first.
    this.status.textContent = "";
    requestAnimationFrame(() => {
      this.status.textContent = text;
    });
  }

  /**
   * Ask for the first page; who reloads wants to see what is new, and an unchanged page costs a 304.
   *
   * @param {string | null} sort null: as the service sorts
   */
  #firstPage(sort) {
    return read(this.base, "comments", { site: this.site, article: this.key, sort, limit: PAGE }, "no-cache", this.signal);
  }

  /**
   * Take up the language of the page around, else the site's, else the browser's.
   *
   * @param {any} settings
   */
  async #speak(settings) {
    const { host, root, status } = this;
    const around = host.closest("[lang]")?.getAttribute("lang") || document.documentElement.lang;
    const { lang, say } = await speak(around || (await settings?.catch(() => {}))?.locale || navigator.language);
    Object.assign(this, { lang, say });
    for (const part of [root, status]) Object.assign(part, { lang, dir: say("dir") });
    root.setAttribute("aria-label", say("comments"));
  }

  /** Say that it comes, and keep the room for it, so that nothing on the page jumps. */
  #wait() {
    this.root.replaceChildren(h("p", { class: "loading" }, this.say("loading")));
  }

  /** Lead to the comment that the address names, if it does. */
  async #showWanted() {
    const [, id] = location.hash.match(/^#comment-(\w+)$/) ?? [];
    if (!id) return;
    try {
      const { showOne } = await withWords(import("./permalink.js"), "-reading");
      await showOne(this, id);
    } catch (error) {
      this.tell(error);
    }
  }

  /**
   * @param {import("./types").Config} config
   * @param {import("./types").ThreadPage} page
   */
  async #draw(config, page) {
    const { say } = this;
    this.context = this.#contextFor(config);
    this.thread = new Thread(this.context);
    this.counter = h("span", { class: "count" });
    this.account = h("div", { class: "account" });
    this.alert = h("div", {});
    this.told = h("div", {});
    this.writing = h("div", { class: "writing", part: "composer" });
    this.place = h("div", {});
    // Beside the order, where there is room already: what is read below must not move.
    this.fresh = h("div", {});
    this.bar = h("div", { class: "bar", part: "toolbar" }, this.fresh, this.#sorting(config.sorts));
    this.#count(page.article.comment_count - this.total);
    this.#rule(page.article);
    // What only its author sees is there before any of it is shown.
    await this.thread.start(page, this.sort ?? config.sorts[0]).catch((error) => this.tell(error));
    if (this.signal.aborted) return;
    this.root.replaceChildren(
      h(
        "header",
        { class: "top", part: "header" },
        h("h2", { part: "heading" }, say("comments"), " ", this.counter),
        this.account,
      ),
      this.alert,
      banner(this.context),
      this.told,
      this.place,
      this.bar,
      this.thread.root,
    );
    // Now that there is a place to say it.
    this.#rule(page.article);
  }

  /**
   * Take up what holds on the article now: whether and how readers may write changes in a page that is open, too.
   *
   * @param {import("./types").ArticleHead} article
   */
  #rule(article) {
    const { context, place } = this;
    if (!context || !place || this.signal.aborted) return;
    const { state, mode, slow_mode, opens_at, closes_at, notice } = article;
    const open = state === "open" && mode !== "closed";
    const changed = open !== context.open || !place.firstChild;
    Object.assign(context, { open, archived: state === "archived", slow: slow_mode });
    if (changed) {
      place.replaceChildren((open && this.writing) || h("p", { class: "closed" }, this.say("closed")));
      drawAccount(this);
      if (open) this.#drawPrompt();
      this.thread?.personalise();
    }
    if (place.isConnected && (this.clock || slow_mode || opens_at || closes_at || notice)) {
      this.later(import("./rules.js"), "-writing", article);
    }
  }

  /**
   * @param {import("./types").Config} config
   * @returns {import("./types").Context}
   */
  #contextFor(config) {
    const { host, base, site, lang, say, shadow, reader, signal, sort = null } = this;
    const canonical = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=canonical]"));
    const url = host.getAttribute("url") || canonical?.href || location.href.split("#")[0];
    const title = host.getAttribute("page-title") || document.title;
    return {
      ...{ base, site, lang, say, shadow, reader, config, signal },
      article: { key: this.key, url, title },
      ...{ open: false, archived: false, slow: 0 },
      // What holds now; the thread stays as it is.
      look: () =>
        this.#firstPage(sort).then(
          ({ article }) => this.#rule(article),
          () => {},
        ),
      emit: (name, detail) => this.emit(name, detail),
      announce: (text) => this.announce(text),
      posted: (comment) => this.#posted(comment),
      count: (change) => this.#count(change),
      guideline: (key) => {
        const title = config.guidelines.items.find((item) => item.guideline === key)?.title ?? "";
        // The usual titles are said in the reader's language; what the site wrote itself stays.
        return key ? say(`=${title}`) || title || say(key) : "";
      },
    };
  }

  /** @param {import("./types").Comment} comment */
  #posted({ id, status, parent }) {
    if (status === "published") {
      this.#watch?.seen();
      this.#count(1);
    }
    const { slow } = this.context ?? {};
    if (slow) {
      // Until it is known better: whoever writes on at once is told to wait.
      this.reader.turn = Date.now() + slow * 1000;
      this.reader.load().catch(() => {});
    }
    this.emit("posted", { id, status, parent });
  }

  /** @param {number} change */
  #count(change) {
    this.total += change;
    if (this.counter) this.counter.textContent = this.total ? this.total.toLocaleString(this.lang) : "";
  }

  /** Offer to write; the form itself comes with the first touch, or at once when an unsent text waits. */
  #drawPrompt() {
    const prompt = button(this.say("prompt"), "prompt", () => this.#write(true));
    this.writing?.replaceChildren(prompt);
    if (this.context && hasDraft(this.context, "")) this.#write(false);
  }

  /** @param {boolean} focus */
  #write(focus) {
    withWords(import("./composer.js"), "-writing")
      .then(({ write }) => write(this, focus, () => this.#drawPrompt()))
      .catch((error) => this.tell(error));
  }

  /** @param {import("./types").Sort[]} sorts */
  #sorting(sorts) {
    const options = sorts.map((sort) => h("option", { value: sort, selected: sort === this.sort }, this.say(sort)));
    const change = () => {
      keep("sort", select.value);
      this.resort(select.value);
    };
    const select = h("select", { part: "sort", change }, ...options);
    this.sorter = select;
    return h("label", { part: "sort-label" }, `${this.say("sort")} `, select);
  }

  /**
   * Show the whole thread from its start.
   *
   * @param {string} sort
   */
  async resort(sort) {
    this.sort = sort;
    try {
      const page = await this.#firstPage(sort);
      // A slow answer to an earlier choice is not what the reader wants now.
      if (this.signal.aborted || this.sort !== sort) return;
      this.alert?.replaceChildren();
      this.#rule(page.article);
      this.thread?.start(page, sort);
      this.#count(page.article.comment_count - this.total);
      return true;
    } catch (error) {
      this.tell(error);
    }
  }

  #watchNew() {
    if (this.signal.aborted || !this.context) return;
    this.#watch?.stop();
    const tell = (/** @type {number} */ count) => {
      const label = count && button(this.say("fresh", { n: count }), "fresh", () => this.#showNew());
      this.fresh?.replaceChildren(...(label ? [label] : []));
    };
    this.#watch = watchNew(this.context, tell, () => this.thread?.refreshTimes());
  }

  async #showNew() {
    this.fresh?.replaceChildren();
    if (!(await this.resort("newest"))) return;
    if (this.sorter) this.sorter.value = "newest";
    /** @type {HTMLElement | null | undefined} */ (this.thread?.list.querySelector("article"))?.focus();
    this.#watchNew();
  }

  #readerChanged() {
    if (this.signal.aborted || !this.context) return;
    const { person } = this.reader;
    drawAccount(this);
    this.thread?.personalise();
    // Hardly anybody is restricted, so the code that says so comes when it is needed.
    if (this.told?.firstChild || this.reader.sanctions.length) {
      this.later(import("./told.js"), "-writing");
    }
    if (person?.id !== this.#shownTo) {
      this.#shownTo = person?.id;
      this.emit("signin", { person });
      if (person) this.announce(this.say("signed_in", { name: person.name }));
    }
  }

  /**
   * Have code that is needed now, but not by everyone, tell its part.
   *
   * @param {Promise<{ tell(section: Section, ...more: any[]): void }>} code
   * @param {string} words
   * @param {any[]} more
   */
  later(code, words, ...more) {
    withWords(code, words)
      .then(({ tell }) => tell(this, ...more))
      .catch((error) => this.tell(error));
  }

  /**
   * Say above everything what went wrong.
   *
   * @param {unknown} error
   */
  tell(error) {
    if (this.context) this.alert?.replaceChildren(notice(this.context, error));
  }

  /** @param {unknown} error */
  #failed(error) {
    const text = explain(error, this.say);
    const again = button(this.say("try_again"), "secondary", () => this.open());
    this.root.replaceChildren(h("p", { class: "notice" }, this.say("load_failed"), " ", text), again);
    this.announce(text);
    this.emit("error", { code: /** @type {{ code?: string }} */ (error).code ?? "script", message: text });
  }
}
