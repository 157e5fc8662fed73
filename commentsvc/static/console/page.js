// What do all parts of the desk need: the list and its place in it, a question to the server, a word to the manager?

export const card = document.querySelector("#card");
export const bar = document.querySelector("#bar");
export const help = document.querySelector("#help");
export const isQueue = location.pathname.split("/").length === 3;
const said = document.querySelector("#said");

export const entries = () => [...document.querySelectorAll(".entry")];
export const current = () => document.querySelector(".entry[aria-current]");
export const neighbour = (entry, step) => entries()[entries().indexOf(entry) + step];

/** The next entry in one direction that no colleague has. */
export function untaken(entry, step) {
  let next = neighbour(entry, step);
  while (next?.closest("[data-taken]")) next = neighbour(next, step);
  return next;
}

/** Ask one of the console's own addresses for a part of a page; a refusal that comes as a bar is an answer too. */
export async function ask(url, options = {}) {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const headers = { "X-Part": "card", "X-CSRFToken": csrf };
  const answer = await fetch(url, { ...options, headers });
  if (answer.status === 401) location.reload();
  const html = await answer.text();
  if (!answer.ok && !html.includes('class="bar ')) throw new Error(`answered ${answer.status}`);
  return { html, isDone: answer.ok };
}

/** Show a line where what came of a decision is said. */
export function tell(kind, text) {
  const line = document.createElement("div");
  line.className = `bar bar-${kind}`;
  line.append(Object.assign(document.createElement("p"), { textContent: text }));
  bar.replaceChildren(line);
}

/** Say something to who can't see it, and show nothing. */
export function announce(text) {
  said.textContent = text;
}

/** Show what only a script can do. */
export function awaken() {
  for (const part of document.querySelectorAll(".steps, [data-close], #help-button")) part.hidden = false;
}
