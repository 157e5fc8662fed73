// How is one comment shown, with what it answers and what answers it, to who follows a link to it?
import { ApiError, read } from "./api.js";
import { FLAT_FROM } from "./comment.js";
import { button, h } from "./dom.js";
import { dress } from "./styles.js";
import { alone } from "./styles-reading.js";

const PAGE = 20;

/** @typedef {import("./types").Comment} Comment */

/**
 * Lead to a comment: where the thread shows it already, there, otherwise alone with its ancestors and replies.
 *
 * @param {import("./section.js").Section} section
 * @param {string} id
 */
export async function showOne(section, id) {
  const { thread, context } = section;
  if (!thread || !context) return;
  dress(context.shadow, alone);
  if (!thread.views.has(id)) {
    const branch = await branchTo(section, id);
    if (context.signal.aborted || branch === "elsewhere") return;
    if (!branch) return offerAll(section, context.say("no_such_comment"));
    thread.start({ comments: branch.comments, next: null }, section.sort ?? context.config.sorts[0]);
    offerAll(section, context.say(branch.more ? "alone_below" : "alone"));
  }
  light(section, id);
}

/**
 * Fetch a comment as a thread of its own; null when it isn't public (any more).
 *
 * @param {import("./section.js").Section} section
 * @param {string} id
 */
async function branchTo({ base, key, signal }, id) {
  try {
    const [one, below] = await Promise.all([
      read(base, `comments/${id}`, {}, "default", signal),
      read(base, `comments/${id}/replies`, { limit: PAGE }, "default", signal),
    ]);
    // Another element on the page may be meant.
    if (one.article !== key) return "elsewhere";
    // Deep down what follows stands beside it, and the full discussion has the rest.
    const line = one.depth > FLAT_FROM ? [one, ...below.comments] : [{ ...one, replies: below }];
    return { comments: nest([...one.ancestors, ...line]), more: one.ancestors_more };
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/**
 * Put each comment below the one before it; deep down, side by side, as the thread shows them.
 *
 * @param {Comment[]} line from the top down
 * @returns {Comment[]}
 */
function nest([first, ...rest]) {
  if (!rest.length) return [first];
  const below = nest(rest);
  if (first.depth > FLAT_FROM) return [first, ...below];
  return [{ ...first, replies: { comments: below, next: null } }];
}

/**
 * Say what is shown, above it, with the way to the whole discussion.
 *
 * @param {import("./section.js").Section} section
 * @param {string} text
 */
function offerAll(section, text) {
  const { thread, context } = section;
  if (!thread || !context) return;
  const all = button(context.say("all"), "link all", async () => {
    history.replaceState(history.state, "", location.href.split("#")[0]);
    all.disabled = true;
    if (await section.resort(thread.sort ?? "best")) thread.list.querySelector("article")?.focus();
    else all.disabled = false;
  });
  thread.alone.replaceChildren(h("p", { class: "alone" }, text, " ", all));
}

/**
 * Mark a comment, bring it into view and put the reader there.
 *
 * @param {import("./section.js").Section} section
 * @param {string} id
 */
function light({ thread, shadow }, id) {
  const before = shadow.querySelector(".lit");
  before?.classList.remove("lit");
  before?.part.remove("lit");
  const view = thread?.views.get(id);
  if (!view) return;
  for (const above of thread?.views.values() ?? []) if (above.root.contains(view.root)) above.fold(false);
  view.article.classList.add("lit");
  view.article.part.add("lit");
  view.article.focus({ preventScroll: true });
  view.article.scrollIntoView({ block: "center" });
}
