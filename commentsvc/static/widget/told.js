// What is a reader told whom the site has warned or restricted: what, why, until when, and what they can do?
import { button, h } from "./dom.js";
import { notice } from "./reader.js";
import { redress } from "./redress.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";

/**
 * Say above the place to write what the site restricts the reader by: one box a sanction, the gravest first. Who may not
 * write is not offered to.
 *
 * @param {import("./section.js").Section} section
 */
export function tell({ context, reader, told, writing: place }) {
  if (!context || !told) return;
  dress(context.shadow, writing);
  if (place) place.hidden = reader.sanctions.some(({ kind }) => kind === "suspend" || kind === "ban");
  const done = () => /** @type {HTMLElement | null | undefined} */ (place?.querySelector("textarea, button"))?.focus();
  told.replaceChildren(...reader.sanctions.map((sanction) => box(context, sanction, done)));
}

/**
 * @param {import("./types").Context} context
 * @param {import("./types").Sanction} sanction
 * @param {() => void} done
 */
function box(context, sanction, done) {
  const { id, kind, reason, until } = sanction;
  const { say, lang } = context;
  const title = say(`told_${kind}`);
  const day = until && new Date(until).toLocaleString(lang, { dateStyle: "long", timeStyle: "short" });
  const what = [say(`told_${kind}_what`), day && say("told_until", { day })].filter(Boolean).join(" ");
  const note = h("div", {});
  const warned = kind === "warn";
  const confirm = warned && button(say("told_confirm"), "primary", () => send(), { "aria-describedby": `told-${id}` });
  const send = async () => {
    if (!confirm) return;
    confirm.disabled = true;
    try {
      await context.reader.send("POST", "me/acknowledge", { site: context.site, sanction: id });
      await context.reader.load();
      context.announce(say("told_thanks"));
      done();
    } catch (error) {
      confirm.disabled = false;
      note.replaceChildren(notice(context, error));
    }
  };
  return h(
    "div",
    { class: `standing told ${kind}`, part: `told ${kind}`, role: "group", "aria-label": title },
    h("p", {}, h("strong", {}, title)),
    !warned && h("p", {}, what),
    !warned && h("p", {}, say("told_why")),
    h("blockquote", { id: `told-${id}`, dir: "auto" }, reason),
    warned && h("p", {}, what),
    note,
    redress(context, sanction, `me/sanctions/${id}/appeal`, { site: context.site }),
    confirm && h("div", { class: "row" }, confirm),
  );
}
