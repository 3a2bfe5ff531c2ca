// What every page has: copying, the link to this view, and the glossary on hover and focus.
const say = (button, words) => {
  const before = button.dataset.words ?? (button.dataset.words = button.textContent);
  button.textContent = words;
  setTimeout(() => { button.textContent = before; }, 1600);
};
const copy = async (text, button) => {
  try { await navigator.clipboard.writeText(text); say(button, "Copied"); }
  catch { say(button, "Select the text and copy it"); }
};
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy(button.parentElement.querySelector("pre").textContent, button));
}
for (const button of document.querySelectorAll("[data-permalink]")) {
  button.addEventListener("click", () => copy(location.href, button));
}

// The glossary: the first use of a term in each section becomes a button that shows its meaning.
const tip = document.createElement("div");
tip.className = "tip"; tip.id = "tip"; tip.setAttribute("role", "tooltip"); tip.hidden = true;
document.body.append(tip);
const show = (button) => {
  tip.textContent = button.dataset.means; tip.hidden = false;
  const box = button.getBoundingClientRect(), width = tip.offsetWidth;
  tip.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 12)) + scrollX}px`;
  tip.style.top = `${box.bottom + 6 + scrollY}px`;
};
const hide = () => { tip.hidden = true; };
addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
const term = (word, means) => {
  const button = document.createElement("button");
  button.type = "button"; button.className = "term"; button.textContent = word;
  button.dataset.means = means; button.setAttribute("aria-describedby", "tip");
  for (const [name, run] of [["mouseenter", show], ["focus", show], ["mouseleave", hide], ["blur", hide]]) {
    button.addEventListener(name, () => run(button));
  }
  button.addEventListener("click", () => show(button));
  return button;
};
const mark = (terms) => {
  const names = Object.keys(terms).sort((a, b) => b.length - a.length);
  const plain = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const find = new RegExp(`(?<![\\w-])(${names.map(plain).join("|")})(?![\\w-])`, "i");
  const upper = /^[A-Z0-9.\s]+$/;
  for (const part of document.querySelectorAll("main section")) {
    const seen = new Set();
    const spots = part.querySelectorAll("h3,thead th,dt,p");
    for (const spot of spots) {
      if (spot.closest("summary,label,a,button,svg,pre,.fact,.vh")) continue;
      for (const node of [...spot.childNodes]) {
        if (node.nodeType !== Node.TEXT_NODE) continue;
        const found = find.exec(node.textContent);
        const name = found && names.find((one) => one.toLowerCase() === found[1].toLowerCase());
        if (!name || seen.has(name) || (upper.test(name) && found[1] !== name)) continue;
        seen.add(name);
        const rest = node.splitText(found.index);
        rest.textContent = rest.textContent.slice(found[1].length);
        rest.before(term(found[1], terms[name]));
      }
    }
  }
};
if (document.querySelector("main section")) {
  fetch("/api/v1/glossary").then((answer) => (answer.ok ? answer.json() : null)).then((data) => data && mark(data.terms));
}

// On a narrow screen the names of the pages scroll: the one that is open is in view.
const open = document.querySelector(".steps [aria-current]"), names = open?.closest("ol");
if (names) names.scrollLeft = open.offsetLeft - (names.clientWidth - open.offsetWidth) / 2;
