// How does a reader tell the managers that something is wrong with a comment?
import { notice } from "./reader.js";
import { button, h } from "./dom.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";

const REASONS = ["courtesy", "on_topic", "spam", "legal", "privacy", "other"];

/**
 * Make the report form of a comment; when it is sent, thanks stand in its place.
 *
 * @param {import("./comment.js").CommentView} view
 * @param {() => void} close
 */
export function reportForm(view, close) {
  const { context } = view;
  const { say, announce } = context;
  dress(context.shadow, writing);
  const name = `reason-${view.comment.id}`;
  const choices = REASONS.map((value) => {
    const radio = h("input", { type: "radio", name, value, required: true });
    return h("label", { class: "choice" }, radio, say(`report_${value}`));
  });
  const detail = h("textarea", { rows: "2", maxlength: "1000", part: "field", dir: "auto" });
  const note = h("div", {});
  const formal = formalNotice(view);
  const change = () => {
    formal.hidden = new FormData(form).get(name) !== "legal";
  };
  const send = h("button", { class: "primary", part: "button primary" }, say("report_send"));
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    send.disabled = true;
    try {
      // Only now: the way to a notice without an account is in this form.
      await context.reader.signIn();
      const reason = new FormData(form).get(name);
      const body = { revision: view.comment.revision, reason, detail: detail.value.trim() || undefined };
      await context.reader.send("POST", `comments/${view.comment.id}/reports`, body);
      view.show(h("p", { class: "thanks", part: "thanks" }, say("report_thanks")));
      announce(say("report_thanks"));
      view.article.focus();
    } catch (error) {
      note.replaceChildren(notice(context, error));
      send.disabled = false;
    }
  };
  const form = h(
    "form",
    { class: "report", part: "form", submit, change },
    h("fieldset", {}, h("legend", {}, say("report_title")), ...choices),
    formal,
    h("label", { class: "detail" }, say("report_detail"), detail),
    note,
    h("div", { class: "row" }, send, button(say("cancel"), "link", close)),
  );
  change();
  return form;
}

/**
 * Make the link to the form for a notice of illegal content, on the service's own pages.
 *
 * @param {import("./comment.js").CommentView} view
 */
function formalNotice({ comment, context }) {
  const { say, base } = context;
  const href = String(new URL(`report/${comment.id}`, base));
  const link = h("a", { href, target: "_blank", rel: "noopener" }, say("report_formal"));
  return h("p", { class: "formal" }, link, " ", h("span", {}, say("report_formal_hint")));
}
