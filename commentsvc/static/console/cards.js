// Which card is shown, and is the next one at hand before it is asked for?

import { announce, ask, awaken, card, current, entries, isQueue, tell, untaken } from "./page.js";

const AHEAD = 5;
const AT_ONCE = 2;
const FRESH = 120_000;
/** Address → {at, ready}: a card fetched and parsed. Should it change meanwhile, deciding it is a conflict. */
const fetched = new Map();
let onTheWay = 0;
let extending = null;

/** Show an entry's card; one that is at hand appears at once. */
export async function show(entry, { push = false } = {}) {
  if (!entry) return announce("There is no further case here.");
  for (const other of entries()) other.removeAttribute("aria-current");
  entry.setAttribute("aria-current", "true");
  document.body.classList.add("on-card");
  // Until its card is there, the one before must not be decided in its name.
  card.inert = true;
  try {
    const page = await fetchCard(entry.href);
    if (current() !== entry) return;
    card.replaceChildren(page.cloneNode(true));
    // The card first: scrolling makes the browser lay out the page, and an address is news to other processes.
    place(entry, push);
    settle();
  } catch {
    if (current() !== entry) return;
    card.replaceChildren();
    place(entry, push);
    forget();
    tell("failed", "This case could not be fetched. Check the connection and try again.");
  }
}

/** Show the next case or the one before; at the list's end, what comes behind it. */
export async function step(by) {
  const from = current();
  if (!untaken(from, by) && by > 0) await extend();
  if (current() === from) return show(untaken(from, by));
}

/** Fetch the current card again, because something on it has changed. */
export function reload() {
  const entry = current();
  if (!entry) return;
  forget(entry.href);
  return show(entry);
}

/** Throw away one card, or all of them. */
export function forget(href) {
  if (href) fetched.delete(href);
  else fetched.clear();
}

/** Keep the card that came with the page, for who comes back to it. */
export function keep() {
  const entry = current();
  if (!entry || !card.querySelector("[data-case]")) return;
  const content = document.createElement("template").content;
  content.append(...card.cloneNode(true).childNodes);
  fetched.set(entry.href, { at: Date.now(), ready: Promise.resolve(content) });
}

/** Have the next cards at hand, and the next page of the list before its end is reached. */
export function lookAhead() {
  const all = entries();
  const at = all.indexOf(current());
  for (const [href, { at: when }] of fetched) if (Date.now() - when > FRESH) fetched.delete(href);
  for (const entry of all.slice(at + 1, at + 1 + AHEAD)) {
    if (onTheWay >= AT_ONCE) return;
    if (!fetched.has(entry.href)) void fetchCard(entry.href).then(lookAhead, () => {});
  }
  if (at >= 0 && all.length - at <= AHEAD) void extend();
}

/** Fetch a page again and take its list and card over; the bar stays. */
export async function refresh(url = location.href) {
  forget();
  const answer = await fetch(url);
  if (!answer.ok || answer.redirected) return location.assign(url);
  const page = parse(await answer.text());
  for (const part of ["#list", ".tabs", "#card"]) {
    document.querySelector(part).innerHTML = page.querySelector(part).innerHTML;
  }
  document.body.className = page.body.className;
  history.replaceState(null, "", url);
  keep();
  settle();
  current()?.scrollIntoView({ block: "nearest" });
}

/** Put a card that is there now in order: at its top, in focus, with the next ones on their way. */
function settle() {
  card.inert = false;
  awaken();
  document.querySelector(".pane").scrollTop = 0;
  document.querySelector("#why")?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("console:card", { detail: { case: card.querySelector("[data-case]")?.dataset.case } }));
  // After the frame in which the card appears: fetching must not delay what is there already.
  setTimeout(lookAhead);
}

function place(entry, push) {
  history[push ? "pushState" : "replaceState"](null, "", entry.href);
  entry.scrollIntoView({ block: "nearest" });
}

function fetchCard(href) {
  const known = fetched.get(href);
  if (known) return known.ready;
  onTheWay += 1;
  const ready = ask(href)
    .then(({ html }) => Object.assign(document.createElement("template"), { innerHTML: html }).content)
    .finally(() => {
      onTheWay -= 1;
    });
  fetched.set(href, { at: Date.now(), ready });
  ready.catch(() => fetched.delete(href));
  return ready;
}

/** Put the next page of the list behind this one; whoever asks meanwhile waits for the same. */
function extend() {
  extending ??= fetchMore().finally(() => {
    extending = null;
  });
  return extending;
}

async function fetchMore() {
  const more = document.querySelector(".more a.button");
  if (!more || !isQueue) return;
  try {
    const answer = await fetch(more.href);
    if (!answer.ok || answer.redirected || !more.isConnected) return;
    const page = parse(await answer.text());
    const known = new Set([...document.querySelectorAll("#entries > li")].map((item) => item.dataset.case));
    for (const item of page.querySelectorAll("#entries > li")) {
      if (known.has(item.dataset.case)) continue;
      item.querySelector(".entry").removeAttribute("aria-current");
      document.querySelector("#entries").append(item);
    }
    const next = page.querySelector(".more a.button");
    if (next) more.href = next.href;
    else more.parentElement.remove();
    setTimeout(lookAhead);
  } catch {
    // The link is still there for whoever wants more.
  }
}

function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}
