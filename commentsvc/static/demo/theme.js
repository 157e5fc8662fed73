// What can a page change about the looks of a comment section? Every property and every part, tried on a live one.
const comments = document.querySelector("article-comments");
const form = document.querySelector("#looks");
const rules = document.querySelector("#rules");
const [chosen, lit] = [new CSSStyleSheet(), new CSSStyleSheet()];
document.adoptedStyleSheets.push(chosen, lit);

/** All that docs/embed.md lists; a test holds the two together. */
export const PARTS = {
  "Around the thread": [
    "section", "header", "heading", "count", "account", "person", "bell", "banner", "summary", "welcome", "guidelines",
    "told", "rules", "composer", "prompt", "closed", "turn", "toolbar", "sort-label", "sort", "fresh", "loading", "ways",
    "skip", "open-keys", "keys", "key",
  ],
  "The thread": [
    "thread", "comment", "article", "replies", "flat", "drawer", "more", "more-replies", "empty", "alone", "all", "ignored",
    "tombstone",
  ],
  "A comment": [
    "meta", "author", "badge", "to", "permalink", "time", "edited", "label", "fold", "body", "lit", "read-more", "actions",
    "votes", "vote", "up", "down", "vote-count", "reply", "edit", "withdraw", "share", "report", "ignore", "standing", "held", "rejected",
  ],
  "Forms and messages": [
    "form", "field", "row", "counter", "hint", "nudge", "mark", "ask", "address", "choice", "detail", "formal", "notice", "thanks",
    "redress", "terms", "notices", "following", "new", "where",
  ],
  "Everywhere": ["button", "primary", "secondary", "link", "icon"],
};

const PRESETS = {
  "As it is": {},
  Broadsheet: { accent: "#1a1a1a", "on-accent": "#ffffff", text: "#1a1a1a", muted: "#55524d", line: "#c9c4ba", theme: "light",
    font: "1.125rem/1.6 Georgia, serif", "ui-font": "Georgia, serif", radius: "0" },
  Tabloid: { accent: "#b00020", "on-accent": "#ffffff", font: "1rem/1.55 system-ui, sans-serif", radius: "2", theme: "light" },
  Harbour: { accent: "#0b6b6b", "on-accent": "#ffffff", tint: "#e8f3f2", radius: "14", theme: "light" },
  Night: { accent: "#ffb454", "on-accent": "#241500", text: "#ece7df", muted: "#b8b1a6", line: "#4a463f", theme: "dark" },
};

/** What was chosen, by property. */
let looks = {};

form.addEventListener("input", ({ target }) => {
  if (target === rules) return dress();
  if (!target.name) return;
  looks = { ...looks, [target.name]: target.value };
  dress();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.querySelector("#copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText(sheetText());
  document.querySelector("#copied").textContent = "Copied.";
});
comments.addEventListener("pointerover", (event) => {
  const names = event.composedPath().find((one) => one.part?.length)?.part;
  if (names) document.querySelector("#pointed").textContent = `::part(${[...names].join(" ")})`;
});
// A part is there or not as the comments change.
document.querySelector("#parts").addEventListener("pointerenter", countParts);
for (const name of ["ready", "signin", "posted"]) comments.addEventListener(`comments:${name}`, countParts);

for (const [name, preset] of Object.entries(PRESETS)) {
  document.querySelector("#presets").append(makeButton(name, () => begin(preset)));
}
for (const [title, names] of Object.entries(PARTS)) {
  const group = document.createElement("div");
  const heading = document.createElement("p");
  heading.textContent = title;
  group.append(heading);
  for (const name of names) {
    const button = makeButton(name, () => show(button));
    button.dataset.part = name;
    group.append(" ", button);
  }
  document.querySelector("#parts").append(group);
}
begin({});

function begin(preset) {
  looks = { ...preset };
  form.reset();
  for (const [name, value] of Object.entries(looks)) form.elements[name].value = value;
  dress();
}

function dress() {
  if (looks.theme) comments.setAttribute("theme", looks.theme);
  else comments.removeAttribute("theme");
  const text = sheetText();
  chosen.replaceSync(text);
  document.querySelector("#sheet").textContent = text || "/* Nothing is changed. */";
  document.querySelector("#copied").textContent = "";
}

function sheetText() {
  const lines = Object.entries(looks).filter(([name, value]) => name !== "theme" && value);
  const properties = lines.map(([name, value]) => `  --comments-${name}: ${value}${name === "radius" ? "px" : ""};\n`);
  const own = rules.value.trim().replace(/[^{}]*\{\s*\}\s*/g, "");
  return [properties.length ? `article-comments {\n${properties.join("")}}` : "", own].filter(Boolean).join("\n\n");
}

/** Mark where a part is, until it is chosen again. */
function show(button) {
  const isShown = button.getAttribute("aria-pressed") === "true";
  for (const other of document.querySelectorAll("#parts button")) other.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-pressed", String(!isShown));
  const { part } = button.dataset;
  lit.replaceSync(isShown ? "" : `article-comments::part(${part}) { outline: 2px solid #d6006c; outline-offset: -1px }`);
  countParts();
  const first = comments.shadowRoot?.querySelector(`[part~="${part}"]`);
  document.querySelector("#pointed").textContent = first
    ? `article-comments::part(${part}) { … }`
    : `${part} isn't on the page just now: it comes with what it belongs to.`;
}

function countParts() {
  for (const button of document.querySelectorAll("#parts button")) {
    button.classList.toggle("away", !comments.shadowRoot?.querySelector(`[part~="${button.dataset.part}"]`));
  }
}

function makeButton(label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.addEventListener("click", act);
  return button;
}
