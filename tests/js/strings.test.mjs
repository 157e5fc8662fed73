import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { catalogues, speak } from "../../commentsvc/static/widget/strings.js";
import "../../commentsvc/static/widget/strings-notices.js";
import "../../commentsvc/static/widget/strings-reading.js";
import "../../commentsvc/static/widget/strings-writing.js";

const WIDGET = new URL("../../commentsvc/static/widget/", import.meta.url);

test("a sentence takes its values and its plural", () => {
  const say = speak("en");

  assert.equal(say("fresh", { n: 1 }), "View 1 new comment");
  assert.equal(say("fresh", { n: 1200 }), "View 1,200 new comments");
  assert.equal(say("in_reply_to", { name: "{n} $& Ada" }), "in reply to {n} $& Ada");
});

test("a language without a catalogue speaks English with its own numbers", () => {
  const say = speak("de-AT");

  assert.match(say("left", { n: 4000 }), /^4.?000 characters left$/);
});

test("an unknown sentence is empty, so that callers can fall back", () => {
  assert.equal(speak("en")("error_no_such_code"), "");
});

test("every sentence that a module says is in the catalogue", () => {
  const modules = readdirSync(WIDGET).filter((name) => name.endsWith(".js"));
  const said = modules.flatMap((name) => [...readFileSync(new URL(name, WIDGET), "utf8").matchAll(/\bsay\("(\w+)"/g)]);

  const missing = said.map((match) => match[1]).filter((key) => !(key in catalogues.en));

  assert.ok(said.length > 30);
  assert.deepEqual(missing, []);
});
