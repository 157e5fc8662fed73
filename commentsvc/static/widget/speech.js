// How does the widget say a sentence in the reader's language? Words come one language and one part at a time.

/** Those that have words, beside English: `strings*.LANGUAGE.js`. */
export const LANGUAGES = ["ar", "de", "es", "fr", "ja"];
/** Where not even words can be fetched, this is still said. */
const LAST = { load_failed: "The comments couldn't be loaded.", try_again: "Try again" };
const RIGHT_TO_LEFT = /[\u0590-\u08ff]/;

/** @typedef {Record<string, string | Record<string, string>>} Words */

/** @type {Map<string, Words>} the languages on this page, with the words that have come */
const spoken = new Map();
const parts = new Set([""]);

/**
 * Fetch the words of a language; of `de-AT` they are German, and of one that has none, English.
 *
 * @param {string} tag
 * @returns {Promise<{ lang: string, say: import("./types").Say }>}
 */
export async function speak(tag) {
  const lang = chosen(tag);
  const own = lang.split("-")[0];
  const words = spoken.get(own) ?? Object.assign(Object.create(null), LAST);
  spoken.set(own, words);
  await Promise.all([...parts].map((part) => load(own, part)));
  return { lang, say: sayer(words, lang) };
}

/**
 * Wait for code, and for the words that it says in every language on the page; they come side by side.
 *
 * A module could as well await its words itself, if Safari didn't let others import one that isn't done.
 *
 * @template T
 * @param {Promise<T>} code
 * @param {...string} some parts of the words, as `-writing`
 * @returns {Promise<T>}
 */
export async function withWords(code, ...some) {
  for (const part of some) parts.add(part);
  // Languages that come later bring these parts along.
  await Promise.all([code, ...[...spoken.keys()].flatMap((own) => some.map((part) => load(own, part)))]);
  return code;
}

/** @param {string} tag what a page, a site or a browser names a language by */
function chosen(tag) {
  try {
    const [lang] = Intl.getCanonicalLocales(tag.replaceAll("_", "-"));
    if (["en", ...LANGUAGES].includes(lang.split("-")[0])) return lang;
  } catch {
    // No language has such a name.
  }
  return "en";
}

/**
 * @param {string} own
 * @param {string} part
 */
async function load(own, part) {
  const english = () => import(`./strings${part}.js`);
  const coming = own === "en" ? english() : import(`./strings${part}.${own}.js`).catch(english);
  // Without them nothing else will be answered either, and that is told.
  Object.assign(spoken.get(own) ?? {}, (await coming.catch(() => ({}))).default);
}

/**
 * @param {Words} words
 * @param {string} lang
 * @returns {import("./types").Say}
 */
function sayer(words, lang) {
  // A first view may count nothing, and making these takes a slow phone a while.
  /** @type {Intl.PluralRules | undefined} */
  let plural;
  /** @type {Intl.NumberFormat | undefined} */
  let number;
  return (key, values = {}) => {
    const entry = words[key] ?? "";
    if (typeof entry !== "string") plural ??= new Intl.PluralRules(lang);
    const text = typeof entry === "string" ? entry : (entry[plural?.select(Number(values.n)) ?? ""] ?? entry.other);
    return text.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name] ?? "";
      if (typeof value === "number") {
        number ??= new Intl.NumberFormat(lang);
        return number.format(value);
      }
      // A name of the other direction would take the words around it along.
      return words.dir === "rtl" || RIGHT_TO_LEFT.test(value) ? `\u2068${value}\u2069` : value;
    });
  };
}
