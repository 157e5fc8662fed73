// How many comments do the articles that this page lists have?
import { read } from "./api.js";

const AT_ONCE = 100;

/**
 * Fill every `<span data-comment-count="KEY" data-site="SITE">`: one request a site for up to 100 articles.
 *
 * @param {string} base
 * @param {ParentNode} [page]
 */
export async function fillCounts(base, page = document) {
  /** @type {Map<string, HTMLElement[]>} */
  const bySite = new Map();
  for (const span of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-comment-count][data-site]"))) {
    const site = span.dataset.site ?? "";
    bySite.set(site, [...(bySite.get(site) ?? []), span]);
  }
  await Promise.all([...bySite].map(([site, spans]) => fillSite(base, site, spans)));
}

/**
 * @param {string} base
 * @param {string} site
 * @param {HTMLElement[]} spans
 */
async function fillSite(base, site, spans) {
  const keys = [...new Set(spans.map((span) => span.dataset.commentCount ?? ""))];
  for (let at = 0; at < keys.length; at += AT_ONCE) {
    const query = new URLSearchParams([["site", site], ...keys.slice(at, at + AT_ONCE).map((key) => ["article", key])]);
    // Without an answer the page's own text stays: a count is an ornament, not a promise.
    const answer = await read(base, `counts?${query}`).catch(() => ({ counts: {} }));
    for (const span of spans) {
      const count = answer.counts[span.dataset.commentCount ?? ""];
      if (count !== undefined) span.textContent = count.toLocaleString(document.documentElement.lang || undefined);
    }
  }
}
