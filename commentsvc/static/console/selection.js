// Which cases are selected, to be decided together?

import { show } from "./cards.js";
import { announce, current, entries, neighbour } from "./page.js";

let anchor = null;
let before = 0;

const boxOf = (entry) => entry?.closest("li")?.querySelector("input[name=chosen]");
const chosen = () => document.querySelectorAll("input[name=chosen]:checked").length;

/** Select the case that is shown, or no longer. */
export function toggle() {
  const box = boxOf(current());
  if (!box) return;
  box.checked = !box.checked;
  anchor = current();
  count();
}

/** Select the case that is shown and the one next to it, and show that one. */
export function extend(step) {
  const entry = current();
  const next = entry && neighbour(entry, step);
  if (!boxOf(entry)) return;
  boxOf(entry).checked = true;
  anchor ??= entry;
  if (next) boxOf(next).checked = true;
  count();
  return show(next);
}

/** Select everything between the case selected before and this one. */
export function reach(entry) {
  const all = entries();
  const from = Math.max(0, all.indexOf(anchor ?? current()));
  const to = all.indexOf(entry);
  for (const between of all.slice(Math.min(from, to), Math.max(from, to) + 1)) {
    if (boxOf(between)) boxOf(between).checked = true;
  }
  count();
}

/** A box was ticked by hand. */
export function ticked(box) {
  anchor = box.closest("li").querySelector(".entry");
  count();
}

/** Say how many are selected, to the eye and to the ear. */
export function count() {
  const now = chosen();
  const line = document.querySelector("#chosen-count");
  if (line) line.textContent = now ? `${now} selected` : "With the selected";
  if (now !== before) announce(now ? `${now} selected` : "Nothing is selected.");
  before = now;
}
