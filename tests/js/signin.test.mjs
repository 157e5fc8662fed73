import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { serve, until, window } from "./page.mjs";
import { accountOf } from "../../commentsvc/static/widget/account.js";
import { ArticleComments } from "../../commentsvc/static/widget/element.js";

const { document } = window;
const CONFIG = { site: "daily", name: "The Daily", guidelines: { version: 1, text: "", items: [] }, sorts: ["best"], limits: {} };
const NORA = { id: "7", name: "Nora Falk", badge: null, role: "reader" };
customElements.define("article-comments", ArticleComments);

beforeEach(() => {
  window.localStorage.clear();
  window.sessionStorage.clear();
});

/** A service that takes the token "good", once. */
async function service(t) {
  const head = { key: "story", state: "open", mode: "publish", title: null, comment_count: 0, slow_mode: 0 };
  const article = { ...head, opens_at: null, closes_at: null, notice: null };
  return serve(t, {
    "GET /api/v1/config": CONFIG,
    "GET /api/v1/comments": { article, comments: [], next: null },
    "GET /api/v1/comments/new": { count: 0 },
    "GET /api/v1/me": { person: NORA, votes: {}, mine: [], notices: { unread: 0 }, sanctions: [], wait: 0 },
    "POST /api/v1/token": (_url, body) => {
      const { assertion } = JSON.parse(body);
      if (assertion === "good") return [200, { access_token: "a", expires_in: 900, token_type: "Bearer", refresh_token: "r" }];
      const details = { reason: "expired" };
      return [400, { error: { code: "invalid_grant", message: "This sign-in wasn't accepted.", details } }];
    },
  });
}

test("signIn(jwt) in the turn in which the element is placed signs in and tells the page", async (t) => {
  const { base, asked } = await service(t);
  ArticleComments.base = base;
  const element = document.createElement("article-comments");
  element.setAttribute("site", "daily");
  element.setAttribute("article", "story");
  element.setAttribute("loading", "eager");
  const heard = [];
  document.addEventListener("comments:signin", (event) => heard.push(event.detail.person?.name));

  document.body.replaceChildren(element);
  await element.signIn("good");

  await until(() => heard.length);
  assert.deepEqual(heard, ["Nora Falk"]);
  const sent = asked.filter(({ url }) => url.pathname === "/api/v1/token").map(({ body }) => body);
  assert.deepEqual(sent, [
    // Whether cookies stick is found out first, as for a code.
    { grant_type: "refresh_token", site: "daily" },
    { site: "daily", grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: "good", cookie: false },
  ]);
  element.remove();
});

test("a token that isn't taken rejects with the reason and leaves nobody signed in", async (t) => {
  const { base } = await service(t);
  const account = accountOf(base, "daily");

  await assert.rejects(account.signInWith("old"), { code: "invalid_grant", details: { reason: "expired" } });

  assert.equal(account.isSignedIn, false);
});

test("a page that signs its readers in itself is asked instead of a window", async (t) => {
  const { base } = await service(t);
  const account = accountOf(base, "daily");
  const opened = t.mock.fn(() => null);
  window.open = opened;
  const wanted = [];
  const hear = ({ detail }) => {
    wanted.push([detail.site, detail.create]);
    detail.respondWith(wanted.length === 1 ? Promise.resolve(null) : "good");
  };
  document.addEventListener("comments:signin-wanted", hear);

  await assert.rejects(account.signIn(false), { code: "signin_cancelled" });
  await account.signIn(true);
  document.removeEventListener("comments:signin-wanted", hear);

  assert.equal(account.isSignedIn, true);
  assert.deepEqual(wanted, [
    ["daily", false],
    ["daily", true],
  ]);
  document.dispatchEvent(new window.Event("comments:sign-out"));
  assert.equal(account.isSignedIn, false);
  assert.equal(opened.mock.callCount(), 0);
  await assert.rejects(accountOf(base, "other").signIn(false), { code: "popup_blocked" });
});
