// How many comments do the articles that this page lists have? Sent as /counts.js, to pages that list articles only, too.
const AT_ONCE = 100;

/**
 * Fill every `<span data-comment-count="KEY" data-site="SITE">`: one request a site for up to 100 articles.
 *
 * @param {ParentNode} [page] a part of it, when some were added later
 * @param {string} [base] where the service is
 */
export async function fillCounts(page = document, base = new URL(".", import.meta.url).href) {
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
    const answer = await fetch(`${base}api/v1/counts?${query}`, { credentials: "omit" }).catch(() => null);
    const { counts } = answer?.ok ? await answer.json() : { counts: {} };
    for (const span of spans) {
      const count = counts[span.dataset.commentCount ?? ""];
      if (count !== undefined) span.textContent = count.toLocaleString(document.documentElement.lang || undefined);
    }
  }
}

fillCounts();
