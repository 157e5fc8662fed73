// How does a person's page follow the job that rejects what they posted, without being loaded again?

const EVERY_MS = 1000;

async function look() {
  const shown = document.getElementById("clearing");
  if (!shown || !("open" in shown.dataset)) return;
  try {
    const answer = await fetch(location.pathname, { headers: { "X-Part": "clearing" } });
    if (answer.ok) replace(shown, await answer.text());
  } catch {
    // The next look may find the connection again.
  }
  setTimeout(look, EVERY_MS);
}

/**
 * @param {HTMLElement} shown
 * @param {string} html
 */
function replace(shown, html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("clearing");
  if (!fresh) return;
  const held = shown.contains(document.activeElement);
  shown.replaceWith(fresh);
  // Whoever stood on the button still does.
  if (held) fresh.querySelector("button")?.focus();
}

setTimeout(look, EVERY_MS);
