// How does a reader write: what is kept, counted, sent, and asked again before it is posted?
import { editableUntil } from "./comment.js";
import { marked, tidy } from "./marks.js";
import { notice } from "./reader.js";
import { button, h, keep, recall } from "./dom.js";
import { addOwn } from "./own.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";

/** So long before the end whoever edits is told how long they have, aloud. */
const LAST_S = 30;

/** @typedef {{ text: string, key: string, anyway: boolean, open: boolean }} Draft */
/** @typedef {{ parent?: import("./types").Comment, editing?: import("./types").Comment, done: (comment: import("./types").Comment) => void, cancel: () => void, reread?: (now: Partial<import("./types").Comment>) => void }} Task */

/**
 * Make the form for a comment, a reply, or a change to a comment.
 *
 * @param {import("./types").Context} context
 * @param {Task} task
 */
export function compose(context, task) {
  dress(context.shadow, writing);
  const composer = new Composer(context, task);
  return { root: composer.root, focus: () => composer.field.focus() };
}

/**
 * Put the form for a new comment in its place.
 *
 * @param {import("./section.js").Section} section
 * @param {boolean} focus
 * @param {() => void} leave puts the offer to write back
 */
export function write({ context, thread, writing }, focus, leave) {
  if (!context || !thread || !writing) return;
  const composer = compose(context, {
    done: (comment) => {
      leave();
      addOwn(thread, comment);
    },
    cancel: () => {
      leave();
      writing.querySelector("button")?.focus();
    },
  });
  writing.replaceChildren(composer.root);
  if (!focus) return;
  composer.focus();
  // Whoever begins to write wants to know what has changed since the page was loaded.
  context.look();
}

class Composer {
  #sending = false;
  #ticking = 0;
  /** Whether they have been told that little time is left for edits. */
  #isHurried = false;

  /**
   * @param {import("./types").Context} context
   * @param {Task} task
   */
  constructor(context, task) {
    this.context = context;
    this.task = task;
    this.name = `draft:${context.site}:${context.article.key}:${task.parent?.id ?? ""}`;
    this.draft = { ...this.#blank(), ...this.#kept(), open: true };
    this.counter = h("span", { class: "counter", id: `left-${task.parent?.id ?? task.editing?.id ?? ""}` });
    this.note = h("div", {});
    this.turn = h("p", { class: "turn", part: "turn", hidden: true });
    /** Which revision of the parent its reader has seen. */
    this.seen = task.parent?.revision;
    this.field = this.#makeField();
    this.submit = h("button", { class: "primary", part: "button primary" }, this.#label());
    this.root = this.#makeForm();
    this.#count();
    if (task.editing) {
      this.#countEditWindow(task.editing);
    } else {
      this.#waitForTurn();
      // A draft may be put back before it is known who reads.
      context.reader.restoring?.then(() => this.#waitForTurn()).catch(() => {});
    }
  }

  #makeField() {
    const { say } = this.context;
    const { parent, editing } = this.task;
    const label = editing
      ? say("edit_comment")
      : parent
        ? say("your_reply", { name: parent.author?.name ?? "" })
        : say("your_comment");
    const field = h("textarea", {
      part: "field",
      rows: "4",
      dir: "auto",
      "aria-label": label,
      placeholder: label,
      "aria-describedby": this.counter.id,
      input: () => this.#changed(),
      keydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) this.root.requestSubmit();
      },
    });
    field.value = this.draft.text;
    return field;
  }

  #makeForm() {
    const { say } = this.context;
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#send(this.draft.anyway);
    };
    const row = h(
      "div",
      { class: "row" },
      this.submit,
      button(say("cancel"), "link", () => this.#cancel()),
      this.counter,
    );
    const hint = !this.task.editing && h("p", { class: "hint" }, say("sign_in_first"));
    return h(
      "form",
      { class: this.task.editing ? "composer editing" : "composer", part: "form", submit },
      this.field,
      this.note,
      this.turn,
      row,
      hint,
    );
  }

  #label() {
    const { say } = this.context;
    if (this.task.editing) return say("save");
    return say(this.task.parent ? "post_reply" : "post");
  }

  #changed() {
    // Another text is another comment: it gets its own key and is looked at afresh.
    this.draft = { ...this.#blank(), text: this.field.value };
    this.note.replaceChildren();
    this.#count();
    this.#keep();
  }

  #cancel() {
    this.draft.open = false;
    this.#keep();
    this.task.cancel();
  }

  /** @param {boolean} anyway whether the reader has seen the nudge and posts nevertheless */
  async #send(anyway) {
    const { say, reader, announce } = this.context;
    if (this.#sending) return;
    const text = tidy(this.field.value);
    const left = this.#left(text);
    if (this.#ticking) return this.context.announce(this.turn.textContent ?? "");
    if (!text || left < 0) {
      this.#tell(text ? say("too_long", { n: -left }) : say("write_first"));
      this.field.focus();
      return;
    }
    this.#busy(true);
    try {
      await reader.signIn();
      this.draft.anyway = anyway;
      this.#keep();
      const comment = await this.#request(text);
      keep(this.name, null);
      announce(say(comment.status === "held" ? "held_why" : this.task.editing ? "saved" : "posted"));
      this.task.done(comment);
    } catch (error) {
      const { code, details } = /** @type {import("./api.js").ApiError} */ (error);
      if (code === "nudge") this.#nudge(details, text);
      else if (code === "parent_changed") this.#reread(details);
      else if (details?.slow_mode) this.#slowDown(error);
      else this.note.replaceChildren(notice(this.context, error));
      // What has been imposed meanwhile is told above the thread, with the reason; the text is kept.
      if (code === "sanctioned") reader.load().catch(() => {});
      if (code === "article_closed") this.context.look();
      // A key that met another text is of no use any more.
      if (code === "idempotency_key_reused") this.draft.key = crypto.randomUUID();
    } finally {
      this.#busy(false);
    }
  }

  /**
   * @param {string} body
   * @returns {Promise<import("./types").Comment>}
   */
  #request(body) {
    const { reader, site, article } = this.context;
    const { parent, editing } = this.task;
    if (editing) return reader.send("PATCH", `comments/${editing.id}`, { body }, this.draft.key);
    const nudge = this.draft.anyway ? undefined : true;
    const about = { parent: parent?.id, parent_revision: this.seen };
    return reader.send("POST", "comments", { site, article, ...about, body, nudge }, this.draft.key);
  }

  /**
   * Ask for a second look: editing comes first, posting anyway second.
   *
   * @param {{ guideline: string | null, spans?: [number, number][] }} details
   * @param {string} text
   */
  #nudge({ guideline, spans = [] }, text) {
    const { say, announce } = this.context;
    const why = say("nudge", { guideline: this.context.guideline(guideline) });
    const edit = button(say("nudge_edit"), "primary", () => this.#edit(text, spans[0]));
    const post = button(say("nudge_post"), "secondary", () => this.#send(true));
    this.#ask(
      say("nudge_title"),
      [edit, post],
      h("p", {}, why, spans.length ? ` ${say("nudge_marked")}` : ""),
      spans.length > 0 && h("blockquote", { dir: "auto" }, ...marked(text, spans)),
      h("p", {}, say("nudge_then")),
    );
    announce(`${say("nudge_title")} ${why}`);
  }

  /**
   * Put a question between text and button; the first answer has the focus.
   *
   * @param {string} title
   * @param {HTMLButtonElement[]} answers
   * @param {(Node | false)[]} content
   */
  #ask(title, answers, ...content) {
    this.note.replaceChildren(
      h(
        "div",
        { class: "nudge", part: "nudge", role: "group", "aria-label": title },
        h("p", {}, h("strong", {}, title)),
        ...content,
        h("div", { class: "row" }, ...answers),
      ),
    );
    answers[0].focus();
  }

  /**
   * Show what the parent says now; what the reader has written stays, and they send it again if it still fits.
   *
   * @param {{ revision: number, body: string, links: [number, number][] }} now
   */
  #reread(now) {
    const { say, announce } = this.context;
    const { revision, body } = now;
    this.seen = revision;
    this.task.reread?.(now);
    const title = say("parent_changed");
    const edit = button(say("nudge_edit"), "primary", () => this.#edit(""));
    const post = button(say("parent_post"), "secondary", () => this.#send(this.draft.anyway));
    this.#ask(title, [edit, post], h("blockquote", { dir: "auto" }, body));
    announce(`${title} ${body}`);
  }

  /**
   * Go back to the text, with the first marked words selected.
   *
   * @param {string} text
   * @param {[number, number]} [span]
   */
  #edit(text, span) {
    this.note.replaceChildren();
    this.field.focus();
    if (!span) return;
    const points = Array.from(text);
    const skipped = this.field.value.length - this.field.value.trimStart().length;
    const [start, end] = span.map((at) => skipped + points.slice(0, at).join("").length);
    this.field.setSelectionRange(start, end);
  }

  /** @param {any} error the service's refusal, which says for how long */
  #slowDown({ retryAfter }) {
    this.context.reader.turn = Date.now() + retryAfter * 1000;
    this.#waitForTurn();
    this.context.announce(this.turn.textContent ?? "");
    this.context.look();
  }

  /** Count down to the reader's next turn in slow mode; writing goes on meanwhile. */
  #waitForTurn() {
    const { say, lang, reader, announce } = this.context;
    clearTimeout(this.#ticking);
    const was = this.#ticking;
    this.#ticking = 0;
    const left = Math.ceil((reader.turn - Date.now()) / 1000);
    this.turn.hidden = left <= 0;
    this.submit.ariaDisabled = String(left > 0);
    if (left <= 0) {
      if (was && this.root.isConnected) announce(say("turn_come"));
      return;
    }
    this.turn.textContent = say("your_turn", { time: countdown(left, lang) });
    // A form that has left the page counts no more.
    if (was && !this.root.isConnected) return;
    this.#ticking = window.setTimeout(() => this.#waitForTurn(), (reader.turn - Date.now()) % 1000 || 1000);
  }

  /**
   * Count down how long a comment may still be changed; what is late is told, and can still be copied.
   *
   * @param {import("./types").Comment} comment
   */
  #countEditWindow(comment) {
    const { say, lang, announce } = this.context;
    const left = Math.ceil((editableUntil(this.context, comment) - Date.now()) / 1000);
    const text = left > 0 ? say("edit_left", { time: countdown(left, lang) }) : say("error_edit_window_over");
    const was = this.turn.textContent;
    this.turn.hidden = false;
    this.turn.textContent = text;
    if (was && !this.root.isConnected) return;
    if (left > 0) {
      // A tab that was hidden counts in leaps.
      if (left <= LAST_S && !this.#isHurried) announce(text);
      this.#isHurried ||= left <= LAST_S;
      window.setTimeout(() => this.#countEditWindow(comment), 1000);
      return;
    }
    this.submit.disabled = true;
    if (was) announce(text);
  }

  /** @param {string} text */
  #tell(text) {
    this.note.replaceChildren(h("p", { class: "notice", part: "notice" }, text));
    this.context.announce(text);
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.#sending = busy;
    this.submit.textContent = busy ? this.context.say("posting") : this.#label();
    this.submit.ariaDisabled = String(busy || this.#ticking > 0);
  }

  #count() {
    const { say } = this.context;
    const left = this.#left(tidy(this.field.value));
    this.counter.classList.toggle("over", left < 0);
    this.counter.textContent = left < 0 ? say("too_long", { n: -left }) : say("left", { n: left });
  }

  /** @param {string} text */
  #left(text) {
    return (this.context.config.limits.max_length ?? 5000) - Array.from(text).length;
  }

  /** @returns {Draft} */
  #blank() {
    // Without crypto.randomUUID (plain http) nobody can sign in, so no key is ever needed.
    return { text: this.task.editing?.body ?? "", key: crypto.randomUUID?.() ?? "", anyway: false, open: true };
  }

  /** @returns {Partial<Draft>} */
  #kept() {
    return this.task.editing ? {} : JSON.parse(recall(this.name) ?? "{}");
  }

  #keep() {
    if (!this.task.editing) keep(this.name, this.draft.text ? JSON.stringify(this.draft) : null);
  }
}

/**
 * Write seconds as a countdown: 42 seconds, 2:05.
 *
 * @param {number} seconds
 * @param {string} lang
 */
function countdown(seconds, lang) {
  if (seconds < 60) return new Intl.NumberFormat(lang, { style: "unit", unit: "second", unitDisplay: "long" }).format(seconds);
  const digits = (/** @type {number} */ number, least = 2) =>
    new Intl.NumberFormat(lang, { minimumIntegerDigits: least, useGrouping: false }).format(number);
  const minutes = Math.floor(seconds / 60);
  const clock = minutes < 60 ? digits(minutes, 1) : `${digits(Math.floor(minutes / 60), 1)}:${digits(minutes % 60)}`;
  return `${clock}:${digits(seconds % 60)}`;
}
