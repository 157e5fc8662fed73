import assert from "node:assert/strict";
import { test } from "node:test";
import { serve, window } from "./page.mjs";
import { fillCounts } from "../../commentsvc/static/widget/counts.js";

const { document } = window;

test("all counts of a site come by one request", async (t) => {
  const answer = { counts: { a: 1200, "b & c": 0 } };
  const { base, asked } = await serve(t, { "GET /api/v1/counts": answer });
  const spans = ["a", "b & c", "a"].map((key) => span(key));
  document.body.replaceChildren(...spans);

  await fillCounts(document, base);

  assert.deepEqual(
    spans.map((one) => one.textContent),
    ["1,200", "0", "1,200"],
  );
  assert.deepEqual(
    asked.map(({ url }) => url.searchParams.getAll("article")),
    [["a", "b & c"]],
  );
});

test("more than a hundred articles are asked for in turns", async (t) => {
  const { base, asked } = await serve(t, { "GET /api/v1/counts": { counts: {} } });
  document.body.replaceChildren(...Array.from({ length: 130 }, (_, at) => span(`k${at}`)));

  await fillCounts(document, base);

  assert.deepEqual(
    asked.map(({ url }) => url.searchParams.getAll("article").length),
    [100, 30],
  );
});

test("the page's own text stays when the service doesn't answer", async () => {
  const one = span("a");
  document.body.replaceChildren(one);

  await fillCounts(document, "http://127.0.0.1:9/");

  assert.equal(one.textContent, "–");
});

function span(key) {
  const one = document.createElement("span");
  one.dataset.commentCount = key;
  one.dataset.site = "daily";
  one.textContent = "–";
  return one;
}
