// A cover for the playlist, drawn from the list: its energy from the first track to the last, in colours of its mood.
// No artwork and no name of anybody else; the title only if the artist wants it there.

const SIDE = 640;
// Spotify takes 256 KB of base64 text; this stays well below.
const MOST_BYTES = 180_000;
const QUALITIES = [0.92, 0.84, 0.74, 0.6, 0.45];
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
const MOST_LINES = 3;

export const VARIANTS = ["steps", "hills", "rings", "dots"];
export const COLOURS = ["night", "paper", "mood"];

/**
 * What is drawn, out of rows: `{curve: [{energy, own}], hue, variant, colours, title}`. Plain data, so that it can wait
 * in the browser while the reader logs in.
 */
export function coverOf(rows, { variant, colours, title }) {
  const curve = rows.map((row) => ({ energy: level(row.features?.energy), own: Boolean(row.own) }));
  return { curve, hue: hueOf(rows), variant, colours, title };
}

/** Blue for sad and quiet, warm for positive and loud. */
function hueOf(rows) {
  const values = rows
    .filter((row) => !row.own)
    .flatMap((row) => [level(row.features?.valence), level(row.features?.energy)]);
  const mean = values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0.5;
  return Math.round(250 + (mean - 0.2) * 230) % 360;
}

const level = (value) => (Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0.5);

/** The colours of a drawing: ground above and below, the others' tracks from first to last, the own one, the text. */
export function paletteOf({ hue, colours }) {
  if (colours === "paper") {
    return {
      ground: ["hsl(40 30% 95%)", "hsl(38 28% 88%)"],
      others: (share) => `hsl(${236 + share * 24} 48% ${40 + share * 18}%)`,
      own: "hsl(22 78% 52%)",
      text: "hsl(240 25% 16%)",
    };
  }
  if (colours === "mood") {
    return {
      ground: [`hsl(${hue} 52% 34%)`, `hsl(${(hue + 40) % 360} 56% 20%)`],
      others: (share) => `hsl(${(hue + 20 + share * 40) % 360} 72% ${76 + share * 12}%)`,
      own: "hsl(44 100% 62%)",
      text: "#fff",
    };
  }
  return {
    ground: ["hsl(240 24% 15%)", "hsl(242 30% 7%)"],
    others: (share) => `hsl(${228 + share * 34} 84% ${64 + share * 16}%)`,
    own: "hsl(25 100% 64%)",
    text: "#fff",
  };
}

/** Draw on a canvas of any size. */
export function drawCover(canvas, cover) {
  const side = canvas.width;
  const context = canvas.getContext("2d");
  const palette = paletteOf(cover);
  context.save();
  context.scale(side / SIDE, side / SIDE);
  const ground = context.createLinearGradient(0, 0, SIDE * 0.35, SIDE);
  ground.addColorStop(0, palette.ground[0]);
  ground.addColorStop(1, palette.ground[1]);
  context.fillStyle = ground;
  context.fillRect(0, 0, SIDE, SIDE);
  const top = cover.title ? writeTitle(context, cover.title, palette.text) : 72;
  DRAWINGS[cover.variant](context, cover.curve, palette, top);
  context.restore();
}

/** The picture as a JPEG of at most 180 KB; `null` where the browser cannot make one. */
export async function jpegOf(cover) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  drawCover(canvas, cover);
  for (const quality of QUALITIES) {
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    // A browser without JPEG answers with a PNG.
    if (blob?.type !== "image/jpeg") return null;
    if (blob.size <= MOST_BYTES) return blob;
  }
  return null;
}

/** The picture as Spotify takes it: base64 text without line breaks. */
export async function base64Of(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/** Lines of at most `width`, at most three of them; the last one is cut short where the text is longer. */
export function linesOf(text, width, measure) {
  const lines = [];
  let line = "";
  for (const word of text.split(/\s+/u).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (line && measure(longer) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (line) lines.push(line);
  const shown = lines.slice(0, MOST_LINES);
  return shown.map((shownLine, place) => {
    const isCut = place === MOST_LINES - 1 && lines.length > MOST_LINES;
    return measure(shownLine) > width || isCut ? cut(shownLine, width, measure) : shownLine;
  });
}

function cut(line, width, measure) {
  const characters = [...line];
  while (characters.length > 0 && measure(`${characters.join("")}…`) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** Where the drawing may begin below the title. */
function writeTitle(context, title, colour) {
  const inset = 48;
  const width = SIDE - 2 * inset;
  let size = 72;
  let lines = [];
  for (; size >= 44; size -= 4) {
    context.font = `750 ${size}px ${FONT}`;
    lines = linesOf(title, width, (text) => context.measureText(text).width);
    if (lines.length <= 2 && !lines.at(-1).endsWith("…")) break;
  }
  size = Math.max(size, 44);
  context.font = `750 ${size}px ${FONT}`;
  context.fillStyle = colour;
  context.textBaseline = "alphabetic";
  // A title in Arabic or Hebrew begins at the right.
  const isFromRight = /^[^\p{L}]*[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]/u.test(title);
  context.direction = isFromRight ? "rtl" : "ltr";
  context.textAlign = isFromRight ? "right" : "left";
  const height = size * 1.12;
  lines.forEach((line, place) =>
    context.fillText(line, isFromRight ? SIDE - inset : inset, inset + size * 0.82 + place * height),
  );
  return inset + lines.length * height + 40;
}

const shareOf = (place, count) => (count > 1 ? place / (count - 1) : 0);

/** Bars as in our mark: each track's energy, the own ones in their own colour. */
function steps(context, curve, palette, top) {
  const left = 48;
  const width = (SIDE - 2 * left) / curve.length;
  const bottom = SIDE - 48;
  curve.forEach(({ energy, own }, place) => {
    const height = (bottom - top) * (0.14 + 0.86 * energy);
    context.fillStyle = own ? palette.own : palette.others(shareOf(place, curve.length));
    context.beginPath();
    const bar = Math.max(2, width * 0.72);
    context.roundRect(left + place * width + (width - bar) / 2, bottom - height, bar, height, Math.min(8, bar / 2));
    context.fill();
  });
}

/** Three ridges, of which the foremost is the list's energy; a sun stands where the own track is. */
function hills(context, curve, palette, top) {
  const points = smooth(curve.map(({ energy }) => energy));
  const own = curve.findIndex((track) => track.own);
  if (own >= 0) {
    const x = 70 + (SIDE - 140) * shareOf(own, curve.length);
    context.fillStyle = palette.own;
    context.beginPath();
    context.arc(x, top + 64, 58, 0, 2 * Math.PI);
    context.fill();
  }
  [0, 0.5, 1].forEach((depth) => {
    const base = top + (SIDE - top) * (0.42 + depth * 0.26);
    const rise = (SIDE - top) * (0.42 - depth * 0.1);
    context.fillStyle = palette.others(1 - depth);
    context.globalAlpha = 0.55 + depth * 0.4;
    context.beginPath();
    context.moveTo(0, SIDE);
    for (let x = 0; x <= SIDE; x += 4) {
      // There and back again, or the ridges behind would have an edge where the list begins anew.
      const at = 1 - Math.abs(((x / SIDE + (1 - depth) * 0.37) % 2) - 1);
      context.lineTo(x, base - rise * (valueAt(points, at) - 0.35));
    }
    context.lineTo(SIDE, SIDE);
    context.fill();
  });
  context.globalAlpha = 1;
}

/** Rays around a centre, clockwise from the top like a record. */
function rings(context, curve, palette, top) {
  const middle = { x: SIDE / 2, y: top + (SIDE - 40 - top) / 2 };
  const outer = Math.min(SIDE / 2 - 48, (SIDE - 40 - top) / 2);
  const inner = outer * 0.34;
  context.lineCap = "round";
  context.lineWidth = Math.max(4, Math.min(18, (2 * Math.PI * inner * 0.7) / curve.length));
  curve.forEach(({ energy, own }, place) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * place) / curve.length;
    const length = inner + (outer - inner) * (0.18 + 0.82 * energy);
    context.strokeStyle = own ? palette.own : palette.others(shareOf(place, curve.length));
    context.beginPath();
    context.moveTo(middle.x + Math.cos(angle) * inner, middle.y + Math.sin(angle) * inner);
    context.lineTo(middle.x + Math.cos(angle) * length, middle.y + Math.sin(angle) * length);
    context.stroke();
  });
  context.fillStyle = palette.own;
  context.beginPath();
  context.arc(middle.x, middle.y, inner * 0.3, 0, 2 * Math.PI);
  context.fill();
}

/** A dot for each track in reading order, as large as its energy. */
function dots(context, curve, palette, top) {
  const width = SIDE - 96;
  const height = SIDE - 48 - top;
  const columns = Math.max(1, Math.ceil(Math.sqrt((curve.length * width) / height)));
  const lines = Math.ceil(curve.length / columns);
  const cell = Math.min(width / columns, height / lines);
  const left = (SIDE - cell * columns) / 2;
  const upper = top + (height - cell * lines) / 2;
  curve.forEach(({ energy, own }, place) => {
    const x = left + cell * ((place % columns) + 0.5);
    const y = upper + cell * (Math.floor(place / columns) + 0.5);
    context.fillStyle = own ? palette.own : palette.others(shareOf(place, curve.length));
    context.beginPath();
    context.arc(x, y, cell * (0.13 + 0.33 * energy), 0, 2 * Math.PI);
    context.fill();
  });
}

const DRAWINGS = { steps, hills, rings, dots };

/** Each value with its neighbours, twice: a ridge, not a saw. */
function smooth(values) {
  const once = (list) =>
    list.map((value, place) => (value * 2 + (list[place - 1] ?? value) + (list[place + 1] ?? value)) / 4);
  return once(once(values));
}

function valueAt(values, share) {
  const at = share * (values.length - 1);
  const before = Math.floor(at);
  const between = at - before;
  const eased = between * between * (3 - 2 * between);
  return values[before] * (1 - eased) + (values[before + 1] ?? values[before]) * eased;
}
