// The timeline: one cursor across all tracks, and every mark opens the record behind it.
const part = document.getElementById("timeline");
const panel = document.getElementById("fact");
const SVG = "http://www.w3.org/2000/svg";
let asked = 0;

const element = (name, text, cls) => {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (cls) made.className = cls;
  return made;
};
const place = (loc) => { const made = element("span", loc, "loc"); made.title = "place in the source"; return made; };
const fill = (fact) => {
  const list = element("dl", undefined, "pairs");
  for (const field of fact.fields) {
    const row = element("div"), value = element("dd");
    value.append(element("span", field.text, field.status === "missing" ? "quiet" : ""), " ");
    if (field.status && field.status !== "missing") value.append(element("span", field.status, `tag tag-${field.status}`), " ");
    if (field.loc) value.append(place(field.loc), " ");
    if (field.versions.length) {
      const versions = element("ul", undefined, "versions");
      for (const one of field.versions) {
        const item = element("li", `${one.text} `);
        if (one.loc) item.append(place(one.loc));
        if (one.note) item.append(element("span", ` ${one.note}`, "quiet"));
        versions.append(item);
      }
      value.append(versions);
    }
    if (field.note) value.append(element("span", field.note, "quiet note"));
    row.append(element("dt", field.name), value);
    list.append(row);
  }
  const close = element("button", "Close"); close.type = "button";
  close.addEventListener("click", () => choose(""));
  panel.replaceChildren(element("h2", fact.title), element("p", fact.place, "quiet"), list, close);
};
const choose = async (path) => {
  const address = new URL(location.href);
  if (path) address.searchParams.set("mark", path); else address.searchParams.delete("mark");
  history.replaceState(null, "", address);
  for (const mark of part.querySelectorAll("[data-path]")) mark.classList.toggle("chosen", mark.dataset.path === path);
  if (!path) { panel.replaceChildren(element("p", "Choose an event of the timeline.", "quiet")); return; }
  const turn = ++asked;
  const answer = await fetch(part.dataset.facts + encodeURIComponent(path));
  const data = await answer.json();
  if (turn !== asked) return;
  if (data.ok) fill(data); else panel.replaceChildren(element("p", data.error));
};

const live = (svg) => {
  const marks = [...svg.querySelectorAll("[data-path]")];
  if (!marks.length) return;
  svg.dataset.live = "";
  svg.setAttribute("role", "group");
  marks.forEach((mark, n) => {
    mark.setAttribute("role", "button");
    mark.setAttribute("tabindex", n ? "-1" : "0");
    mark.setAttribute("aria-label", mark.querySelector("title")?.textContent ?? mark.dataset.path);
    mark.addEventListener("click", () => { focus(n); choose(mark.dataset.path); });
  });
  let at = 0;
  const focus = (n) => {
    marks[at].setAttribute("tabindex", "-1");
    at = Math.max(0, Math.min(n, marks.length - 1));
    marks[at].setAttribute("tabindex", "0");
    marks[at].focus({ preventScroll: false });
  };
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) { focus(at + step); event.preventDefault(); }
    else if (event.key === "Home" || event.key === "End") { focus(event.key === "Home" ? 0 : marks.length - 1); event.preventDefault(); }
    else if (event.key === "Enter" || event.key === " ") { choose(marks[at].dataset.path); event.preventDefault(); }
  });
  cursor(svg);
};

// The axis comes with the drawing: days at its two ends, in the units of its picture.
const cursor = (svg) => {
  const axis = (svg.dataset.axis ?? "").split(" ").map(Number);
  if (axis.length !== 4 || axis.some(Number.isNaN)) return;
  const [lowDay, highDay, left, right] = axis;
  const line = document.createElementNS(SVG, "line"), words = document.createElementNS(SVG, "text");
  line.setAttribute("class", "cursor"); words.setAttribute("class", "cursor-text");
  line.setAttribute("y1", 0); line.setAttribute("y2", svg.viewBox.baseVal.height);
  words.setAttribute("aria-hidden", "true");
  const hide = () => { line.remove(); words.remove(); };
  svg.addEventListener("pointermove", (event) => {
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    if (at.x < left || at.x > right) { hide(); return; }
    const day = Math.round(lowDay + ((at.x - left) / (right - left)) * (highDay - lowDay));
    line.setAttribute("x1", at.x); line.setAttribute("x2", at.x);
    words.textContent = `day ${day < 0 ? "−" : ""}${Math.abs(day)}`;
    const after = at.x < right - 60;
    words.setAttribute("x", at.x + (after ? 4 : -4)); words.setAttribute("y", 10);
    words.setAttribute("text-anchor", after ? "start" : "end");
    svg.append(line, words);
  });
  svg.addEventListener("pointerleave", hide);
};
if (part) {
  for (const svg of part.querySelectorAll("figure svg")) live(svg);
  const first = new URL(location.href).searchParams.get("mark");
  if (first) for (const mark of part.querySelectorAll("[data-path]")) mark.classList.toggle("chosen", mark.dataset.path === first);
}
