// Who is signed in here, and how do they get in and out?
import { button, h } from "./dom.js";

/** @typedef {import("./section.js").Section} Section */

/**
 * Say who is signed in, with the way out; or offer the ways in.
 *
 * @param {Section} section
 */
export function drawAccount(section) {
  const { say, reader, root, account, context } = section;
  const { person } = reader;
  root.classList.toggle("signed-in", person !== null);
  if (person) {
    const out = button(say("sign_out"), "link", () => signOut(section));
    const name = h("strong", { dir: "auto", part: "person" }, person.name);
    // The bell comes later, into the room between.
    const room = h("span", { class: "room", part: false });
    account?.replaceChildren(h("span", {}, `${say("signed_in_as")} `, name), room, out);
    section.later(import("./bell.js"), "-notices");
  } else if (reader.isExpected) account?.replaceChildren();
  else {
    const up = button(say("sign_up"), "primary", () => signIn(section, true));
    const inside = button(say("sign_in"), "link", () => signIn(section, false));
    account?.replaceChildren(...(context?.open ? [up, inside] : [inside]));
  }
}

/**
 * @param {Section} section
 * @param {boolean} create
 */
async function signIn(section, create) {
  try {
    await section.reader.signIn(create);
    section.alert?.replaceChildren();
    section.account?.querySelector("button")?.focus();
  } catch (error) {
    section.tell(error);
  }
}

/** @param {Section} section */
async function signOut(section) {
  try {
    await (await section.reader.account()).signOut();
  } catch (error) {
    section.tell(error);
  }
  section.announce(section.say("signed_out"));
}
