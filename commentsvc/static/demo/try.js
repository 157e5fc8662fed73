// What can a page do with a comment section? Each control does one thing that docs/embed.md describes.
const comments = document.querySelector("#first");
const place = document.querySelector("#place");
const form = document.querySelector("#attributes");
const events = document.querySelector("#events");

for (const name of ["ready", "posted", "signin", "signin-wanted", "error"]) {
  document.addEventListener(`comments:${name}`, (event) => {
    const line = document.createElement("li");
    line.textContent = `comments:${name} ${JSON.stringify(event.detail)}`;
    events.append(line);
    if (events.children.length > 5) events.firstElementChild.remove();
  });
}

form.addEventListener("change", ({ target }) => {
  if (target.value) comments.setAttribute(target.name, target.value);
  else comments.removeAttribute(target.name);
});

const acts = {
  reload: () => comments.reload(),
  away: () => comments.remove(),
  back: () => comments.isConnected || place.prepend(comments),
  move: () => place.append(comments),
};
for (const [id, act] of Object.entries(acts)) document.querySelector(`#${id}`).addEventListener("click", act);
