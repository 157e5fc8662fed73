// How does a manager decide with one key a case? Every answer is part of a page that works without this file.

import { keep, lookAhead, refresh, show, step } from "./cards.js";
import { nameRepeat, repeat, send, undo, undoLast } from "./deciding.js";
import { actOf, isOn, isTyping, switchKeys } from "./keys.js";
import { awaken, card, current, help } from "./page.js";
import { choose, close, open, panel, proposeMessage, sendOpen, toggleContext } from "./panels.js";
import { count, extend, reach, ticked, toggle } from "./selection.js";

const ALWAYS = new Set(["next", "previous", "undo", "help"]);
const keysOn = document.querySelector("#keys-on");

const ACTS = {
  next: () => step(1),
  previous: () => step(-1),
  approve: () => card.querySelector('button[value="approve"]')?.click(),
  reject: () => open("reject"),
  escalate: () => open("escalate"),
  note: () => open("note"),
  answer: () => open("answer"),
  context: toggleContext,
  repeat,
  undo: undoLast,
  select: toggle,
  select_next: () => extend(1),
  select_previous: () => extend(-1),
  help: () => help.showModal(),
};

function onKey(event) {
  if (event.defaultPrevented) return;
  if (event.key === "Escape" && panel()) return close();
  if (event.key === "Enter" && event.ctrlKey && panel()) return sendOpen();
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || help.open || !isOn()) return;
  if (isTyping(event.target)) return;
  const isDigit = /^[1-9]$/.test(event.key);
  const name = actOf(event.key);
  const act = panel() ? isDigit && (() => choose(Number(event.key))) : ACTS[name];
  if (!act) return;
  event.preventDefault();
  // A card that isn't there yet is not to be decided.
  if (!card.inert || ALWAYS.has(name)) act();
}

function onClick(event) {
  const { target } = event;
  if (target.closest("[data-close]")) return close();
  if (target.closest("#help-button")) return help.showModal();
  if (target.closest("[data-repeat]")) return repeat();
  if (event.button || event.ctrlKey || event.metaKey) return;
  const by = target.closest("[data-step]")?.dataset.step;
  if (by) {
    event.preventDefault();
    return step(Number(by));
  }
  if (event.shiftKey && target.matches("input[name=chosen]")) return reach(target.closest("li").querySelector(".entry"));
  const entry = target.closest(".entry");
  if (!entry) return;
  event.preventDefault();
  if (event.shiftKey) return reach(entry);
  show(entry, { push: !document.body.classList.contains("on-card") });
}

function onSubmit(event) {
  if (!event.target.matches("[data-decide], [data-keep], [data-undo], [data-escalate], [data-write]")) return;
  event.preventDefault();
  if (event.target.matches("[data-undo]")) undo(event.target);
  else send(event.target, event.submitter);
}

function onChange(event) {
  if (event.target.matches(".choice input")) proposeMessage(event.target);
  if (event.target.matches("input[name=chosen]")) ticked(event.target);
}

/** A form opened by hand has its first field in focus, as one opened by its key. */
function onToggle(event) {
  const { target } = event;
  if (target.matches?.(".act[open]") && !target.contains(document.activeElement?.closest(".panel"))) open(target.id);
}

keysOn.checked = isOn();
keysOn.addEventListener("change", () => switchKeys(keysOn.checked));
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("submit", onSubmit);
document.addEventListener("change", onChange);
document.addEventListener("toggle", onToggle, true);
document.addEventListener("reset", (event) => event.target.matches("#bulk") && setTimeout(count));
document.addEventListener("console:left", count);
document.addEventListener("console:card", nameRepeat);
addEventListener("popstate", () => refresh());
awaken();
nameRepeat();
keep();
if (current()) lookAhead();
