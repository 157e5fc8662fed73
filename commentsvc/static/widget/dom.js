// How is DOM made without ever parsing HTML? (Strict CSP and Trusted Types allow nothing else.)

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | null | undefined | false} Child */
/** @typedef {string | number | boolean | null | undefined | ((event: any) => void)} Value */

/**
 * Make an element: functions become listeners, true an empty attribute, nothing is left out. What has a class can be styled
 * by the page under the same name, as a part, unless it says another.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, Value>} [values]
 * @param {Child[]} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, values = {}, ...children) {
  const element = document.createElement(name);
  if (values.class && values.part === undefined) element.setAttribute("part", String(values.class));
  for (const [key, value] of Object.entries(values)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== null && value !== false) {
      element.setAttribute(key, value === true ? "" : String(value));
    }
  }
  element.append(.../** @type {(Node | string)[]} */ (children.filter((child) => child || child === "")));
  return element;
}

/**
 * Make a push button.
 *
 * @param {string} label
 * @param {string} kind the class and part
 * @param {(event: MouseEvent) => void} click
 * @param {Record<string, Value>} [values]
 */
export function button(label, kind, click, values = {}) {
  return h("button", { type: "button", class: kind, part: `button ${kind}`, click, ...values }, label);
}

/** @type {Record<string, Node>} */
const icons = {};

/**
 * Draw an icon that assistive technology skips; a thread has hundreds of few.
 *
 * @param {string} path
 */
export function icon(path) {
  icons[path] ??= draw(path);
  return icons[path].cloneNode(true);
}

/** @param {string} path */
function draw(path) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("part", "icon");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path);
  svg.append(line);
  return svg;
}

/**
 * Remember something in this browser; where storage is forbidden, forget it.
 *
 * @param {string} key
 * @param {string | null} value null removes it
 * @param {"localStorage" | "sessionStorage"} [where]
 */
export function keep(key, value, where = "localStorage") {
  try {
    if (value === null) window[where].removeItem(`comments:${key}`);
    else window[where].setItem(`comments:${key}`, value);
  } catch {
    // Private windows and blocked third-party storage throw: nothing depends on remembering.
  }
}

/**
 * Recall what was kept, or null.
 *
 * @param {string} key
 * @param {"localStorage" | "sessionStorage"} [where]
 * @returns {string | null}
 */
export function recall(key, where = "localStorage") {
  try {
    return window[where].getItem(`comments:${key}`);
  } catch {
    return null;
  }
}
