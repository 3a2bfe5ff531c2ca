// Optimize: lines that can be added with a click, and points of the front that load their plan.
for (const button of document.querySelectorAll("[data-line]")) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.into);
    const lines = field.value.split("\n").map((line) => line.trim()).filter(Boolean);
    if (!lines.includes(button.dataset.line)) lines.push(button.dataset.line);
    field.value = lines.join("\n");
    field.focus();
  });
}
const row = (number) => document.querySelector(`[data-row="${number}"]`);
for (const svg of document.querySelectorAll("[data-front] svg")) {
  const points = [...svg.querySelectorAll("[data-point]")];
  if (!points.length) continue;
  svg.dataset.live = ""; svg.setAttribute("role", "group");
  const move = (to) => {
    for (const point of points) point.setAttribute("tabindex", point === to ? "0" : "-1");
    to.focus();
  };
  points.forEach((point, n) => {
    const number = point.dataset.point;
    point.setAttribute("role", "link");
    point.setAttribute("tabindex", n ? "-1" : "0");
    point.setAttribute("aria-label", `Treatment ${point.querySelector("title").textContent}: load into What if`);
    const load = () => { location.href = row(number).querySelector("a").href; };
    point.addEventListener("click", load);
    point.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); load(); }
      else if (step) { event.preventDefault(); move(points[(n + step + points.length) % points.length]); }
      else if (event.key === "Home" || event.key === "End") { event.preventDefault(); move(points.at(event.key === "End" ? -1 : 0)); }
    });
    for (const [name, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) {
      point.addEventListener(name, () => row(number).classList.toggle("chosen", on));
    }
  });
}
