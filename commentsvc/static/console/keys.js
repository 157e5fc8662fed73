// Which key does what, and may it now? The manager's own keys come with the page; whether they work, this browser knows.

const OFF = "console-keys-off";

/** Each act's key; empty where the manager wants none. */
export const keys = JSON.parse(document.body.dataset.keys ?? "{}");

export function isOn() {
  try {
    return localStorage.getItem(OFF) !== "1";
  } catch {
    return document.querySelector("#keys-on")?.checked ?? true;
  }
}

export function switchKeys(on) {
  try {
    localStorage.setItem(OFF, on ? "" : "1");
  } catch {
    // Without storage the choice holds for this page.
  }
}

/** Whoever types a text means the letters. */
export function isTyping(target) {
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox])");
}

/** Return the act that a key stands for. */
export function actOf(key) {
  return Object.keys(keys).find((act) => keys[act] === key);
}
