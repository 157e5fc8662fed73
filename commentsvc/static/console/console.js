// How does a manager decide with one key a case? Every answer is part of a page that works without this file.

const OFF = "console-keys-off";
const card = document.querySelector("#card");
const bar = document.querySelector("#bar");
const help = document.querySelector("#help");
const keysOn = document.querySelector("#keys-on");
const isQueue = location.pathname.split("/").length === 3;
const ahead = new Map();
let sending = Promise.resolve();

const entries = () => [...document.querySelectorAll(".entry")];
const current = () => document.querySelector(".entry[aria-current]");
const panel = () => document.querySelector("#reject[open]");
const neighbour = (entry, step) => entries()[entries().indexOf(entry) + step];

/** Ask one of the console's own addresses for a part of a page; a conflict is an answer too. */
async function ask(url, options = {}) {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "X-Part": "card", "X-CSRFToken": csrf };
  const answer = await fetch(url, { ...options, headers });
  if (answer.status === 401) location.reload();
  if (!answer.ok && answer.status !== 409) throw new Error(`answered ${answer.status}`);
  return { html: await answer.text(), isConflict: answer.status === 409 };
}

function say(kind, text) {
  const line = document.createElement("div");
  line.className = `bar bar-${kind}`;
  line.append(Object.assign(document.createElement("p"), { textContent: text }));
  bar.replaceChildren(line);
}

async function show(entry, { push = false } = {}) {
  if (!entry) return;
  for (const other of entries()) other.removeAttribute("aria-current");
  entry.setAttribute("aria-current", "true");
  entry.scrollIntoView({ block: "nearest" });
  history[push ? "pushState" : "replaceState"](null, "", entry.href);
  document.body.classList.add("on-card");
  try {
    const { html } = await (ahead.get(entry.href) ?? ask(entry.href));
    if (current() !== entry) return;
    card.innerHTML = html;
    awaken();
    document.querySelector(".pane").scrollTop = 0;
    document.querySelector("#why")?.focus({ preventScroll: true });
    fetchAfter(entry);
  } catch {
    ahead.clear();
    say("failed", "This case could not be fetched. Check the connection and try again.");
  }
}

/** Have the next card at hand before it is asked for; should it change meanwhile, deciding it is a conflict. */
function fetchAfter(entry) {
  const next = neighbour(entry, 1);
  ahead.clear();
  if (next) ahead.set(next.href, ask(next.href));
  ahead.get(next?.href)?.catch(() => ahead.clear());
}

/** Fetch a page again and take its list and card over; the bar stays. */
async function refresh(url = location.href) {
  ahead.clear();
  const answer = await fetch(url);
  if (!answer.ok || answer.redirected) return location.assign(url);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of ["#list", ".tabs", "#card"]) {
    document.querySelector(part).innerHTML = page.querySelector(part).innerHTML;
  }
  document.body.className = page.body.className;
  history.replaceState(null, "", url);
  awaken();
  current()?.scrollIntoView({ block: "nearest" });
}

/** Send a decision; its case leaves at once, and comes back if nothing came of it. */
function decide(form, submitter) {
  const body = new FormData(form, submitter);
  const leaves = isQueue && form.matches("[data-decide]");
  say("sending", "Sending…");
  send(form.getAttribute("action"), body, ({ isConflict }) => (isConflict || !leaves) && refresh());
  if (leaves) leave();
}

function undo(form) {
  const body = new FormData(form);
  say("sending", "Taking back…");
  send(form.getAttribute("action"), body, () => refresh(bar.querySelector("a")?.href));
}

/** The address comes from the attribute: form.action is the button of that name. */
function send(url, body, then) {
  sending = sending.then(async () => {
    try {
      const answer = await ask(url, { method: "POST", body, keepalive: true });
      bar.innerHTML = answer.html;
      await then(answer);
    } catch {
      say("failed", "That could not be sent: nothing was decided. Check the connection and try again.");
      await refresh().catch(() => {});
    }
  });
}

function leave() {
  const entry = current();
  if (!entry) return;
  const next = neighbour(entry, 1) ?? neighbour(entry, -1);
  entry.closest("li").remove();
  const count = document.querySelector("#open-count");
  if (count) count.textContent = String(Math.max(0, Number(count.textContent) - 1));
  if (next) return show(next);
  // The last one of this page: what comes after it, the server knows, once it has the decision.
  const start = new URL(location.href);
  for (const name of ["case", "after", "decided", "undone"]) start.searchParams.delete(name);
  sending = sending.then(() => refresh(start.href));
}

function openPanel() {
  const details = document.querySelector("#reject");
  if (!details) return;
  details.open = true;
  (details.querySelector("input:checked") ?? details.querySelector("input[type=radio]")).focus();
}

function closePanel() {
  const details = panel();
  details.open = false;
  details.querySelector("summary").focus();
}

function choose(number) {
  const choice = panel().querySelectorAll("input[type=radio]")[number - 1];
  choice?.click();
  choice?.focus();
}

/** Let the proposed message follow the guideline, as long as nobody has written their own. */
function proposeMessage(choice) {
  const message = choice.form.elements.message;
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const proposals = [...choice.form.elements.guideline].map((radio) => plain(radio.dataset.text));
  if (proposals.includes(plain(message.value))) message.value = choice.dataset.text;
}

const KEYS = {
  j: () => show(neighbour(current(), 1)),
  k: () => show(neighbour(current(), -1)),
  a: () => card.querySelector('button[value="approve"]')?.click(),
  r: openPanel,
  u: () => sending.then(() => bar.querySelector("[data-undo]")?.requestSubmit()),
  "?": () => help.showModal(),
};

function onKey(event) {
  if (event.key === "Escape" && panel()) return closePanel();
  if (event.key === "Enter" && event.ctrlKey && panel()) return panel().querySelector(".reject-now").click();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open || !keysOn.checked) return;
  if (event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])")) return;
  const isDigit = /^[1-9]$/.test(event.key);
  const act = panel() ? isDigit && (() => choose(Number(event.key))) : KEYS[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function onClick(event) {
  if (event.target.closest("[data-close]")) return closePanel();
  if (event.target.closest("#help-button")) return help.showModal();
  const step = event.target.closest("[data-step]")?.dataset.step;
  if (step) return show(neighbour(current(), Number(step)));
  const entry = event.target.closest(".entry");
  if (!entry || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  show(entry, { push: !document.body.classList.contains("on-card") });
}

function onSubmit(event) {
  if (!event.target.matches("[data-decide], [data-keep], [data-undo]")) return;
  event.preventDefault();
  if (event.target.matches("[data-undo]")) undo(event.target);
  else decide(event.target, event.submitter);
}

/** Show what only a script can do. */
function awaken() {
  for (const part of document.querySelectorAll(".steps, [data-close], #help-button")) part.hidden = false;
}

function rememberKeys() {
  try {
    localStorage.setItem(OFF, keysOn.checked ? "" : "1");
  } catch {
    // Without storage the choice holds for this page.
  }
}

function recallKeys() {
  try {
    return localStorage.getItem(OFF) !== "1";
  } catch {
    return true;
  }
}

keysOn.checked = recallKeys();
keysOn.addEventListener("change", rememberKeys);
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
document.addEventListener("change", (event) => event.target.matches(".choice input") && proposeMessage(event.target));
addEventListener("popstate", () => refresh());
awaken();
if (current()) fetchAfter(current());
