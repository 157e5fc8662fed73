import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { comment, serve, until, window } from "./page.mjs";
import { ArticleComments } from "../../commentsvc/static/widget/element.js";

const { document } = window;
const CONFIG = {
  site: "daily",
  name: "The Daily",
  guidelines: {
    version: 3,
    text: "Be kind.",
    items: [{ guideline: "courtesy", title: "Be courteous", text: "Argue the matter." }],
  },
  sorts: ["best", "newest", "oldest", "replies", "controversial"],
  limits: { max_length: 100, edit_window: 300 },
};
customElements.define("article-comments", ArticleComments);

beforeEach(() => window.localStorage.clear());

test("a thread is shown as text, never as HTML", async (t) => {
  const hostile = '<img src=x onerror="alert(1)"> & <b>bold</b>';
  const { shadow } = await open(t, [comment("1", { body: hostile, author: { id: "9", name: "<i>Eve</i>", badge: "manager" } })]);

  const body = shadow.querySelector('[data-comment-body="1"]');

  assert.equal(body.textContent, hostile);
  assert.equal(shadow.querySelector("img, b, i"), null);
  assert.equal(shadow.querySelector(".name").textContent, "<i>Eve</i>");
  assert.equal(shadow.querySelector(".badge").textContent, "Community manager");
});

test("links are cut by code points, and only web and mail addresses become links", async (t) => {
  const body = "🙂🙂 see news.example/a and mailto:a@b.example not javascript:alert(1)";
  const points = Array.from(body);
  const range = (/** @type {string} */ text) => {
    const start = Array.from(body.slice(0, body.indexOf(text))).length;
    return [start, start + text.length];
  };
  const links = ["news.example/a", "mailto:a@b.example", "javascript:alert(1)"].map(range);
  const { shadow } = await open(t, [comment("1", { body, links })]);

  const anchors = [...shadow.querySelectorAll(".body a")];

  assert.equal(points.slice(...links[0]).join(""), "news.example/a");
  assert.deepEqual(
    anchors.map((a) => [a.textContent, a.getAttribute("href")]),
    [
      ["news.example/a", "https://news.example/a"],
      ["mailto:a@b.example", "mailto:a@b.example"],
    ],
  );
  assert.ok(anchors.every((a) => a.rel === "nofollow ugc noopener"));
  assert.equal(shadow.querySelector(".body").textContent, body);
});

test("an anonymous view asks for nothing personal", async (t) => {
  const { asked } = await open(t, [comment("1")]);

  const paths = asked.map(({ method, url }) => `${method} ${url.pathname}`).filter((path) => !path.endsWith("/new"));

  assert.deepEqual(paths.sort(), ["GET /api/v1/comments", "GET /api/v1/config"]);
});

test("a closed article shows its comments and no place to write", async (t) => {
  const { shadow } = await open(t, [comment("1")], { state: "closed" });

  const labels = [...shadow.querySelectorAll("button")].map((button) => button.textContent);

  assert.match(shadow.querySelector(".closed").textContent, /closed/);
  assert.equal(shadow.querySelector(".prompt"), null);
  assert.ok(!labels.includes("Reply"));
  assert.ok(!labels.includes("Sign up to post"));
  assert.ok(labels.includes("Report"));
});

test("a conversation that the clock has closed says when it opens again", async (t) => {
  const opens_at = new Date(Date.now() + 3 * 24 * 3600_000).toISOString();
  const { shadow } = await open(t, [comment("1")], { state: "closed", opens_at });

  await until(() => shadow.querySelector(".closed").textContent.includes("again"));

  const day = new Date(opens_at).toLocaleDateString("en", { weekday: "long" });
  assert.match(shadow.querySelector(".closed").textContent, new RegExp(`closed.* It opens again at ${day}`));
});

test("readers are told of slow mode and of a breaker, above the place to write", async (t) => {
  const { shadow } = await open(t, [], { slow_mode: 120, notice: "premoderate", mode: "premoderate" });

  await until(() => shadow.querySelector(".rules p"));

  const lines = [...shadow.querySelectorAll(".rules p")].map((line) => line.textContent);
  assert.deepEqual(lines, [
    "This conversation has become heated. For now, the team reads every comment before it appears.",
    "Slow mode is on: everyone can comment once every 2 minutes.",
  ]);
  assert.ok(shadow.querySelector(".rules + div .prompt"));
});

test("an empty thread invites to write", async (t) => {
  const { shadow } = await open(t, []);

  assert.match(shadow.querySelector(".empty").textContent, /No comments yet/);
  assert.ok(shadow.querySelector(".prompt"));
});

test("a tombstone keeps its place and shows nothing else", async (t) => {
  const gone = comment("1", { status: "removed", author: null, body: null, reply_count: 1 });
  const { shadow } = await open(t, [{ ...gone, replies: { comments: [comment("2", { parent: "1", depth: 1 })], next: null } }]);

  const [first, second] = shadow.querySelectorAll("article");

  assert.equal(first.textContent, "This comment was removed.");
  assert.equal(second.querySelector(".body").textContent, "Text 2");
});

test("the guidelines stay closed once closed, until they change", async (t) => {
  const first = await open(t, []);
  const details = first.shadow.querySelector("details");
  assert.equal(details.open, true);
  details.open = false;
  details.dispatchEvent(new window.Event("toggle"));

  const second = await open(t, []);
  const third = await open(t, [], {}, { ...CONFIG, guidelines: { ...CONFIG.guidelines, version: 4 } });

  assert.equal(second.shadow.querySelector("details").open, false);
  assert.equal(third.shadow.querySelector("details").open, true);
});

test("a failed first load says so and tries again", async (t) => {
  let broken = true;
  const answers = routes([comment("1")]);
  const config = () => (broken ? [503, {}] : [200, CONFIG]);
  const { base } = await serve(t, { ...answers, "GET /api/v1/config": config });
  const element = place(base);
  const again = await until(() =>
    [...(element.shadowRoot?.querySelectorAll("button") ?? [])].find((one) => one.textContent === "Try again"),
  );
  broken = false;

  again.click();

  await until(() => element.shadowRoot.querySelector("[data-comment-body]"));
});

test("an element without a site says what is missing", async (t) => {
  const { base } = await serve(t, {});
  const element = place(base, { site: "" });

  const notice = await until(() => element.shadowRoot?.querySelector(".notice"));

  assert.match(notice.textContent, /attributes site and article/);
});

test("elements speak the language around them, else the site's, and are written its way", async (t) => {
  const { base } = await serve(t, routes([comment("1")], {}, { ...CONFIG, locale: "ja" }));
  const wanted = { explicit: "ar", around: "fr-CA", site: "" };
  const elements = Object.fromEntries(
    Object.keys(wanted).map((name) => [name, place(base, { lang: name === "explicit" ? "ar" : null })]),
  );
  document.body.replaceChildren();
  for (const [name, element] of Object.entries(elements)) {
    const around = document.createElement("div");
    around.setAttribute("lang", name === "around" ? "fr-CA" : "");
    around.append(element);
    document.body.append(around);
  }
  t.after(() => document.body.replaceChildren());

  const look = () => Object.values(elements).map(({ shadowRoot }) => shadowRoot?.querySelector("section [part=heading]"));
  const headings = await until(() => look().every(Boolean) && look());

  assert.deepEqual(
    headings.map((heading) => {
      const section = heading.closest("section");
      return [section.lang, section.dir, heading.textContent];
    }),
    [
      ["ar", "rtl", "التعليقات 1"],
      ["fr-CA", "ltr", "Commentaires 1"],
      ["ja", "ltr", "コメント 1"],
    ],
  );
});

test("another lang draws the thread anew in it", async (t) => {
  const { element, shadow } = await open(t, [comment("1")]);

  element.setAttribute("lang", "es");

  await until(() => shadow.querySelector("[part=heading]")?.textContent === "Comentarios 1");
  assert.equal(shadow.querySelectorAll("[data-comment-body]").length, 1);
  assert.equal(shadow.querySelector(".reply").textContent, "Responder");
});

/** Open a thread and wait until it is shown. */
async function open(t, comments, article = {}, config = CONFIG) {
  const { base, asked } = await serve(t, routes(comments, article, config));
  const element = place(base);
  t.after(() => element.remove());
  let ready = false;
  element.addEventListener("comments:ready", () => {
    ready = true;
  });
  await until(() => ready);
  return { element, shadow: element.shadowRoot, asked };
}

function routes(comments, article = {}, config = CONFIG) {
  const head = { key: "story", state: "open", mode: "publish", title: "Story", comment_count: comments.length, ...article };
  return {
    "GET /api/v1/config": config,
    "GET /api/v1/comments": { article: head, comments, next: null },
    "GET /api/v1/comments/new": { count: 0 },
  };
}

function place(base, attributes = {}) {
  ArticleComments.base = base;
  const element = document.createElement("article-comments");
  for (const [name, value] of Object.entries({ site: "daily", article: "story", lang: "en", loading: "eager", ...attributes })) {
    if (value !== null) element.setAttribute(name, value);
  }
  document.body.replaceChildren(element);
  return element;
}
