// The small linear model that reads energy, acousticness and danceability from descriptors. Its figures are data,
// local_model.json, the same file that the service reads.

// Standard deviations; further out the model was never checked.
const LIMIT = 4;

/** Value of each target in 0..1, from the figures of `local_model.json` and all descriptors by name. */
export function predict(figures, descriptors) {
  const scaled = figures.descriptors.map(([name, mean, deviation]) =>
    Math.min(Math.max((descriptors[name] - mean) / deviation, -LIMIT), LIMIT),
  );
  return Object.fromEntries(
    Object.entries(figures.targets).map(([name, { intercept, coef, curve }]) => {
      const score = scaled.reduce((sum, value, place) => sum + value * coef[place], intercept);
      return [name, onCurve(score, curve.s, curve.value)];
    }),
  );
}

/** Straight between the points of the curve, and level beyond its ends. */
function onCurve(score, scores, values) {
  if (score <= scores[0]) return values[0];
  const next = scores.findIndex((point) => point > score);
  if (next === -1) return values.at(-1);
  const share = (score - scores[next - 1]) / (scores[next] - scores[next - 1]);
  return values[next - 1] + share * (values[next] - values[next - 1]);
}
