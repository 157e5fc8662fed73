// What do the tests of the widget stand on? A page without a browser, and a service that answers over real HTTP.
import { createServer } from "node:http";
import { Window } from "happy-dom";

export const window = new Window({ url: "http://localhost/story" });

const names = [
  "document",
  "location",
  "history",
  "navigator",
  "HTMLElement",
  "customElements",
  "CustomEvent",
  "Event",
  "EventTarget",
  "Text",
  "Node",
];
for (const name of [...names, "localStorage", "sessionStorage", "CSSStyleSheet", "MessageEvent"]) {
  Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
}
Object.defineProperty(globalThis, "window", { value: window, configurable: true });
globalThis.requestAnimationFrame = (/** @type {() => void} */ act) => setTimeout(act, 0);

/**
 * Serve answers by "METHOD path" until the test ends; a function is given the request and its body.
 *
 * @param {import("node:test").TestContext} test
 * @param {Record<string, any>} answers
 */
export async function serve(test, answers) {
  const asked = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const url = new URL(request.url, "http://service");
    asked.push({ method: request.method, url, headers: request.headers, body: body && JSON.parse(body) });
    const answer = answers[`${request.method} ${url.pathname}`];
    const [status, json, headers] = typeof answer === "function" ? answer(url, body) : [answer ? 200 : 404, answer ?? {}];
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(JSON.stringify(json));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  test.after(() => server.close());
  return { base: `http://127.0.0.1:${server.address().port}/`, asked };
}

/**
 * Make a comment as the service writes it.
 *
 * @param {string} id
 * @param {object} [more]
 */
export function comment(id, more = {}) {
  return {
    id,
    revision: 1,
    parent: null,
    author: { id: `p${id}`, name: `Reader ${id}`, badge: null },
    body: `Text ${id}`,
    links: [],
    status: "published",
    created_at: new Date(Date.now() - 3600_000).toISOString(),
    edited_at: null,
    votes: { up: 0, down: 0 },
    reply_count: 0,
    depth: 0,
    pinned: false,
    featured: false,
    ...more,
  };
}

/**
 * Wait until something is so, or fail.
 *
 * @template T
 * @param {() => T} look
 * @returns {Promise<NonNullable<T>>}
 */
export async function until(look) {
  const end = Date.now() + 3000;
  for (;;) {
    const seen = look();
    if (seen) return seen;
    if (Date.now() > end) throw new Error(`never happened: ${look}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
