// The small print: where the data come from and how old they are, what is not real here, and what this page is not.

import { h } from "../dom.js";
import { words } from "../en.js";
import { counted, day } from "../words.js";

export function mountAbout(place, store) {
  store.watch(["config"], ({ config }) => {
    place.replaceChildren(...lines(config).map((text) => h("p", {}, text)));
  });
}

function lines(config) {
  const { index, demo } = config ?? {};
  const origin = demo?.catalogue ? words.about.invented : words.about.origin(index?.source);
  const source =
    index &&
    words.about.source(
      origin,
      index.snapshot ? words.about.asOf(index.snapshot) : "",
      counted(index.tracks, "track"),
      day(index.built_at),
    );
  return [source, words.about.method, words.about.disclaimer, words.about.noPromise].filter(Boolean);
}
