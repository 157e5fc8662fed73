// How many notices wait for the reader? A bell beside their name; the list itself comes when it is opened.
import { button, h, icon } from "./dom.js";
import { withWords } from "./speech.js";
import { dress } from "./styles.js";

const SHAPE = "M3.5 11.5h9c-1-1.2-1.3-2.3-1.3-4.6a3.2 3.2 0 0 0-6.4 0c0 2.3-.3 3.4-1.3 4.6zM6.7 13.7a1.4 1.4 0 0 0 2.6 0";
const MOST = 100;

/** @typedef {import("./section.js").Section} Section */

/** @type {WeakMap<Section, { bell: HTMLButtonElement, list: HTMLElement }>} */
const bells = new WeakMap();

const css = `
.bell { position: relative; display: inline-flex; align-items: center; justify-content: center; min-width: 2.25rem; min-height: 2.25rem; font-size: 1.15rem }
.bell:hover, .bell[aria-expanded="true"] { background: var(--tint) }
.bell span { position: absolute; inset-block-start: 0; inset-inline-start: 55%; min-width: 1.25rem; padding: .1em .4em; border-radius: 1em; background: var(--accent); color: var(--on-accent); font-size: .6875rem; font-weight: 700; line-height: 1.4; text-align: center; font-variant-numeric: tabular-nums }
`;

/**
 * Put the bell beside the reader's name, with how much is new.
 *
 * @param {Section} section
 */
export function tell(section) {
  const { context, account, reader } = section;
  if (!context || !account || !reader.person) return;
  dress(context.shadow, css);
  const made = bells.get(section) ?? make(section);
  bells.set(section, made);
  account.querySelector(".room")?.replaceChildren(made.bell);
  show(made.bell, section);
}

/** @param {Section} section */
function make(section) {
  const list = h("div", { hidden: true });
  const bell = button("", "bell", () => toggle(section), { "aria-expanded": "false", "aria-haspopup": "true" });
  return { bell, list };
}

/**
 * @param {HTMLButtonElement} bell
 * @param {Section} section
 */
function show(bell, { say, reader: { unread }, lang }) {
  const count = unread >= MOST ? `${(MOST - 1).toLocaleString(lang)}+` : unread.toLocaleString(lang);
  bell.setAttribute("aria-label", unread ? say("notices_unread", { n: unread, count }) : say("notices"));
  bell.replaceChildren(icon(SHAPE), ...(unread ? [h("span", { "aria-hidden": "true" }, count)] : []));
}

/** @param {Section} section */
async function toggle(section) {
  const made = bells.get(section);
  if (!made || !section.context) return;
  const { bell, list } = made;
  if (!list.isConnected) section.alert?.before(list);
  const opens = list.hidden;
  list.hidden = !opens;
  bell.setAttribute("aria-expanded", String(opens));
  if (!opens) return bell.focus();
  const { open } = await withWords(import("./notices.js"), "-writing");
  await open(section.context, list, {
    seen: (unread) => {
      section.reader.unread = unread;
      show(bell, section);
    },
    close: () => toggle(section),
  });
}
