// How do the card's small forms open and close, and what is in focus then?

import { announce, card } from "./page.js";

export const panel = () => card.querySelector(".act[open]");

/** Open one of them by its id and go to its first field. */
export function open(id) {
  const details = card.querySelector(`#${id}`);
  if (!details) return;
  details.open = true;
  const field = details.querySelector("input:checked") ?? details.querySelector("input[type=radio], input[type=text], textarea");
  field.focus();
}

export function close() {
  const details = panel();
  details.open = false;
  details.querySelector("summary").focus();
}

/** Press the open form's own button. */
export function sendOpen() {
  const form = panel().querySelector("form");
  form.requestSubmit(form.querySelector(".panel-buttons button:not([type=button])"));
}

export function choose(number) {
  const choice = panel().querySelectorAll("input[type=radio]")[number - 1];
  choice?.click();
  choice?.focus();
}

/** Show more of what is around the comment, or less. */
export function toggleContext() {
  const around = card.querySelector("#around");
  if (!around) return announce("There is nothing more around this comment.");
  around.open = !around.open;
  if (around.open) around.scrollIntoView({ block: "nearest" });
  announce(around.open ? "More is shown around the comment." : "Less is shown around the comment.");
}

/** Let the proposed message follow the guideline, as long as nobody has written their own. */
export function proposeMessage(choice) {
  const message = choice.form.elements.message;
  const plain = (text) => text.replace(/\s+/g, " ").trim();
  const proposals = [...choice.form.elements.guideline].map((radio) => plain(radio.dataset.text));
  if (proposals.includes(plain(message.value))) message.value = choice.dataset.text;
}
