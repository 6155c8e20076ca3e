// Measuring a clip in the browser: no service is asked, nothing leaves the computer, and the result is rough. Loudness
// and tempo are measured; energy, acousticness and, with less right, danceability are read from how the clip sounds.

import { describe } from "./descriptors.js";
import { predict } from "./local_model.js";
import { oneDecimal } from "./questions.js";
import { halve } from "./resampling.js";

const LOUDNESS_RANGE = [-70, 10];
// What the model wants takes about this share of the time before frames are described.
const SHARE_OF_RESAMPLING = 0.2;

/**
 * `{features, trust, descriptors}` of mono sound of 10 to 30 seconds at 44,100 samples a second. `loudness` is that of
 * the whole track in LUFS, `figures` those of `local_model.json`; `progress` is told the share that is done. There is
 * no tempo where no beat is clear.
 */
export function measure(samples, loudness, figures, progress = () => {}) {
  const halved = halve(samples);
  progress(SHARE_OF_RESAMPLING);
  const { descriptors, beat } = describe(halved, figures.profiles, (share) =>
    progress(SHARE_OF_RESAMPLING + (1 - SHARE_OF_RESAMPLING) * share),
  );
  const predicted = predict(figures, descriptors);
  const tempo = beat.isClear ? { tempo: oneDecimal(beat.bpm) } : {};
  const modelled = Object.fromEntries(
    Object.entries(predicted).map(([name, value]) => [name, Math.round(value * 100) / 100]),
  );
  return {
    features: {
      ...modelled,
      loudness: oneDecimal(Math.min(Math.max(loudness, LOUDNESS_RANGE[0]), LOUDNESS_RANGE[1])),
      ...tempo,
    },
    trust: {
      loudness: "measured",
      ...(beat.isClear ? { tempo: "measured" } : {}),
      ...Object.fromEntries(Object.entries(figures.targets).map(([name, target]) => [name, target.trust])),
    },
    descriptors,
  };
}
