// A button that tries once more, and counts down where it may not be pressed yet.

import { h } from "../dom.js";
import { duration } from "../words.js";

// Nobody watches a button for longer; it appears when its time has come.
const LONGEST_COUNTDOWN_SECONDS = 15 * 60;

/** `act()` is called when it may be pressed: `from` that time on, in milliseconds, or at once where it is `null`. */
export function againButton({ label, labelIn, from, act }) {
  const button = h("button", {
    type: "button",
    onclick: () => {
      if (button.getAttribute("aria-disabled") !== "true") act();
    },
  });

  function tick() {
    const seconds = from === null ? 0 : (from - Date.now()) / 1000;
    // Not `disabled`, which would throw the focus away.
    button.setAttribute("aria-disabled", String(seconds > 0));
    button.hidden = seconds > LONGEST_COUNTDOWN_SECONDS;
    button.textContent = seconds > 0 ? labelIn(duration(seconds)) : label;
    if (seconds > 0) setTimeout(() => button.isConnected && tick(), 1000);
  }

  tick();
  return button;
}
