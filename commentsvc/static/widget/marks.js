// Which letters of a text are marked, where the service counts code points and the browser doesn't?
import { h } from "./dom.js";

/**
 * Write a text as the service will store it, so that its marks fall on the right letters.
 *
 * @param {string} text
 */
export function tidy(text) {
  return text.replace(/\r\n?/g, "\n").normalize("NFC").trim();
}

/**
 * Cut a text into what is marked and what isn't.
 *
 * @param {string} text
 * @param {[number, number][]} spans code points, ascending
 * @returns {Node[]}
 */
export function marked(text, spans) {
  const points = Array.from(text);
  const slice = (/** @type {number} */ from, /** @type {number} */ to) => points.slice(from, to).join("");
  /** @type {Node[]} */
  const nodes = [];
  let at = 0;
  for (const [start, end] of spans) {
    if (start < at) continue;
    nodes.push(new Text(slice(at, start)), h("mark", { part: "mark" }, slice(start, end)));
    at = end;
  }
  return [...nodes, new Text(slice(at, points.length))];
}
