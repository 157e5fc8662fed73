// What happens when a form of the card is sent? Its case leaves at once, and comes back if nothing came of it.

import { forget, refresh, reload, show } from "./cards.js";
import { ask, bar, card, current, isQueue, tell, untaken } from "./page.js";

const LAST = "console-last-decision";
let sending = Promise.resolve();

/** Send a decision, a note or an answer. */
export function send(form, submitter) {
  const body = new FormData(form, submitter);
  const leaves = isQueue && (form.matches("[data-decide]") || body.has("approve"));
  if (body.has("action")) remember(form, body);
  tell("sending", "Sending…");
  const entry = current();
  const stays = form.matches("[data-write]") ? reload : refresh;
  const done = ({ isDone }) => {
    if (!isDone) return form.matches("[data-write]") && !leaves ? undefined : refresh();
    return leaves || form.matches("[data-escalate]") ? undefined : stays();
  };
  post(form.getAttribute("action"), body, done);
  if (leaves) leave();
  else if (form.matches("[data-escalate]")) moveOn(entry);
}

/** Take the last decision back. */
export function undo(form) {
  const body = new FormData(form);
  tell("sending", "Taking back…");
  post(form.getAttribute("action"), body, () => refresh(bar.querySelector("a")?.href));
}

/** Take back whatever the bar offers to, once everything sent before has been answered. */
export function undoLast() {
  sending.then(() => bar.querySelector("[data-undo]")?.requestSubmit());
}

/** Do to this case what was done last. */
export function repeat() {
  const last = lastDecision();
  const escalates = last?.find(([name, value]) => name === "action" && value === "escalate");
  const form = card.querySelector(escalates ? "[data-escalate]" : "[data-decide]");
  if (!last) return tell("conflict", "Nothing has been decided yet that could be repeated.");
  if (!form) return;
  const copy = form.cloneNode(true);
  for (const field of copy.querySelectorAll("button, textarea, fieldset, input:not([type=hidden])")) field.remove();
  for (const [name, value] of last) copy.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  send(copy);
}

/** Say on the button what it would repeat. */
export function nameRepeat() {
  const button = card.querySelector("[data-repeat]");
  const last = lastDecision();
  if (!button || !last) return;
  const given = Object.fromEntries(last);
  button.hidden = false;
  button.title = `Once more: ${[given.action, given.guideline?.replace("_", " ")].filter(Boolean).join(", ")}`;
}

/** The address comes from the attribute: form.action is the button of that name. */
function post(url, body, then) {
  sending = sending.then(async () => {
    try {
      const answer = await ask(url, { method: "POST", body, keepalive: true });
      bar.innerHTML = answer.html;
      await then(answer);
    } catch {
      tell("failed", "That could not be sent: nothing was decided. Check the connection and try again.");
      await refresh().catch(() => {});
    }
  });
}

function leave() {
  const entry = current();
  if (!entry) return;
  const next = untaken(entry, 1) ?? untaken(entry, -1);
  forget(entry.href);
  entry.closest("li").remove();
  const count = document.querySelector("#open-count");
  if (count) count.textContent = String(Math.max(0, Number(count.textContent) - 1));
  document.dispatchEvent(new Event("console:left"));
  if (next) return show(next);
  // The last one of this page: what comes after it, the server knows, once it has the decision.
  const start = new URL(location.href);
  for (const name of ["case", "after", "decided", "undone", "noted", "answered", "approved"]) start.searchParams.delete(name);
  sending = sending.then(() => refresh(start.href));
}

/** An escalated case stays in the list, marked; the next one is shown. */
function moveOn(entry) {
  const why = entry?.querySelector(".entry-why");
  if (why && !why.textContent.includes("Escalated")) why.textContent += " · Escalated";
  if (entry) forget(entry.href);
  const next = entry && untaken(entry, 1);
  if (next) show(next);
  else sending = sending.then(() => refresh());
}

function remember(form, body) {
  if (!form.matches("[data-decide], [data-escalate]")) return;
  const kept = ["action", "guideline", "message", "note"].filter((name) => body.has(name)).map((name) => [name, body.get(name)]);
  try {
    sessionStorage.setItem(LAST, JSON.stringify(kept));
  } catch {
    // Without storage there is nothing to repeat.
  }
}

function lastDecision() {
  try {
    return JSON.parse(sessionStorage.getItem(LAST));
  } catch {
    return null;
  }
}
