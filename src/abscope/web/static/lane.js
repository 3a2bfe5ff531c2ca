// The lane above the plots of What if: when treatment is given and scans are, on the axis of the plots.
const ask = document.querySelector("[data-ask]"), figure = ask?.querySelector("[data-lane]");
const ROW = 40, TOP = 6;
const part = (name, values, text) => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
};
const day = (value) => String(Math.round(value));
const on = (days) => (days.length ? `day ${days.map(day).join(", ")}` : "not given");
const rows = (found) => [
  ...found.given.map((one) => ({ ...one, words: `${one.name}: delivered ${on(one.delivered_d)}; with the changes ${on(one.scenario_d)}` })),
  { kind: "scan", name: "scans", visits: found.visits, words: `scans: ${found.visits.map((one) => `${one.label} day ${day(one.day_d)}`).join(", ")}` },
];
// A fraction is a bar, an infusion a circle; hollow as delivered, filled with the changes.
const mark = (kind, x, y, state, wide) => (kind === "drug"
  ? part("circle", { cx: x, cy: y, r: 3.5, class: `${kind} ${state}` })
  : part("rect", { x: x - wide / 2, y: y - 4.5, width: wide, height: 9, class: `${kind} ${state}` }));
let drawn = "";
const draw = ({ found, plot }) => {
  const left = plot.bbox.left / devicePixelRatio, width = plot.bbox.width / devicePixelRatio, every = rows(found);
  const key = JSON.stringify([left, width, plot.scales.x.min, plot.scales.x.max, every]);
  if (key === drawn) return;  // another dose has the same days
  drawn = key;
  const at = (value) => left + plot.valToPos(value, "x"), height = TOP + ROW * every.length - 10;
  const wide = Math.min(3.5, Math.max(1, 0.5 * (at(1) - at(0))));  // daily fractions stay apart
  const svg = part("svg", { width: left + width + 16, height, "aria-hidden": "true" });
  for (const one of found.visits) svg.append(part("line", { x1: at(one.day_d), x2: at(one.day_d), y1: 0, y2: height, class: "visit" }));
  every.forEach((row, n) => {
    const y = TOP + ROW * n;
    svg.append(part("text", { x: left, y: y + 9, class: "name" }, row.name));
    svg.append(part("line", { x1: left, x2: left + width, y1: y + 18, y2: y + 18, class: "rail" }));
    if (row.kind === "scan") {
      for (const one of row.visits) svg.append(part("text", { x: at(one.day_d), y: y + 14, class: "scan", "text-anchor": "end" }, one.label));
      return;
    }
    svg.append(part("line", { x1: left, x2: left + width, y1: y + 28, y2: y + 28, class: "rail" }));
    for (const value of row.delivered_d) svg.append(mark(row.kind, at(value), y + 18, "delivered", wide));
    for (const value of row.scenario_d) svg.append(mark(row.kind, at(value), y + 28, "scenario", wide));
  });
  figure.querySelector(".lane").replaceChildren(svg);
  figure.querySelector("ul").replaceChildren(...every.map((row) => { const one = document.createElement("li"); one.textContent = row.words; return one; }));
};
if (figure) {
  let last = null;
  // uPlot knows its axis after this turn of the loop, and the frame comes after that
  const soon = () => requestAnimationFrame(() => draw(last));
  ask.addEventListener("drawn", (event) => { last = event.detail; figure.hidden = false; soon(); });
  addEventListener("resize", () => last && soon());
}
