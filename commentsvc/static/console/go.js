// How does one get from page to page with two keys? On every page of the console: the go key, then a letter of the tabs.

import { isOn, isTyping, keys } from "./keys.js";

const PATIENCE = 1500;
let pressed = 0;

/** Runs before the page's own keys, and takes the second key for itself whatever it means there. */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.key === "Shift") return;
  if (!isOn() || isTyping(event.target) || document.querySelector("dialog[open], .act[open]")) return;
  if (Date.now() - pressed < PATIENCE) {
    pressed = 0;
    event.preventDefault();
    const tab = [...document.querySelectorAll("[data-go]")].find((link) => link.dataset.go === event.key);
    if (tab) location.assign(tab.href);
  } else if (event.key === keys.go) {
    pressed = Date.now();
    event.preventDefault();
  }
}

document.addEventListener("keydown", onKey);
