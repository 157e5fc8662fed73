// How long ago was that, in the reader's language?
import { h } from "./dom.js";

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["minute", 60],
  ["hour", 3600],
  ["day", 86400],
  ["week", 604800],
];

/**
 * Say how long ago a moment was; after some weeks, its date.
 *
 * @param {string} moment RFC 3339
 * @param {string} lang
 * @param {number} [now] milliseconds
 */
export function ago(moment, lang, now = Date.now()) {
  const seconds = (now - Date.parse(moment)) / 1000;
  if (seconds > 5 * 604800) return new Date(moment).toLocaleDateString(lang, { dateStyle: "medium" });
  const format = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
  const [unit, length] = UNITS.findLast(([, size]) => seconds >= size) ?? ["second", 1];
  // A reader's clock may run behind the server's: nothing is in the future.
  return unit === "second" ? format.format(0, "second") : format.format(-Math.floor(seconds / length), unit);
}

/**
 * Make a time element that says "two hours ago" and holds the exact moment.
 *
 * @param {string} moment
 * @param {string} lang
 */
export function timeElement(moment, lang) {
  const exact = new Date(moment).toLocaleString(lang, { dateStyle: "long", timeStyle: "short" });
  return h("time", { datetime: moment, title: exact, part: "time" }, ago(moment, lang));
}
