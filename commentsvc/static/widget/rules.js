// What are readers told of the rules that hold on the article, and when does the clock change them?
import { h } from "./dom.js";
import { dress } from "./styles.js";
import { writing } from "./styles-writing.js";

const LONGEST_MS = 2 ** 31 - 1;
const LEAST_MS = 2_000;
const SPREAD_MS = 3_000;

/**
 * Take up what holds now.
 *
 * @param {import("./section.js").Section} section
 * @param {import("./types").ArticleHead} article
 */
export function tell(section, article) {
  const { context, place } = section;
  if (!context || !place?.isConnected) return;
  section.clock ??= new Clock(context, place);
  section.clock.tell(article);
}

/** Says above the place to write what holds, and looks again when the clock has changed it. */
export class Clock {
  #timer = 0;
  #said = "";

  /**
   * @param {import("./types").Context} context
   * @param {HTMLElement} place before which it is said
   */
  constructor(context, place) {
    this.context = context;
    this.place = place;
    this.root = h("div", { class: "rules", part: "rules" });
    dress(context.shadow, writing);
    place.before(this.root);
  }

  /** @param {import("./types").ArticleHead} article */
  tell(article) {
    const { context } = this;
    const lines = sentences(article, context);
    const said = lines.join(" ");
    if (said !== this.#said) {
      this.root.replaceChildren(...lines.map((line) => h("p", {}, line)));
      // The first time it is part of the page that is read; later it is news.
      if (this.#said) context.announce(said || context.say(context.open ? "rules_gone" : "closed"));
    }
    this.#said = said;
    const closed = this.place.querySelector(".closed");
    if (closed && article.opens_at) {
      const time = clockTime(article.opens_at, context.lang);
      closed.textContent = `${context.say("closed")} ${context.say("opens_at", { time })}`;
    }
    this.#wait(article.opens_at ?? article.closes_at);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** @param {string | null} change */
  #wait(change) {
    this.stop();
    if (!change) return;
    // Not all at the same moment, and never in a hurry when this clock is ahead of the service's.
    const wait = Math.max(LEAST_MS, Date.parse(change) - Date.now()) + Math.random() * SPREAD_MS;
    if (wait < LONGEST_MS) this.#timer = window.setTimeout(this.context.look, wait);
  }
}

/**
 * @param {import("./types").ArticleHead} article
 * @param {import("./types").Context} context
 */
function sentences({ notice, slow_mode, closes_at }, { say, lang, open }) {
  const lines = [];
  if (!open) return [];
  if (notice) lines.push(say(`notice_${notice}`));
  if (slow_mode) lines.push(say("slow_mode", { time: span(slow_mode, lang) }));
  if (closes_at && isSoon(closes_at)) lines.push(say("closes_at", { time: clockTime(closes_at, lang) }));
  return lines;
}

/** @param {string} moment */
function isSoon(moment) {
  return Date.parse(moment) - Date.now() < 24 * 3600_000;
}

/**
 * Write a moment as the reader's clock shows it; today's without the day.
 *
 * @param {string} moment
 * @param {string} lang
 */
export function clockTime(moment, lang) {
  const at = new Date(moment);
  /** @type {Intl.DateTimeFormatOptions} */
  const day = at.toDateString() === new Date().toDateString() ? {} : { weekday: "long", day: "numeric", month: "long" };
  return at.toLocaleString(lang, { ...day, hour: "numeric", minute: "2-digit" });
}

/**
 * Write a number of seconds in its largest whole unit.
 *
 * @param {number} seconds
 * @param {string} lang
 */
export function span(seconds, lang) {
  const [unit, size] = /** @type {[string, number][]} */ ([
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ]).find(([, size]) => seconds % size === 0) ?? ["second", 1];
  return new Intl.NumberFormat(lang, { style: "unit", unit, unitDisplay: "long" }).format(seconds / size);
}
