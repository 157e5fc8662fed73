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
 * Making a format takes a slow phone longer than everything else about a comment.
 *
 * @type {Record<string, { ago: Intl.RelativeTimeFormat, day: Intl.DateTimeFormat, exact: Intl.DateTimeFormat }>}
 */
const formats = {};

/** @param {string} lang */
function formatsOf(lang) {
  formats[lang] ??= {
    ago: new Intl.RelativeTimeFormat(lang, { numeric: "auto" }),
    day: new Intl.DateTimeFormat(lang, { dateStyle: "medium" }),
    exact: new Intl.DateTimeFormat(lang, { dateStyle: "long", timeStyle: "short" }),
  };
  return formats[lang];
}

/**
 * Say how long ago a moment was; after some weeks, its date.
 *
 * @param {string} moment RFC 3339
 * @param {string} lang
 * @param {number} [now] milliseconds
 */
export function ago(moment, lang, now = Date.now()) {
  const seconds = (now - Date.parse(moment)) / 1000;
  if (seconds > 5 * 604800) return formatsOf(lang).day.format(Date.parse(moment));
  const format = formatsOf(lang).ago;
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
  const exact = formatsOf(lang).exact.format(Date.parse(moment));
  return h("time", { datetime: moment, title: exact, part: "time" }, ago(moment, lang));
}
