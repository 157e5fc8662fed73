// Who else is here, who has which case, and how much waits? Asked every ten seconds while the page is seen.

const EVERY_MS = 10_000;
const ACTIVE_MS = 90_000;
const top_ = document.querySelector("[data-live]");
const csrf = () => document.querySelector('meta[name="csrf-token"]').content;
const isQueue = Boolean(document.querySelector("[data-here]"));
let active = Date.now();
let looking = "";
let timer = 0;
let asking = false;
let askAgain = false;

/** The open case on the card, unless the card is hidden behind the list, as on a phone. */
function shownCase() {
  const card = document.querySelector("#card [data-case]");
  return isQueue && card?.querySelector("[data-lease]") && card.offsetParent ? card.dataset.case : "";
}

function fields() {
  const body = new FormData();
  body.set("csrf_token", csrf());
  body.set("case", looking);
  body.set("active", Date.now() - active < ACTIVE_MS ? "1" : "0");
  return body;
}

async function ask() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(ask, EVERY_MS);
  // What happened since a question was sent may be missing from its answer: another one follows.
  askAgain = asking;
  if (asking) return;
  asking = true;
  looking = shownCase();
  try {
    const answer = await fetch(top_.dataset.live, { method: "POST", body: fields(), headers: { "X-Part": "live" } });
    if (answer.ok) show(await answer.json());
  } catch {
    // Without a connection the page shows what it knew; the next try comes by itself.
  }
  asking = false;
  if (askAgain) ask();
  else if (shownCase() !== looking) soon();
}

/** Ask in a moment: whoever leafs through the queue takes nothing on the way. */
function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, 400);
}

function text(selector, words) {
  for (const place of document.querySelectorAll(selector)) {
    if (place.textContent !== words) place.textContent = words;
  }
}

function show(live) {
  text("#open-count", String(live.open));
  text("[data-backlog]", live.backlog);
  for (const [view, count] of Object.entries(live.views)) text(`[data-view="${view}"]`, count);
  if (!isQueue) return;
  text("[data-here]", live.here_words);
  document.querySelector("[data-here]").hidden = !live.here_words;
  const mine = Object.values(live.leases).filter((lease) => lease.mine).length;
  text("[data-held]", String(mine));
  for (const form of document.querySelectorAll("[data-holding]")) form.hidden = !mine;
  for (const entry of document.querySelectorAll("#entries li[data-case]")) showHolder(entry, live);
  showLease(live);
}

function showHolder(entry, live) {
  const lease = live.leases[entry.dataset.case];
  const looks = live.here.find((who) => who.case === entry.dataset.case);
  const line = entry.querySelector("[data-holder]");
  if (!line) return;
  line.hidden = !(lease || looks);
  if (lease) line.textContent = lease.mine ? "You have this" : `${lease.by} has this`;
  else if (looks) line.textContent = `${looks.name} looks at this`;
  entry.toggleAttribute("data-taken", Boolean(lease && !lease.mine));
}

function showLease(live) {
  const part = document.querySelector("#card [data-lease]");
  const shown = document.querySelector("#card [data-case]")?.dataset.case;
  if (!part) return;
  const lease = live.leases[shown];
  part.querySelector("[data-mine]").hidden = !lease?.mine;
  part.querySelector("[data-theirs]").hidden = !lease || lease.mine;
  if (lease && !lease.mine) part.querySelector("[data-holder]").textContent = lease.by;
}

function stir() {
  const wasIdle = Date.now() - active >= ACTIVE_MS;
  active = Date.now();
  if (wasIdle) soon();
}

if (top_) {
  for (const kind of ["keydown", "pointerdown", "pointermove", "scroll", "focus"]) {
    addEventListener(kind, stir, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => !document.hidden && ask());
  addEventListener("focus", ask);
  addEventListener("pagehide", () => navigator.sendBeacon(top_.dataset.leave, fields()));
  const card = document.querySelector("#card");
  if (card) new MutationObserver(() => shownCase() !== looking && soon()).observe(card, { childList: true });
  const bar = document.querySelector("#bar");
  if (bar) new MutationObserver(soon).observe(bar, { childList: true });
  ask();
}
