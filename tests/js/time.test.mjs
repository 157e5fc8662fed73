import assert from "node:assert/strict";
import { test } from "node:test";
import "./page.mjs";
import { ago, timeElement } from "../../commentsvc/static/widget/time.js";

const NOW = Date.parse("2026-11-23T12:00:00Z");

for (const [moment, said] of [
  ["2026-11-23T11:59:50Z", "now"],
  ["2026-11-23T11:58:30Z", "1 minute ago"],
  ["2026-11-23T09:00:00Z", "3 hours ago"],
  ["2026-11-22T11:00:00Z", "yesterday"],
  ["2026-11-09T11:00:00Z", "2 weeks ago"],
  ["2026-01-02T11:00:00Z", "Jan 2, 2026"],
]) {
  test(`${moment} is ${said}`, () => {
    assert.equal(ago(moment, "en", NOW), said);
  });
}

test("a moment that a slow clock puts into the future is now", () => {
  assert.equal(ago("2026-11-23T12:03:00Z", "en", NOW), "now");
});

test("a time element keeps the exact moment", () => {
  const element = timeElement("2026-11-23T09:00:00Z", "en");

  assert.equal(element.getAttribute("datetime"), "2026-11-23T09:00:00Z");
  assert.match(element.title, /2026/);
});
