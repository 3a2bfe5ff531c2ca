// The editor: line numbers, problems while typing (one check in flight), drafts kept on the server.
const form = document.querySelector("form.editor");
const area = form.elements.text, lines = form.querySelector(".lines");
const state = form.querySelector("[data-state]"), found = document.querySelector("[data-found]");
let bad = new Set(), saving = false;

const number = () => {
  const count = area.value.split("\n").length;
  lines.replaceChildren(...Array.from({ length: count }, (_, n) => {
    const one = document.createElement("span");
    one.textContent = n + 1;
    if (bad.has(n + 1)) one.className = "bad";
    return one;
  }));
  lines.scrollTop = area.scrollTop;
};
area.addEventListener("scroll", () => { lines.scrollTop = area.scrollTop; });
const go = (line) => {
  const rows = area.value.split("\n"), start = rows.slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
  area.focus();
  area.setSelectionRange(start, start + (rows[line - 1] ?? "").length);
  area.scrollTop = Math.max(0, (line - 6) * parseFloat(getComputedStyle(area).lineHeight));
};
const list = (items) => {
  if (!items.length) { const fine = document.createElement("p"); fine.textContent = "No problem was found."; found.replaceChildren(fine); return; }
  const all = document.createElement("ul"); all.className = "found";
  for (const one of items) {
    const row = document.createElement("li"), tag = document.createElement("span");
    tag.textContent = one.severity;
    tag.className = `tag ${{ error: "tag-impossible", warning: "tag-unsure" }[one.severity] ?? ""}`;
    if (one.line) {
      const jump = document.createElement("button");
      jump.type = "button"; jump.textContent = `Line ${one.line}`;
      jump.addEventListener("click", () => go(one.line));
      row.append(jump);
    }
    row.append(tag, ` ${one.path ? `${one.path}: ` : ""}${one.what}; expected ${one.expected}. ${one.action}`);
    all.append(row);
  }
  found.replaceChildren(all);
};

// One request in flight each; what was typed meanwhile is sent when it comes back.
const keeper = (send) => {
  let busy = false, again = false;
  return async function run() {
    if (busy) { again = true; return; }
    busy = true;
    try { await send(); } finally { busy = false; if (again) { again = false; run(); } }
  };
};
const json = (method, body) => ({ method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
const check = keeper(async () => {
  const answer = await fetch(form.dataset.check, json("POST", { text: area.value, name: form.dataset.name }));
  const data = await answer.json();
  if (!data.ok) return;
  bad = new Set(data.problems.map((one) => one.line));
  number();
  list([...data.problems, ...data.findings]);
});
const keep = keeper(async () => {
  if (saving) return;
  try {
    const answer = await fetch(form.dataset.draft, json("PUT", { text: area.value, revision: form.elements.revision.value }));
    state.textContent = answer.ok ? "Draft kept" : "The draft was not kept";
  } catch { state.textContent = "The server does not answer; copy your text before you close this page"; }
});
let timer = 0;
area.addEventListener("input", () => {
  number();
  state.textContent = "";
  clearTimeout(timer);
  timer = setTimeout(() => { check(); keep(); }, 500);
});
form.addEventListener("submit", () => { saving = true; clearTimeout(timer); });
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); form.requestSubmit(); }
});
number();
check();
const wanted = /^#line-(\d+)$/.exec(location.hash);
if (wanted) go(Number(wanted[1]));
