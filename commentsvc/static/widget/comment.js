// How does one comment look, and what can a reader do with it?
import { notice } from "./reader.js";
import { button, h, icon, recall } from "./dom.js";
import { withWords } from "./speech.js";
import { ago, timeElement } from "./time.js";

const UP = "M3 10.5 8 5.5l5 5";
const FOLD = "M4 8h8";
const UNFOLD = "M4 8h8M8 4v8";
const DOWN = "M3 5.5l5 5 5-5";
/** Longer than this, in characters or lines, a comment is clipped. */
const LONG = 1000;
const LINES = 14;
/** At this depth and below, a branch reads flat. */
export const FLAT_FROM = 6;

/** One comment with the replies below it. */
export class CommentView {
  #folded = false;
  /** Whether all of a long comment is shown. */
  #whole = false;
  /** Whether it is shown although the reader ignores its author. */
  peeked = false;

  /**
   * @param {import("./thread.js").Thread} thread
   * @param {import("./types").Comment} comment
   */
  constructor(thread, comment) {
    this.thread = thread;
    this.context = thread.context;
    this.comment = comment;
    this.article = h("article", { tabindex: "-1", part: "article" });
    this.drawer = h("div", { class: "drawer" });
    this.list = h("ol", { class: comment.depth >= FLAT_FROM ? "replies flat" : "replies" });
    this.more = h("div", {});
    /** What only the author is told about it; own.js knows. */
    this.standing = h("div", {});
    const kind = comment.depth > FLAT_FROM ? "item deep" : "item";
    this.root = h("li", { class: kind, part: "comment" }, this.article, this.drawer, this.list, this.more);
    this.render();
  }

  /** Draw the comment as it is now, for the reader that is there now. */
  render() {
    const { comment, context } = this;
    const { say } = context;
    const name = comment.author?.name ?? "";
    this.#name();
    this.root.classList.toggle("waiting", comment.status === "held" || comment.status === "rejected");
    if (comment.status === "removed" || comment.status === "withdrawn") {
      this.article.setAttribute("aria-label", say(comment.status));
      this.article.replaceChildren(h("p", { class: "tombstone" }, say(comment.status), this.#folder()));
      return;
    }
    if (this.thread.ignored[comment.author?.id ?? ""] && !this.peeked) {
      const peek = button(say("peek"), "link", () => this.peek());
      const text = h("p", { class: "tombstone" }, h("span", {}, say("ignored", { name }), " ", peek), this.#folder());
      this.article.replaceChildren(text);
      return;
    }
    const focused = context.shadow.activeElement;
    const kind = focused !== this.article && this.article.contains(focused) ? focused?.className : "";
    this.article.replaceChildren(this.#meta(), this.standing, ...this.#text(), this.#actions());
    // Whoever stood on a button still does.
    if (kind) /** @type {HTMLElement | null} */ (this.article.querySelector(`[class="${kind}"]`))?.focus({ preventScroll: true });
  }

  /** Show it although its author is ignored. */
  peek() {
    this.peeked = true;
    this.render();
    this.article.focus();
  }

  /**
   * Hide everything below the name, or show it again.
   *
   * @param {boolean} folded
   */
  fold(folded) {
    this.#folded = folded;
    this.root.classList.toggle("folded", folded);
    const old = this.article.querySelector(".fold");
    const now = this.#folder();
    const hasFocus = old === this.context.shadow.activeElement;
    old?.replaceWith(now);
    if (hasFocus && now) now.focus();
  }

  /** Bring what says how long ago it was up to date. */
  refreshTime() {
    const { comment, context } = this;
    const time = this.article.querySelector("time");
    if (!time) return;
    time.textContent = ago(comment.created_at, context.lang);
    this.#name();
    if (!this.#isEditable()) this.article.querySelector(".edit")?.remove();
  }

  /** Put a form or a message below the comment, in place of what was there. */
  show(/** @type {Node[]} */ ...nodes) {
    this.drawer.replaceChildren(...nodes);
  }

  /**
   * Do what a reader asked for; the code for it comes when it is first needed.
   *
   * @param {"reply" | "vote" | "edit" | "withdraw" | "share" | "report"} what
   * @param {any} [value]
   */
  async act(what, value) {
    try {
      const acts = await withWords(import("./acts.js"), "-writing");
      await /** @type {(view: CommentView, value: any) => unknown} */ (acts[what])(this, value);
    } catch (error) {
      this.show(notice(this.context, error));
    }
  }

  #name() {
    const { comment, context } = this;
    const values = { name: comment.author?.name ?? "", time: ago(comment.created_at, context.lang) };
    this.article.setAttribute("aria-label", context.say(comment.parent ? "reply_by" : "comment_by", values));
  }

  #folder() {
    const { say } = this.context;
    const count = Math.max(this.root.querySelectorAll("article").length - 1, this.comment.reply_count);
    if (!count) return "";
    const label = this.#folded ? say("unfold") : say("fold");
    const node = button("", "fold", () => this.fold(!this.#folded), {
      "aria-expanded": String(!this.#folded),
      "aria-label": label,
      title: label,
    });
    node.append(icon(this.#folded ? UNFOLD : FOLD), this.#folded ? say("folded", { n: count }) : "");
    return node;
  }

  /** The text, clipped when it is long; all of it is there for who searches the page. */
  #text() {
    const body = bodyOf(this.comment);
    const { body: text } = this.comment;
    if (this.#whole || (text.length < LONG && text.split("\n").length <= LINES)) return [body];
    body.classList.add("clip");
    const more = button(this.context.say("read_more"), "link read-more", () => {
      this.#whole = true;
      body.classList.remove("clip");
      more.remove();
      this.article.focus();
    });
    return [body, more];
  }

  #meta() {
    const { comment, context } = this;
    const { say } = context;
    const { author, parent, edited_at, pinned, featured } = comment;
    const parentName = parent && this.thread.nameOf(parent);
    const badge = author?.badge;
    return h(
      "header",
      { class: "meta" },
      h("span", { class: "name", part: "author", dir: "auto" }, author?.name),
      badge && h("span", { class: "badge" }, say(badge) || badge),
      parentName && h("span", { class: "to" }, say("in_reply_to", { name: parentName })),
      this.#link(),
      edited_at && h("span", { part: "edited" }, say("edited")),
      pinned && h("span", { class: "mark", part: "label" }, say("pinned")),
      featured && h("span", { class: "mark", part: "label" }, say("featured")),
      this.#folder(),
    );
  }

  /** When it was written, which leads to it alone. */
  #link() {
    const { comment, context } = this;
    const time = timeElement(comment.created_at, context.lang);
    if (comment.status !== "published") return time;
    const href = addressOf(context, comment);
    const go = (/** @type {MouseEvent} */ event) => {
      // A click stays on the page, whatever its address; a new tab gets the article's own.
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      location.hash = `comment-${comment.id}`;
    };
    return h("a", { class: "at", part: "permalink", href, click: go }, time);
  }

  #actions() {
    const { comment, context } = this;
    const { say, reader, open, archived } = context;
    const isPublic = comment.status === "published";
    const isStaff = comment.author?.badge === "manager" || comment.author?.badge === "admin";
    const isMine = reader.mine.has(comment.id) || (reader.person !== null && reader.person.id === comment.author?.id);
    return h(
      "footer",
      { class: "actions" },
      isPublic && this.#votes(isMine || archived),
      isPublic && open && button(say("reply"), "reply", () => this.act("reply")),
      isMine && this.#isEditable() && button(say("edit"), "edit", () => this.act("edit")),
      isMine && !archived && button(say("withdraw"), "withdraw", () => this.act("withdraw")),
      isPublic && button(say("share"), "share", () => this.act("share")),
      isPublic && !isMine && !archived && button(say("report"), "report", () => this.act("report")),
      isPublic && !isMine && !isStaff && button(say("ignore"), "ignore", () => this.thread.ignore(this)),
    );
  }

  #isEditable() {
    const { comment, context } = this;
    return context.open && comment.status !== "rejected" && Date.now() < editableUntil(context, comment);
  }

  /** @param {boolean} fixed whether this reader can't vote here */
  #votes(fixed) {
    const { comment, context } = this;
    const { say } = context;
    const mine = context.reader.votes[comment.id] ?? 0;
    const arrow = (/** @type {"up" | "down"} */ way, /** @type {1 | -1} */ value) => {
      const count = comment.votes[way];
      const node = button("", `vote ${way}`, () => this.act("vote", value), {
        "aria-label": `${say(way)} (${count.toLocaleString(context.lang)})`,
        title: say(way),
        "aria-pressed": String(mine === value),
        disabled: fixed,
      });
      node.append(
        icon(way === "up" ? UP : DOWN),
        h("span", { part: "vote-count" }, count ? count.toLocaleString(context.lang) : ""),
      );
      return node;
    };
    return h("span", { class: "votes", role: "group", "aria-label": say("votes") }, arrow("up", 1), arrow("down", -1));
  }
}

/**
 * Whether an unsent text waits in this browser that its author has not put away.
 *
 * @param {import("./types").Context} context
 * @param {string} parent "" for a top-level comment
 */
export function hasDraft({ site, article }, parent) {
  return JSON.parse(recall(`draft:${site}:${article.key}:${parent}`) ?? "{}").open === true;
}

/**
 * Where a comment is shown alone, on the publisher's page.
 *
 * @param {import("./types").Context} context
 * @param {import("./types").Comment} comment
 */
export function addressOf({ article }, { id }) {
  return `${article.url.split("#")[0]}#comment-${id}`;
}

/**
 * Until when its author may change a comment, in this browser's milliseconds.
 *
 * @param {import("./types").Context} context
 * @param {import("./types").Comment} comment
 */
export function editableUntil({ config }, { created_at }) {
  return Date.parse(created_at) + (config.limits.edit_window ?? 300) * 1000;
}

/**
 * Make the text with its links; ranges count code points, JavaScript's strings don't.
 *
 * @param {import("./types").Comment} comment
 */
function bodyOf({ id, body, links }) {
  const root = h("div", { class: "body", dir: "auto", "data-comment-body": id });
  const points = links.length ? Array.from(body) : [];
  let at = 0;
  for (const [start, end] of links) {
    const raw = points.slice(start, end).join("");
    const href = /^[a-z][a-z0-9+.-]*:/i.test(raw) ? raw : `https://${raw}`;
    if (start < at || !/^(https?|mailto):/i.test(href)) continue;
    root.append(points.slice(at, start).join(""), h("a", { href, rel: "nofollow ugc noopener", target: "_blank" }, raw));
    at = end;
  }
  root.append(at ? points.slice(at).join("") : body);
  return root;
}
