// What did this community promise each other?
import { h, keep, recall } from "./dom.js";

/**
 * Make the welcome banner: open until the reader closes it, and open again when the guidelines have changed.
 *
 * @param {import("./types").Context} context
 */
export function banner({ site, config, say }) {
  const { version, text, items } = config.guidelines;
  const name = `guidelines:${site}`;
  const list = items.map((item) => h("li", { dir: "auto" }, h("strong", {}, item.title), " ", item.text));
  const details = h(
    "details",
    { class: "banner", open: recall(name) !== String(version) },
    h("summary", { part: "summary" }, h("span", {}, say("welcome"))),
    h("p", { dir: "auto", part: "welcome" }, text),
    h("ul", { part: "guidelines" }, ...list),
  );
  details.addEventListener("toggle", () => keep(name, details.open ? null : String(version)));
  return details;
}
