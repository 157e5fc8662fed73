// Whom does this reader ignore, and how do they think better of it? Kept in this browser, and nobody is told.
import { button, h, keep } from "./dom.js";
import { dress } from "./styles.js";
import { alone } from "./styles-reading.js";

/**
 * Hide what a comment's author writes, from now on.
 *
 * @param {import("./comment.js").CommentView} view
 */
export function ignore({ comment, thread, article }) {
  const { author } = comment;
  if (!author) return;
  change(thread, { ...thread.ignored, [author.id]: author.name });
  article.focus();
  thread.context.announce(thread.context.say("ignored", { name: author.name }));
}

/**
 * List below the thread whom the reader ignores.
 *
 * @param {import("./thread.js").Thread} thread
 */
export function tell(thread) {
  const { context, ignored } = thread;
  const { say } = context;
  dress(context.shadow, alone);
  const wasOpen = thread.aside.querySelector("details")?.open ?? false;
  const people = Object.entries(ignored).map(([id, name]) => {
    const { [id]: _, ...rest } = ignored;
    const stop = button(say("unignore"), "link", () => heed(thread, rest, name), {
      "aria-label": say("unignore_name", { name }),
    });
    return h("li", {}, h("span", { dir: "auto" }, name), stop);
  });
  const title = h("summary", { part: "summary" }, h("span", {}, say("ignored_people", { n: people.length })));
  const list = h("details", { class: "ignored", open: wasOpen }, title, h("ul", {}, ...people));
  thread.aside.replaceChildren(...(people.length ? [list] : []));
}

/**
 * @param {import("./thread.js").Thread} thread
 * @param {Record<string, string>} ignored
 * @param {string} name
 */
function heed(thread, ignored, name) {
  change(thread, ignored);
  /** @type {HTMLElement | null} */ (thread.aside.querySelector("summary"))?.focus();
  thread.context.announce(thread.context.say("heeded", { name }));
}

/**
 * @param {import("./thread.js").Thread} thread
 * @param {Record<string, string>} ignored
 */
function change(thread, ignored) {
  thread.ignored = ignored;
  keep(`ignored:${thread.context.site}`, Object.keys(ignored).length ? JSON.stringify(ignored) : null);
  for (const view of thread.views.values()) {
    view.peeked = false;
    view.render();
  }
  tell(thread);
}
