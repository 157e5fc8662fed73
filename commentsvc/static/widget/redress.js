// What can somebody do about a decision: read all of its reasons, appeal, see where their appeal stands?
import { button, h } from "./dom.js";
import { notice } from "./reader.js";

/**
 * Make the line below a decision: the appeal, or a button that opens its form, and the way to the statement of reasons.
 *
 * @param {import("./types").Context} context
 * @param {import("./types").Redress} decided
 * @param {string} path where an appeal is sent
 * @param {object} [more] what is sent with it
 */
export function redress(context, decided, path, more = {}) {
  const { say, lang } = context;
  const { statement, appeal, can_appeal: canAppeal } = decided;
  const root = h("div", { class: "redress" });
  if (!statement) return root;
  const day = (/** @type {string} */ at) => new Date(at).toLocaleDateString(lang, { dateStyle: "long" });
  const link = h("a", { href: statement, target: "_blank", rel: "noopener noreferrer" }, say("statement"));
  const row = h("div", { class: "row" }, link);
  if (appeal) {
    const state = appeal.outcome ?? appeal.state;
    root.append(h("p", {}, say(`appeal_${state}`, { day: day(appeal.decided_at ?? appeal.created_at) })));
    // A decision that answered the appeal stands above, in the same words.
    if (appeal.answer && appeal.answer !== decided.message) root.append(h("blockquote", { dir: "auto" }, appeal.answer));
  } else if (canAppeal) {
    const open = button(say("appeal"), "link", () => {
      row.hidden = true;
      root.append(form(context, decided, { path, more, day, close }));
      /** @type {HTMLElement | null} */ (root.querySelector("textarea"))?.focus();
    });
    const close = () => {
      root.querySelector("form")?.remove();
      row.hidden = false;
      open.focus();
    };
    row.prepend(open);
  }
  root.append(row);
  return root;
}

/**
 * @param {import("./types").Context} context
 * @param {import("./types").Redress} decided
 * @param {{ path: string, more: object, day: (at: string) => string, close: () => void }} how
 */
function form(context, { appeal_until: until }, { path, more, day, close }) {
  const { say } = context;
  const text = h("textarea", { rows: "3", maxlength: "2000", required: true, part: "field", dir: "auto" });
  const note = h("div", {});
  const send = h("button", { class: "primary", part: "button primary" }, say("appeal_send"));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      await context.reader.send("POST", path, { ...more, message: text.value });
      context.announce(say("appeal_sent"));
      await context.reader.load();
    } catch (error) {
      send.disabled = false;
      note.replaceChildren(notice(context, error));
    }
  };
  const hint = h("p", { class: "terms" }, until ? say("appeal_hint", { day: day(until) }) : say("appeal_once"));
  const buttons = h("div", { class: "row" }, send, button(say("cancel"), "link", close));
  return h("form", { part: "form", submit }, h("label", { class: "detail" }, say("appeal_why"), text), hint, note, buttons);
}
