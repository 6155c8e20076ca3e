// Remembers small things in the browser. Private windows and full disks refuse to store; it is then kept in memory, and
// lost with the page.

// Counts up when what is kept changes its form, so that a newer page never trips over what an older one left.
const FORM = 1;

export class Remembered {
  #area;
  #name;
  // What could not be stored, or `undefined`.
  #unstored;

  /** `area`: "sessionStorage" (this tab, survives a reload) or "localStorage" (this browser). */
  constructor(area, name) {
    this.#area = area;
    this.#name = `daltonify.${FORM}.${name}`;
  }

  /** What was kept, or `null`. */
  get() {
    if (this.#unstored !== undefined) return this.#unstored;
    try {
      return JSON.parse(window[this.#area].getItem(this.#name));
    } catch {
      return null;
    }
  }

  /** Keep a value; `null` forgets it. Whether it was stored, and not in memory only. */
  set(value) {
    try {
      if (value === null) window[this.#area].removeItem(this.#name);
      else window[this.#area].setItem(this.#name, JSON.stringify(value));
      this.#unstored = undefined;
      return true;
    } catch {
      this.#unstored = value;
      return false;
    }
  }
}
