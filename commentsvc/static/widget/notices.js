// What is the reader told of: answers, mentions, decisions with their reasons; and do they follow this conversation?
import { button, h } from "./dom.js";
import { notice } from "./reader.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";
import { timeElement } from "./time.js";

/** @typedef {import("./types").Context} Context */
/** @typedef {import("./types").Notice} Notice */
/** @typedef {{ seen(unread: number): void, close(): void }} Bell */

const css = `
.notices { margin-block: 0 1.25rem; padding: .9rem 1rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--tint); font-family: var(--ui); font-size: .875rem; line-height: 1.5 }
.notices header { display: flex; align-items: baseline; justify-content: space-between; gap: 1rem }
.notices h3 { margin: 0; font-size: 1rem }
.notices ol { margin-block: .4rem 0; max-height: 24rem; overflow: auto }
.notices li { padding-block: .7rem; border-block-end: 1px solid var(--line) }
.notices li.new { padding-inline-start: .7rem; border-inline-start: 3px solid var(--accent) }
.notices .when, .notices .where { color: var(--soft) }
.notices blockquote { margin-block: .3rem; padding-inline-start: .7rem; border-inline-start: 2px solid var(--line); white-space: pre-line }
.notices .row { margin-block-start: .3rem }
.notices a { color: var(--accent); text-underline-offset: .15em; min-height: 24px }
.notices .following { margin-block-start: .8rem }
`;

/**
 * Show the newest notices and mark them as seen; opened again, it is asked for again.
 *
 * @param {Context} context
 * @param {HTMLElement} place
 * @param {Bell} bell
 */
export async function open(context, place, bell) {
  const { say, shadow } = context;
  dress(shadow, writing);
  dress(shadow, css);
  const list = h("ol", { tabindex: "0", "aria-label": say("notices") });
  const note = h("div", {});
  const more = h("div", {});
  const following = h("div", { class: "following" });
  const title = h("h3", { tabindex: "-1" }, say("notices"));
  const close = button(say("notices_close"), "link", () => bell.close());
  const key = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && bell.close();
  place.replaceChildren(
    h(
      "section",
      { class: "notices", part: "notices", "aria-label": say("notices"), keydown: key },
      h("header", {}, title, close),
      note,
      list,
      more,
      following,
      h("p", { class: "row" }, ...pages(context)),
    ),
  );
  note.replaceChildren(h("p", { role: "status" }, say("notices_loading")));
  title.focus();
  try {
    await Promise.all([load(context, list, more, note, bell), showFollowing(context, following)]);
  } catch (error) {
    note.replaceChildren(notice(context, error));
  }
}

/**
 * Link to pages of the account: what to be told of, and everything that one wrote.
 *
 * @param {Context} context
 */
function pages({ base, site, say }) {
  const url = new URL("auth/notices", base);
  url.searchParams.set("site", site);
  const own = new URL("auth/comments", base);
  return [
    h("a", { href: url.href, target: "_blank", rel: "noopener" }, say("notices_choose")),
    h("a", { href: own.href, target: "_blank", rel: "noopener" }, say("my_comments")),
  ];
}

/**
 * @param {Context} context
 * @param {HTMLElement} list
 * @param {HTMLElement} more
 * @param {HTMLElement} note
 * @param {Bell} bell
 * @param {string} [after]
 */
async function load(context, list, more, note, bell, after) {
  const { site, reader, say } = context;
  const query = new URLSearchParams({ site, ...(after && { after }) });
  const page = await reader.send("GET", `notices?${query}`);
  note.replaceChildren();
  const rows = page.notices.map((/** @type {Notice} */ one) => row(context, one));
  list.append(...rows);
  if (after) rows[0]?.querySelector("a, button")?.focus();
  if (!list.firstChild) note.replaceChildren(h("p", {}, say("notices_none")));
  const older = page.next && button(say("notices_more"), "link", () => next());
  const next = () =>
    load(context, list, more, note, bell, page.next).catch((error) => note.replaceChildren(notice(context, error)));
  more.replaceChildren(...(older ? [older] : []));
  if (after) return;
  bell.seen(page.unread);
  if (!page.unread || !page.notices.length) return;
  // All up to the newest that is shown here; what comes meanwhile stays new.
  const answer = await reader.send("PUT", "notices/read", { site, up_to: page.notices[0].id });
  bell.seen(answer.unread);
}

/**
 * @param {Context} context
 * @param {Notice} one
 */
function row(context, one) {
  const { say, lang, base, site } = context;
  const { comment, article, decision } = one;
  const restricted = decision && decision.status !== "published";
  const guideline = restricted && context.guideline(decision.guideline);
  const message = one.message || decision?.message;
  const place = h("div", { class: "row" });
  if (comment && article && comment.status === "published") {
    const url = new URL(`articles/${encodeURIComponent(site)}/${article.key.split("/").map(encodeURIComponent).join("/")}`, base);
    url.searchParams.set("comment", comment.id);
    place.append(h("a", { href: url.href, target: "_blank", rel: "noopener" }, say("notice_open")));
  }
  if (comment?.parent && article && one.kind !== "decision") place.append(muter(context, article.key, comment.parent, place));
  return h(
    "li",
    { class: one.read ? "" : "new" },
    h(
      "p",
      { dir: "auto" },
      h("strong", {}, !one.read && h("span", { class: "unseen" }, `${say("notices_new")} `), title(context, one)),
    ),
    h("p", { class: "where" }, h("span", { dir: "auto" }, article?.title), article && " · ", timeElement(one.created_at, lang)),
    comment && h("blockquote", { dir: "auto" }, comment.excerpt),
    guideline && h("p", {}, say("notice_guideline", { guideline })),
    message && h("p", { dir: "auto" }, message),
    place,
  );
}

/**
 * @param {Context} context
 * @param {Notice} one
 */
function title({ say }, { kind, comment, decision, title: english }) {
  const decided = decision?.was_public && decision.status === "rejected" ? "removed" : decision?.status;
  const key = kind === "decision" ? `notice_${decided}` : `notice_${kind}`;
  return say(key, { name: comment?.author ?? "" }) || english;
}

/**
 * @param {Context} context
 * @param {string} article
 * @param {string} comment
 * @param {HTMLElement} place
 */
function muter(context, article, comment, place) {
  const { say, site, reader, announce } = context;
  const mute = button(say("notice_mute"), "link", async () => {
    try {
      await reader.send("PUT", "follows", { site, article, comment, following: "mute" });
      place.replaceChildren(say("notice_muted"));
      announce(say("notice_muted"));
    } catch (error) {
      place.append(notice(context, error));
    }
  });
  return mute;
}

/**
 * @param {Context} context
 * @param {HTMLElement} place
 */
async function showFollowing(context, place) {
  const { site, article, reader } = context;
  const query = new URLSearchParams({ site, article: article.key });
  drawFollowing(context, place, (await reader.send("GET", `follows?${query}`)).article);
}

/**
 * @param {Context} context
 * @param {HTMLElement} place
 * @param {"follow" | "mute" | "usual"} now
 * @param {boolean} [focus]
 */
function drawFollowing(context, place, now, focus = false) {
  const { say, site, article, reader, announce } = context;
  const choose = (/** @type {string} */ label, /** @type {"follow" | "mute" | "usual"} */ following) =>
    button(say(label), "link", async () => {
      try {
        const answer = await reader.send("PUT", "follows", { site, article: article.key, following });
        drawFollowing(context, place, answer.article, true);
        announce(say(`follow_${answer.article}`));
      } catch (error) {
        place.append(notice(context, error));
      }
    });
  const buttons = {
    follow: [choose("unfollow", "usual"), choose("mute", "mute")],
    mute: [choose("unmute", "usual")],
    usual: [choose("follow", "follow"), choose("mute", "mute")],
  }[now];
  place.replaceChildren(h("p", {}, say(`follow_${now}`)), h("div", { class: "row" }, ...buttons));
  if (focus) buttons[0].focus();
}
