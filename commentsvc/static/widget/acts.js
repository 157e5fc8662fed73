// What happens when a reader does something with a comment: replies, votes, changes it, withdraws it, reports it?
import { addressOf } from "./comment.js";
import { compose } from "./composer.js";
import { button, h } from "./dom.js";
import { addOwn, changeOwn } from "./own.js";
import { notice } from "./reader.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";

/** @typedef {import("./comment.js").CommentView} View */

/**
 * Open the reply form; `quiet` when a kept draft brings it back rather than a click.
 *
 * @param {View} view
 * @param {boolean} [quiet]
 */
export function reply(view, quiet = false) {
  if (view.drawer.querySelector("form")) return;
  const composer = compose(view.context, {
    parent: view.comment,
    done: (comment) => {
      view.show();
      addOwn(view.thread, comment);
    },
    cancel: () => close(view, "reply"),
    reread: (now) => {
      Object.assign(view.comment, now);
      view.render();
    },
  });
  view.show(composer.root);
  if (!quiet) composer.focus();
}

/** Votes on their way, by comment; two of one reader on one comment go one after the other, or the first could win. */
const underway = new Map();

/**
 * Vote, or take the vote back; the count moves at once, and back again when the service refuses.
 *
 * @param {View} view
 * @param {1 | -1} value
 */
export async function vote(view, value) {
  const { comment } = view;
  const { reader } = view.context;
  await reader.signIn();
  const before = reader.votes[comment.id] ?? 0;
  const { votes } = comment;
  const wanted = before === value ? 0 : value;
  tally(view, counted(votes, before, wanted), wanted);
  try {
    const sent = (underway.get(comment.id) ?? Promise.resolve())
      .catch(() => {})
      .then(() => reader.send("PUT", `comments/${comment.id}/vote`, { value: wanted }));
    underway.set(comment.id, sent);
    const answer = await sent;
    // A later click may have been counted meanwhile; its own answer is on the way.
    if (reader.votes[comment.id] === wanted) tally(view, answer.votes, answer.value);
  } catch (error) {
    if (reader.votes[comment.id] === wanted) tally(view, votes, before);
    throw error;
  }
}

/**
 * Open the comment's text for changing.
 *
 * @param {View} view
 */
export function edit(view) {
  const composer = compose(view.context, {
    editing: view.comment,
    done: (comment) => {
      view.show();
      changeOwn(view, comment);
    },
    cancel: () => close(view, "edit"),
  });
  view.show(composer.root);
  composer.focus();
}

/**
 * Ask before withdrawing: it can't be undone, so the focus is on keeping it.
 *
 * @param {View} view
 */
export function withdraw(view) {
  const { context } = view;
  const { say } = context;
  const no = button(say("withdraw_no"), "primary", () => close(view, "withdraw"));
  const yes = button(say("withdraw_yes"), "secondary", async () => {
    yes.disabled = true;
    try {
      await context.reader.send("DELETE", `comments/${view.comment.id}`);
      gone(view);
    } catch (error) {
      view.show(notice(context, error));
    }
  });
  const title = say("withdraw_ask");
  const row = h("div", { class: "row" }, no, yes);
  view.show(h("div", { class: "ask", part: "ask", role: "group", "aria-label": title }, h("p", {}, title), row));
  no.focus();
}

/**
 * Give away the comment's address: by the phone's own menu, else by the clipboard; it is shown, whatever works.
 *
 * @param {View} view
 */
export async function share(view) {
  const { context } = view;
  const { say, announce, article } = context;
  const url = addressOf(context, view.comment);
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    // Whoever closes the menu again wants nothing more.
    return navigator.share({ url, title: article.title }).catch(() => {});
  }
  const copied = await navigator.clipboard?.writeText(url).then(
    () => true,
    () => false,
  );
  const text = say(copied ? "share_copied" : "share_copy");
  const field = h("input", { class: "address", readonly: true, value: url, dir: "ltr", "aria-label": say("share_link") });
  dress(context.shadow, writing);
  view.show(
    h("p", { class: "thanks", part: "thanks" }, text),
    h(
      "div",
      { class: "row" },
      field,
      button(say("share_done"), "link", () => close(view, "share")),
    ),
  );
  announce(text);
  field.select();
  if (!copied) field.focus();
  field.scrollIntoView({ block: "nearest" });
}

/**
 * Open the report form.
 *
 * @param {View} view
 */
export async function report(view) {
  const { reportForm } = await import("./report.js");
  const form = reportForm(view, () => close(view, "report"));
  view.show(form);
  form.querySelector("input")?.focus();
}

/**
 * Empty the drawer and give the focus back to what opened it.
 *
 * @param {View} view
 * @param {string} opener
 */
function close(view, opener) {
  view.show();
  const target = view.article.querySelector(`button.${opener}`) ?? view.article;
  /** @type {HTMLElement} */ (target).focus();
}

/**
 * @param {View} view
 * @param {{ up: number, down: number }} votes
 * @param {number} mine
 */
function tally(view, votes, mine) {
  view.comment.votes = votes;
  view.context.reader.votes[view.comment.id] = mine;
  view.render();
}

/**
 * @param {{ up: number, down: number }} votes
 * @param {number} before
 * @param {number} after
 */
function counted({ up, down }, before, after) {
  return {
    up: up - Number(before === 1) + Number(after === 1),
    down: down - Number(before === -1) + Number(after === -1),
  };
}

/** @param {View} view */
function gone(view) {
  const { context } = view;
  context.reader.mine.delete(view.comment.id);
  if (view.comment.status === "published") context.count(-1);
  view.standing.replaceChildren();
  view.comment = { ...view.comment, status: "withdrawn", author: undefined, body: "", links: [] };
  view.show();
  view.render();
  view.article.focus();
  context.announce(context.say("withdraw_done"));
}
