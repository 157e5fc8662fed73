// Which comments are shown, in which order, and how do more of them come?
import { explain, read } from "./api.js";
import { CommentView, FLAT_FROM, hasDraft } from "./comment.js";
import { button, h, recall } from "./dom.js";
import { withWords } from "./speech.js";

const PAGE = 20;

/** The comments of one article. */
export class Thread {
  /** @type {Map<string, CommentView>} */
  views = new Map();

  /** @param {import("./types").Context} context */
  constructor(context) {
    this.context = context;
    this.list = h("ol", { class: "thread" });
    this.more = h("div", {});
    /** Where one comment is shown alone, the way back to all; and whom the reader ignores. */
    this.alone = h("div", {});
    this.aside = h("div", {});
    /** @type {Record<string, string>} names by id */
    this.ignored = ignoredOn(context.site);
    this.empty = h("p", { class: "empty" });
    this.root = h("div", {}, this.alone, this.list, this.more, this.aside);
    if (Object.keys(this.ignored).length)
      this.#people()
        .then(({ tell }) => tell(this))
        .catch(reportError);
  }

  /**
   * Show a first page in place of what was shown.
   *
   * @param {import("./types").Page} page
   * @param {string} sort
   */
  start(page, sort) {
    this.views.clear();
    this.list.replaceChildren();
    this.alone.replaceChildren();
    this.sort = sort;
    this.#append(this.list, page.comments);
    this.#offerMore(page.next);
    return this.#takeUpOwn().then((found) => (found ? this.#drawAgain() : this.showEmpty()));
  }

  /** Draw what this reader has made of it: votes, and with own.js the comments that are theirs. */
  async personalise() {
    await this.#takeUpOwn();
    this.#drawAgain();
  }

  /** Show what only its author may see, and say whether there may be any. */
  async #takeUpOwn() {
    if (!this.context.reader.mine.size && !this.root.querySelector(".waiting")) return false;
    const { showOwn } = await withWords(import("./own.js"), "-writing");
    showOwn(this);
    return true;
  }

  #drawAgain() {
    for (const view of this.views.values()) view.render();
    this.showEmpty();
  }

  /**
   * The name of a comment's author, if the comment is shown.
   *
   * @param {string} id
   */
  nameOf(id) {
    return this.views.get(id)?.comment.author?.name ?? null;
  }

  /**
   * Hide what the author of a comment writes, from this reader in this browser.
   *
   * @param {CommentView} view
   */
  async ignore(view) {
    const { ignore } = await this.#people();
    ignore(view);
  }

  #people() {
    return withWords(import("./ignored.js"), "-reading");
  }

  /** Bring the relative times up to date. */
  refreshTimes() {
    for (const view of this.views.values()) view.refreshTime();
  }

  /**
   * Append comments that aren't shown yet (their author's own may be) and return the first new one.
   *
   * @param {HTMLOListElement} list
   * @param {import("./types").Comment[]} comments
   */
  #append(list, comments) {
    const fresh = comments.filter((comment) => !this.views.has(comment.id));
    const views = fresh.map((comment) => {
      const view = new CommentView(this, comment);
      this.views.set(comment.id, view);
      list.append(view.root);
      this.#appendReplies(view, comment.replies);
      if (hasDraft(this.context, comment.id)) view.act("reply", true);
      return view;
    });
    return { first: views[0], count: views.length };
  }

  /**
   * @param {CommentView} view
   * @param {import("./types").Page} [page] none when only their number is known
   */
  #appendReplies(view, page) {
    const { comment } = view;
    if (comment.depth > FLAT_FROM) return { first: undefined, count: 0 };
    const added = this.#append(view.list, page?.comments ?? []);
    const next = page ? page.next : comment.reply_count > 0 ? "" : null;
    this.#offerReplies(view, next);
    return added;
  }

  /**
   * @param {CommentView} view
   * @param {string | null} next "" from the start, null for no more
   */
  #offerReplies(view, next) {
    const { say, base } = this.context;
    if (next === null) return view.more.replaceChildren();
    const left = view.comment.reply_count - view.list.children.length;
    // A flat branch holds more than the direct replies that are counted.
    const label = view.comment.depth < FLAT_FROM && left > 0 ? say("more_replies_count", { n: left }) : say("more_replies");
    this.#offer(view.more, label, "more-replies", async () => {
      const page = await read(
        base,
        `comments/${view.comment.id}/replies`,
        { limit: PAGE, after: next || null },
        "default",
        this.context.signal,
      );
      return this.#appendReplies(view, page);
    });
  }

  /** @param {string | null} next */
  #offerMore(next) {
    const { say, base, site, article } = this.context;
    if (next === null) return this.more.replaceChildren();
    this.#offer(this.more, say("more"), "more", async () => {
      const query = { site, article: article.key, sort: this.sort, limit: PAGE, after: next };
      const page = await read(base, "comments", query, "default", this.context.signal);
      const added = this.#append(this.list, page.comments);
      this.#offerMore(page.next);
      return added;
    });
  }

  /**
   * Offer one more page; the focus then goes to its first comment.
   *
   * @param {HTMLElement} place
   * @param {string} label
   * @param {string} kind
   * @param {() => Promise<{ first?: CommentView, count: number }>} load
   */
  #offer(place, label, kind, load) {
    const { say, announce } = this.context;
    const ask = async () => {
      ask.button.setAttribute("aria-disabled", "true");
      try {
        const { first, count } = await load();
        first?.article.focus();
        announce(say("loaded", { n: count }));
      } catch (error) {
        if (this.context.signal.aborted) return;
        const text = explain(error, say);
        announce(text);
        ask.button.removeAttribute("aria-disabled");
        place.replaceChildren(h("p", { class: "notice" }, text), ask.button);
      }
    };
    ask.button = button(label, kind, () => ask.button.ariaDisabled !== "true" && ask());
    place.replaceChildren(ask.button);
  }

  /** Say so when nothing is shown. */
  showEmpty() {
    this.empty.textContent = this.context.say(this.context.open ? "empty" : "empty_closed");
    if (this.list.children.length) this.empty.remove();
    else this.root.prepend(this.empty);
  }
}

/**
 * Whom the reader ignores; what else the page may have kept under that name is nobody.
 *
 * @param {string} site
 */
function ignoredOn(site) {
  try {
    return JSON.parse(recall(`ignored:${site}`) ?? "") ?? {};
  } catch {
    return {};
  }
}
