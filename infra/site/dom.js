// Builds elements. Text enters through text nodes only, so nothing that a catalogue or an answer holds becomes markup.

/**
 * An element with attributes and children. A function under a name such as `onclick` listens to that event; `null` and
 * `false` leave an attribute out, `true` sets it empty. Children are nodes or text; empty ones are left out.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false && child !== ""),
  );
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for drawings. */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Text for people who cannot see the sign that stands beside it. */
export const unseen = (text) => h("span", { class: "visually-hidden" }, text);

/** Put an error text beside its field, or take it away when `message` is empty. */
export function showFieldError(field, message) {
  const place = byId(`${field}-error`);
  place.textContent = message ?? "";
  place.hidden = !message;
  for (const input of inputsOf(field)) {
    if (message) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
}

/** Move to the field, so that what has to be mended is under the reader's hands. */
export function focusField(field) {
  inputsOf(field)[0]?.focus();
}

function inputsOf(field) {
  const element = byId(field);
  return element.matches("fieldset")
    ? [...element.querySelectorAll("input[type=number], input[type=range]")]
    : [element];
}
