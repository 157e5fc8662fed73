// Which comments are the reader's own, where do they stand, and where are they shown?
import { CommentView, FLAT_FROM } from "./comment.js";
import { h } from "./dom.js";
import { redress } from "./redress.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";

const CACHED_MS = 60_000;

/** @typedef {import("./thread.js").Thread} Thread */
/** @typedef {import("./types").Comment} Comment */

/**
 * Take up what /me said: comments that wait or were rejected, which only their author sees.
 *
 * @param {Thread} thread
 */
export function showOwn(thread) {
  const { mine } = thread.context.reader;
  dress(thread.context.shadow, writing);
  for (const [id, view] of thread.views) {
    // Of what only its author may see, nothing stays after signing out.
    if (!isHidden(view.comment) || mine.has(id)) continue;
    view.root.remove();
    thread.views.delete(id);
  }
  for (const own of mine.values()) {
    const shown = thread.views.get(own.id);
    const reasons = own.reasons ?? [{ guideline: own.guideline, message: own.message ?? "" }];
    const comment = /** @type {Comment} */ ({ ...shown?.comment, ...own, reasons });
    if (shown) tell(shown, comment);
    else if (isHidden(comment) || isFresh(comment)) place(thread, comment);
  }
}

/**
 * Put a comment that was just sent where its author looks for it.
 *
 * @param {Thread} thread
 * @param {Comment} comment
 */
export function addOwn(thread, comment) {
  thread.context.reader.mine.set(comment.id, { ...comment, guideline: null, message: null });
  place(thread, comment).article.focus();
  thread.showEmpty();
  thread.context.posted(comment);
}

/**
 * Draw a comment again after its author changed it.
 *
 * @param {CommentView} view
 * @param {Comment} comment
 */
export function changeOwn(view, comment) {
  view.context.reader.mine.set(comment.id, { ...comment, guideline: null, message: null });
  tell(view, { ...view.comment, ...comment });
  view.render();
  view.article.focus();
}

/**
 * @param {Thread} thread
 * @param {Comment} comment
 */
function place(thread, comment) {
  const view = new CommentView(thread, comment);
  thread.views.set(comment.id, view);
  tell(view, comment);
  view.render();
  const parent = comment.parent && thread.views.get(comment.parent);
  if (parent) branchOf(thread, parent).list.append(view.root);
  else thread.list.prepend(view.root);
  return view;
}

/**
 * @param {Thread} thread
 * @param {CommentView} view
 */
function branchOf(thread, view) {
  // Below depth 6 a branch reads flat, so its list belongs to the ancestor at depth 6.
  let branch = view;
  while (branch.comment.depth > FLAT_FROM) {
    const above = branch.comment.parent && thread.views.get(branch.comment.parent);
    if (!above) break;
    branch = above;
  }
  return branch;
}

/** @param {Comment} comment */
function isHidden({ status }) {
  return status === "held" || status === "rejected";
}

/**
 * Whether a page that caches kept may be older than the comment: its author must not miss it after a reload.
 *
 * @param {Comment} comment
 */
function isFresh({ status, created_at }) {
  return status === "published" && Date.now() - Date.parse(created_at) < CACHED_MS;
}

/**
 * Tell the author that a comment waits, or why it was rejected.
 *
 * @param {CommentView} view
 * @param {Comment} comment
 */
function tell(view, comment) {
  const { context } = view;
  const { say } = context;
  const { status, reasons = [] } = comment;
  view.comment = comment;
  if (!isHidden(comment)) return view.standing.replaceChildren();
  const guidelines = [...new Set(reasons.map((reason) => context.guideline(reason.guideline)).filter(Boolean))];
  const messages = reasons.map((reason) => reason.message).filter(Boolean);
  const box = h(
    "div",
    { class: `standing ${status}`, part: `standing ${status}` },
    h("p", {}, h("strong", {}, say(status)), " · ", say(`${status}_why`)),
  );
  if (guidelines.length)
    box.append(h("p", {}, say(`${status}_guideline`, { guideline: guidelines.join(say("between_guidelines")) })));
  if (status === "held") box.append(...messages.map((text) => h("p", { dir: "auto" }, say(`=${text}`) || text)));
  else if (messages.length) {
    box.append(h("p", {}, say("message")), ...messages.map((text) => h("blockquote", { dir: "auto" }, text)));
  }
  const own = context.reader.mine.get(comment.id);
  if (own) box.append(redress(context, own, `comments/${comment.id}/appeal`));
  view.standing.replaceChildren(box);
}
