// How does a reader get about by keyboard without passing everything? A way past it all, keys, and a switch for them.
import { button, h, keep, recall } from "./dom.js";
import { dress } from "./styles.js";

const css = `
.ways { position: relative; display: flex; gap: .5rem; height: 0 }
.ways button { position: absolute; inset-block-start: .1rem; z-index: 1; padding: .6em 1.1em; background: Canvas; color: CanvasText; border: 1px solid; clip-path: inset(50%) }
.ways button:focus { clip-path: none }
.keys { margin-block: .5rem 1rem; padding: .8rem .9rem; font-family: var(--ui); font-size: .875rem; background: var(--tint); border: 1px solid var(--line); border-radius: var(--radius) }
.keys[hidden] { display: none }
.keys ul { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 15em), 1fr)); gap: .4rem 2rem; margin-block: .6rem; list-style: none }
kbd { display: inline-block; min-width: 1.9em; padding: .1em .4em; margin-inline-end: .6em; font: inherit; text-align: center; border: 1px solid var(--edge); border-radius: 4px }
.keys label { display: flex; align-items: center; gap: .6em; min-height: 30px }
.keys input { width: 1.1em; height: 1.1em; margin: 0; accent-color: var(--accent) }
`;

/** @typedef {import("./section.js").Section} Section */

/** What each key does to the section, from the comment that the reader is on. */
const acts = {
  /** @param {Section} section @param {Element | null} at */
  j: (section, at) => step(section, everyComment(section), at, 1),
  /** @param {Section} section @param {Element | null} at */
  k: (section, at) => step(section, everyComment(section), at, -1),
  /** @param {Section} section @param {Element | null} at */
  n: (section, at) => step(section, everyConversation(section), at, 1),
  /** @param {Section} section @param {Element | null} at */
  p: (section, at) => step(section, everyConversation(section), at, -1),
  /** @param {Section} _section @param {Element | null} at */
  u: (_section, at) => focusOn(at?.closest("li")?.parentElement?.closest("li")?.querySelector("article")),
  /** @param {Section} _section @param {Element | null} at */
  c: (_section, at) => press(at, ".fold"),
  /** @param {Section} _section @param {Element | null} at */
  r: (_section, at) => {
    // A collapsed branch would hide the form.
    if (at?.closest(".folded")) press(at, ".fold");
    press(at, ".reply");
  },
};

/**
 * Offer, to whom comes by keyboard, the way past the thread and the list of keys; and listen to those.
 *
 * @param {Section} section
 */
export function tell(section) {
  const { bar, say, root, shadow, host, signal } = section;
  if (!bar || root.querySelector(".ways")) return;
  dress(shadow, css);
  const end = h("p", { class: "unseen", part: false, tabindex: "-1" }, say("keys_end"));
  const skip = button(say("keys_skip"), "skip", () => end.focus());
  root.append(end);
  // Some pages have keys of their own.
  if (host.getAttribute("keys") === "off") return bar.before(h("div", { class: "ways" }, skip));
  const { list, opener, toggle } = listOf(section);
  // One place for both: what isn't focused is out of sight.
  bar.before(h("div", { class: "ways" }, skip, opener), list);
  const hear = (/** @type {KeyboardEvent} */ event) => {
    const key = keyOf(event);
    if (!key || recall("keys") === "off") return;
    const act = key === "?" ? toggle : acts[/** @type {keyof typeof acts} */ (key)];
    if (!act) return;
    // The page may have the same keys for something else.
    event.preventDefault();
    event.stopPropagation();
    act(section, shadow.activeElement?.closest("li")?.querySelector("article") ?? null);
  };
  root.addEventListener("keydown", hear, { signal });
}

/**
 * The key that is meant, on keyboards of other scripts too; none where the reader writes or chooses.
 *
 * @param {KeyboardEvent} event
 */
function keyOf({ key, code, target, isComposing, ctrlKey, metaKey, altKey }) {
  if (isComposing || ctrlKey || metaKey || altKey || /** @type {Element} */ (target).matches("input, textarea, select"))
    return "";
  return /^[a-z?]$/i.test(key) ? key.toLowerCase() : code.replace("Key", "").toLowerCase();
}

/**
 * Make the list of keys, with the switch that is kept in this browser, and what opens and closes it.
 *
 * @param {Section} section
 */
function listOf({ say }) {
  const rows = ["j", "k", "n", "p", "u", "c", "r", "?"].map((key) => {
    return h("li", {}, h("kbd", { part: "key" }, key), say(key === "?" ? "keys" : `keys_${key}`));
  });
  const use = h("input", {
    type: "checkbox",
    checked: recall("keys") !== "off",
    change: () => keep("keys", use.checked ? null : "off"),
  });
  const toggle = () => {
    list.hidden = !list.hidden;
    opener.setAttribute("aria-expanded", String(!list.hidden));
    (list.hidden ? opener : use).focus();
  };
  const list = h(
    "div",
    { class: "keys", role: "group", "aria-label": say("keys"), hidden: true },
    h("label", {}, use, say("keys_use")),
    h("ul", {}, ...rows),
    button(say("keys_close"), "link", toggle),
  );
  const opener = button(say("keys"), "open-keys", toggle, { "aria-expanded": "false" });
  return { list, opener, toggle };
}

/**
 * Go on to the next that can be seen; behind the last, to what shows more.
 *
 * @param {Section} section
 * @param {Element[]} all
 * @param {Element | null} at
 * @param {1 | -1} way
 */
function step({ thread }, all, at, way) {
  const seen = all.filter((one) => one.getClientRects().length);
  const before = (/** @type {Element} */ one) => at && at.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_PRECEDING;
  const next = way > 0 ? seen.find((one) => one !== at && !before(one)) : seen.findLast(before);
  focusOn(next ?? (way > 0 ? thread?.more.querySelector("button") : null));
}

/** @param {Section} section */
function everyComment({ thread }) {
  return [...(thread?.list.querySelectorAll("article") ?? [])];
}

/** @param {Section} section */
function everyConversation({ thread }) {
  return [...(thread?.list.children ?? [])].flatMap((item) => item.querySelector("article") ?? []);
}

/** @param {Element | null | undefined} element */
function focusOn(element) {
  /** @type {HTMLElement | null | undefined} */ (element)?.focus();
}

/**
 * @param {Element | null} at
 * @param {string} what
 */
function press(at, what) {
  /** @type {HTMLButtonElement | null | undefined} */ (at?.querySelector(what))?.click();
}
