import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { LANGUAGES, speak, withWords } from "../../commentsvc/static/widget/speech.js";

const WIDGET = new URL("../../commentsvc/static/widget/", import.meta.url);
const PARTS = ["", "-writing", "-notices", "-reading"];
const isolated = (/** @type {string} */ text) => `\u2068${text}\u2069`;

test("a sentence takes its values and its plural", async () => {
  const { say } = await speak("en");

  assert.equal(say("fresh", { n: 1 }), "View 1 new comment");
  assert.equal(say("fresh", { n: 1200 }), "View 1,200 new comments");
  assert.equal(say("in_reply_to", { name: "{n} $& Ada" }), "in reply to {n} $& Ada");
});

for (const [tag, lang, comments] of [
  ["de-AT", "de-AT", "Kommentare"],
  ["DE_ch", "de-CH", "Kommentare"],
  ["ar-EG", "ar-EG", "التعليقات"],
  ["en-GB", "en-GB", "Comments"],
  ["pl", "en", "Comments"],
  ["dev", "en", "Comments"],
  ["not a language", "en", "Comments"],
  ["", "en", "Comments"],
]) {
  test(`of "${tag}" the words are ${lang}`, async () => {
    const spoken = await speak(tag);

    assert.equal(spoken.lang, lang);
    assert.equal(spoken.say("comments"), comments);
  });
}

test("numbers are written as in the region", async () => {
  const [german, swiss] = await Promise.all([speak("de"), speak("de-CH")]);

  assert.equal(german.say("fresh", { n: 1200 }), "1.200 neue Kommentare anzeigen");
  assert.equal(swiss.say("fresh", { n: 1200 }), "1'200 neue Kommentare anzeigen");
});

test("Arabic has six plurals", async () => {
  const { say } = await speak("ar-AE");

  assert.deepEqual(
    [0, 1, 2, 3, 11, 100].map((n) => say("folded", { n })),
    ["لا ردود", "رد واحد", "ردّان", "3 ردود", "11 ردًا", "100 رد"],
  );
});

test("Japanese has one plural, and French a third for millions, and none for zero", async () => {
  const [japanese, french] = await Promise.all([speak("ja"), speak("fr")]);

  assert.deepEqual([japanese.say("folded", { n: 1 }), japanese.say("folded", { n: 5 })], ["返信1件", "返信5件"]);
  assert.deepEqual(
    [0, 2, 1_000_000].map((n) => french.say("folded", { n })),
    ["0 réponse", "2 réponses", "1 000 000 de réponses".replaceAll(/ (?=0)/g, "\u202f")],
  );
});

test("a name of another direction stands alone, so that it doesn't turn the words around it", async () => {
  const [english, arabic] = await Promise.all([speak("en"), speak("ar")]);

  assert.equal(english.say("in_reply_to", { name: "سلمى" }), `in reply to ${isolated("سلمى")}`);
  assert.equal(arabic.say("in_reply_to", { name: "Ada (1)" }), `ردًا على ${isolated("Ada (1)")}`);
});

test("an unknown sentence is empty, so that callers can fall back", async () => {
  const { say } = await speak("de");

  assert.equal(say("error_no_such_code"), "");
  assert.equal(say("constructor"), "");
});

test("words come with the code that says them, and a language that comes later brings them along", async () => {
  const german = await speak("de");
  assert.equal(german.say("unignore"), "");

  const code = await withWords(Promise.resolve("code"), "-reading");
  const french = await speak("fr");

  assert.equal(code, "code");
  assert.equal(german.say("unignore"), "Nicht mehr ignorieren");
  assert.equal(french.say("unignore"), "Ne plus ignorer");
});

test("code that can't be fetched is not waited for", async () => {
  await assert.rejects(withWords(Promise.reject(new Error("offline")), "-reading"), /offline/);
});

test("where a language's words can't be fetched, English stands in", async (t) => {
  LANGUAGES.push("tlh");
  t.after(() => LANGUAGES.pop());

  const { say } = await speak("tlh");

  assert.equal(say("comments"), "Comments");
});

test("the languages that are offered are those that there are, with all their plurals", async () => {
  const files = readdirSync(WIDGET);
  const found = files.map((name) => name.match(/^strings\.(.+)\.js$/)?.[1]).filter(Boolean);
  assert.deepEqual(found.toSorted(), LANGUAGES);

  for (const language of LANGUAGES) {
    const { pluralCategories } = new Intl.PluralRules(language).resolvedOptions();
    for (const part of PARTS) {
      const { default: words } = await import(new URL(`strings${part}.${language}.js`, WIDGET).href);
      for (const [key, entry] of Object.entries(words)) {
        if (typeof entry !== "string") assert.deepEqual(Object.keys(entry).toSorted(), pluralCategories.toSorted(), key);
      }
    }
  }
});

test("every sentence that a module says is in the words that have come with it", async () => {
  const words = Object.fromEntries(await Promise.all(PARTS.map(async (part) => [part, Object.keys(await english(part))])));
  // Said when account.js is there, and it brings these.
  const later = ["signed_in", "signed_in_as", "signed_out", "in_this_tab"];
  const first = closure("embed.js");
  const bringing = first.flatMap((name) => brings(name));
  for (let at = 0; at < bringing.length; at += 1) bringing.push(...brings(bringing[at].name, bringing[at].parts));

  const missing = [
    ...first.flatMap((name) => said(name).filter((key) => ![...words[""], ...later].includes(key))),
    ...bringing.flatMap(({ name, parts }) =>
      closure(name)
        .flatMap(said)
        .filter((key) => !later.includes(key) && !["", ...parts].some((part) => words[part].includes(key)))
        .map((key) => `${name}: ${key}`),
    ),
  ];

  assert.ok(bringing.length >= 10);
  assert.deepEqual(missing.toSorted(), []);
});

/** @param {string} part */
async function english(part) {
  return (await import(new URL(`strings${part}.js`, WIDGET).href)).default;
}

/** @param {string} name */
function source(name) {
  return readFileSync(new URL(name, WIDGET), "utf8");
}

/** @param {string} name */
function said(name) {
  return [...source(name).matchAll(/\bsay\("(\w+)"/g)].map((found) => found[1]);
}

/**
 * A module with all that it imports.
 *
 * @param {string} name
 * @param {Set<string>} [seen]
 */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return [];
  seen.add(name);
  assert.ok(existsSync(new URL(name, WIDGET)), name);
  for (const [, needed] of source(name).matchAll(/^import .*"\.\/([\w-]+\.js)";$/gm)) closure(needed, seen);
  return [...seen];
}

/**
 * What code a module fetches later, and with which words; some parts are there already.
 *
 * @param {string} name
 * @param {string[]} [already]
 */
function brings(name, already = []) {
  const found = source(name).matchAll(/[( ]import\("\.\/([\w-]+\.js)"\)((?:,\s*"[\w-]+")*)/g);
  return [...found].map(([, code, parts]) => ({ name: code, parts: [...already, ...parts.split(/[",\s]+/).filter(Boolean)] }));
}
