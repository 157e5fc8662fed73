import assert from "node:assert/strict";
import { test } from "node:test";
import { serve } from "./page.mjs";
import { ApiError, explain, read, send } from "../../commentsvc/static/widget/api.js";
import { speak, withWords } from "../../commentsvc/static/widget/speech.js";

const { say } = await speak("en");

test("reading leaves out what has no value", async (t) => {
  const { base, asked } = await serve(t, { "GET /api/v1/comments": { comments: [] } });

  const answer = await read(base, "comments", { site: "daily", sort: null, after: undefined, limit: 20 });

  assert.deepEqual(answer, { comments: [] });
  assert.equal(asked[0].url.search, "?site=daily&limit=20");
  assert.equal(asked[0].headers.authorization, undefined);
});

test("writing carries the token, the key and JSON", async (t) => {
  const { base, asked } = await serve(t, { "POST /api/v1/comments": () => [201, { id: "7" }] });

  const answer = await send(base, "POST", "comments", { body: "Hi" }, { token: "t", key: "k" });

  assert.deepEqual(answer, { id: "7" });
  assert.equal(asked[0].headers.authorization, "Bearer t");
  assert.equal(asked[0].headers["idempotency-key"], "k");
  assert.deepEqual(asked[0].body, { body: "Hi" });
});

test("a limit says how long to wait", async (t) => {
  const body = { error: { code: "too_many_requests", message: "Slow down." } };
  const { base } = await serve(t, { "POST /api/v1/comments": () => [429, body, { "Retry-After": "12" }] });

  const error = await send(base, "POST", "comments", {}).catch((caught) => caught);

  assert.ok(error instanceof ApiError);
  assert.equal(explain(error, say), "That was quick. Please wait 12 seconds.");
});

test("a refusal without a sentence of ours says the service's", async (t) => {
  const { base } = await serve(t, {
    "GET /api/v1/config": () => [403, { error: { code: "sanctioned", message: "You are suspended." } }],
  });

  const error = await read(base, "config").catch((caught) => caught);

  assert.equal(error.code, "sanctioned");
  assert.equal(explain(error, say), "You are suspended.");
});

test("no answer is told from a wrong one", async (t) => {
  const { base } = await serve(t, { "GET /api/v1/config": () => [502, null] });

  const broken = await read(base, "config").catch((caught) => caught);
  const gone = await read("http://127.0.0.1:9/", "config").catch((caught) => caught);

  assert.match(explain(broken, say), /isn't answering properly/);
  assert.match(explain(gone, say), /no connection/);
});

test("what the service says is said in the reader's language where there are words for it", async () => {
  const { say: german } = await speak("de");
  await withWords(Promise.resolve(), "-writing");
  const told = (/** @type {string} */ message) => explain(new ApiError(403, { code: "forbidden", message }), german);

  assert.equal(told("You can't vote on your own comment."), "Über Ihren eigenen Kommentar können Sie nicht abstimmen.");
  assert.equal(told("Something new."), "Something new.");
});
