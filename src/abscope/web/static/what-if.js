// What if: sliders write lines of change; one question is in flight, and the last one always wins.
const ask = document.querySelector("[data-ask]");
// Rounded as the sentences are: a half goes to the even number.
const rounded = (value) => { const up = Math.round(value), half = Math.abs(value - Math.trunc(value)) === 0.5; return half && up % 2 ? up - 1 : up; };
const whole100 = (value) => rounded(Number((value * 100).toPrecision(12)));
const percent = (value) => {
  const whole = whole100(value);
  return `${whole > 0 ? "+" : whole < 0 ? "−" : ""}${Math.abs(whole)}%`;
};
// A line names a phase, or a course that has one phase only.
const named = (form, id) => form.querySelector(`[data-phase="${CSS.escape(id)}"], [data-course="${CSS.escape(id)}"]`);
const span = (one) => `${percent(one.median)} (${percent(one.low)} to ${percent(one.high)})`;
const color = (role) => getComputedStyle(document.documentElement).getPropertyValue(`--${role}`).trim();

class Picture {
  constructor(place, role) { this.place = place; this.role = role; this.plot = null; }
  draw(days, row) {
    this.place.closest("figure").hidden = !row;
    if (!row) return;
    this.last = [days, row];
    const ends = (who, end) => [0, ...row.change_frac.map((one) => (one ? one[who][end] : null))];
    const data = [days];
    for (const who of ["delivered", "scenario"]) for (const end of ["low", "high", "median"]) data.push(ends(who, end));
    if (this.plot) { this.plot.setData(data); return; }
    const muted = color("muted"), own = color(this.role), grid = { stroke: color("rule"), width: 1 };
    const edge = (stroke) => ({ stroke, width: 0, points: { show: false } });
    const axis = { stroke: muted, grid, ticks: grid, font: "12px system-ui, sans-serif" };
    this.plot = new uPlot({
      width: this.place.clientWidth, height: 220, legend: { show: false }, cursor: { drag: { x: false, y: false }, sync: { key: "what-if" } },
      scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(low, -1), Math.max(high, 0.4)] } },
      axes: [{ ...axis, label: "days from day zero", labelFont: axis.font, size: 30, labelSize: 20, values: (_, all) => all.map((day) => String(day).replace("-", "−")) },
        { ...axis, size: 64, values: (_, all) => all.map(percent) }],
      series: [{}, edge(muted), edge(muted), { stroke: muted, width: 2, dash: [6, 5], points: { show: true, size: 7, stroke: muted, fill: color("panel") } },
        edge(own), edge(own), { stroke: own, width: 2.5, points: { show: true, size: 8, stroke: own, fill: own } }],
      bands: [{ series: [2, 1], fill: `${muted}22` }, { series: [5, 4], fill: `${own}33` }],
    }, data, this.place);
    addEventListener("resize", () => this.plot.setSize({ width: this.place.clientWidth, height: 220 }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { this.plot.destroy(); this.plot = null; this.draw(...this.last); });
  }
}

const start = () => {
  const form = ask.querySelector("form"), changes = form.querySelector("#changes");
  const pictures = [new Picture(ask.querySelector('[data-plot="0"]'), "in-field"), new Picture(ask.querySelector('[data-plot="1"]'), "out-of-field")];
  const lines = () => changes.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const question = (asked) => `?${new URLSearchParams([...asked.map((line) => ["change", line]), ["draws", ask.dataset.draws]])}`;
  const value = (input) => Number(input.value);
  const moved = (input) => input && value(input) !== Number(input.dataset.was);

  // The lines that the controls stand for; what was typed by hand and no control knows stays.
  const own = /^(set rt\.\S+: [\d.]+ x [\d.]+ Gy|set rt\.\S+\.targets:.*|set blood\.spleen_dose: x[\d.]+|drop \S+|add rt others ([\d.]+ Gy x \d+|\d+ x [\d.]+ Gy)|shift \S+ [+-]\d+d)$/;
  const compose = () => {
    const found = [];
    for (const set of form.querySelectorAll("[data-phase]")) {
      const id = set.dataset.phase, dose = set.querySelector("[data-dose]"), number = set.querySelector("[data-number]");
      if (set.querySelector("[data-drop]").checked) { found.push(`drop ${id}`); continue; }
      if (moved(dose) || moved(number)) found.push(`set rt.${id}: ${value(number)} x ${value(dose)} Gy`);
      const box = set.querySelector("[data-targets]"), chosen = [...box.querySelectorAll("input:checked")].map((one) => one.value);
      const was = box.dataset.targets.split(" ").filter(Boolean);
      if (chosen.length && chosen.join() !== was.filter((one) => box.querySelector(`input[value="${one}"]`)).join()) found.push(`set rt.${id}.targets: ${chosen.join(", ")}`);
    }
    const others = form.querySelector("[data-others]");
    if (others && value(others)) found.push(`add rt others ${value(others)} Gy x ${value(form.querySelector("[data-others-n]"))}`);
    const spleen = form.querySelector("[data-spleen]");
    if (moved(spleen)) found.push(`set blood.spleen_dose: x${value(spleen)}`);
    for (const input of form.querySelectorAll("[data-agent]")) {
      const drop = form.querySelector(`[data-drop="${input.dataset.agent}"]`);
      if (drop.checked) found.push(`drop ${input.dataset.agent}`);
      else if (value(input)) found.push(`shift ${input.dataset.agent} ${value(input) > 0 ? "+" : ""}${value(input)}d`);
    }
    changes.value = [...found, ...lines().filter((line) => !own.test(line))].join("\n");
  };
  const tell = (input) => {
    const sign = input.dataset.agent && value(input) > 0 ? "+" : "";
    const words = `${sign}${input.value.replace("-", "−")}${input.dataset.unit ? ` ${input.dataset.unit}` : ""}`;
    input.nextElementSibling.textContent = words;
    input.setAttribute("aria-valuetext", words + (moved(input) ? "" : ", as delivered"));
    input.closest(".slider").classList.toggle("moved", moved(input));
  };
  // The controls follow the lines, so that a link shows the plan that it holds.
  const follow = () => {
    for (const input of form.querySelectorAll("input[type=range]")) input.value = input.dataset.was;
    for (const input of form.querySelectorAll("[data-drop]")) input.checked = false;
    for (const line of lines()) {
      let found = /^set rt\.([\w-]+): ([\d.]+) x ([\d.]+) Gy$/.exec(line);
      const set = found && named(form, found[1]);
      if (set?.querySelector("[data-dose]")) { set.querySelector("[data-number]").value = found[2]; set.querySelector("[data-dose]").value = found[3]; }
      found = /^set rt\.([\w-]+)\.targets: (.*)$/.exec(line);
      const box = found && named(form, found[1])?.querySelector("[data-targets]");
      if (box) for (const one of box.querySelectorAll("input")) one.checked = found[2].split(/,\s*/).includes(one.value);
      found = /^drop (\S+)$/.exec(line);
      const drop = found && form.querySelector(`[data-drop="${CSS.escape(found[1])}"]`);
      if (drop) drop.checked = true;
      found = /^add rt others ([\d.]+) Gy x (\d+)$/.exec(line);
      const turned = /^add rt others (\d+) x ([\d.]+) Gy$/.exec(line);
      if (turned) found = [line, turned[2], turned[1]];
      if (found && form.querySelector("[data-others]")) { form.querySelector("[data-others]").value = found[1]; form.querySelector("[data-others-n]").value = found[2]; }
      found = /^set blood\.spleen_dose: x([\d.]+)$/.exec(line);
      if (found) form.querySelector("[data-spleen]").value = found[1];
      found = /^shift (\S+) ([+-]\d+)d$/.exec(line);
      const agent = found && form.querySelector(`[data-agent="${CSS.escape(found[1])}"]`);
      if (agent) agent.value = found[2];
    }
    for (const input of form.querySelectorAll("input[type=range]")) tell(input);
  };

  // Only what reads otherwise is written: a table that is made anew takes longer than both plots.
  const table = ask.querySelector("[data-table] tbody"), names = [...ask.querySelectorAll("[data-table] thead th")].map((one) => one.textContent);
  const made = () => {
    const row = document.createElement("tr");
    names.forEach((name, n) => {
      const cell = document.createElement(n ? "td" : "th");
      if (n) cell.dataset.label = name; else cell.scope = "row";
      cell.append(document.createElement("div")); row.append(cell);
    });
    return row;
  };
  const fill = (rows) => {
    while (table.rows.length > rows.length) table.lastElementChild.remove();
    while (table.rows.length < rows.length) table.append(made());
    rows.forEach((row, k) => {
      const end = row.change_frac.at(-1);
      const cells = [`${row.name} ${row.label}`, end ? span(end.delivered) : "not there", end ? span(end.scenario) : "not there",
        end ? span(end.difference) : "", end ? `${whole100(end.better_frac)}% of ${end.draws} draws` : "",
        `${whole100(row.response.scenario_frac)}% instead of ${whole100(row.response.delivered_frac)}%`];
      cells.forEach((text, n) => {
        const inner = table.rows[k].cells[n].firstElementChild;
        if (inner.textContent !== text) inner.textContent = text;
      });
    });
  };

  // On a narrow screen the answer is below the sliders: its gist stays in view beside them.
  const short = (found) => {
    const end = found?.rows[0].change_frac.at(-1);
    ask.querySelector("[data-short]").textContent = end ? `${found.verdict}: all lesions at ${found.visits.at(-1).label} ${span(end.scenario)}; delivered ${percent(end.delivered.median)}` : "";
  };
  const show = (found) => {
    ask.querySelector("[data-wrong]").textContent = "";
    ask.querySelector("[data-verdict]").textContent = found.verdict;
    ask.querySelector("[data-sentence]").textContent = found.sentence;
    short(found);
    const days = [0, ...found.visits.map((one) => one.day_d)];
    pictures[0].draw(days, found.rows[0]);
    pictures[1].draw(days, found.rows.find((row) => row.name === "outside the fields"));
    ask.dispatchEvent(new CustomEvent("drawn", { detail: { found, plot: pictures[0].plot } }));
    fill(found.rows);
    const remarks = [...(found.warnings ?? []), ...(found.assumed ?? []), ...(found.never_seen ?? [])];
    const list = ask.querySelector("[data-remarks]");
    if ([...list.children].map((one) => one.textContent).join("\n") !== remarks.join("\n")) {
      list.replaceChildren(...remarks.map((text) => { const one = document.createElement("li"); one.textContent = text; return one; }));
    }
  };
  // The same without a browser, and the data, follow the sliders.
  const same = (data) => {
    const [command, python] = document.querySelectorAll(".copies pre");
    command.textContent = data.command; python.textContent = data.python;
    for (const link of document.querySelectorAll("[data-download]")) link.href = ask.dataset.ask.replace(/\/what-if$/, link.dataset.download) + question(lines());
    document.querySelector("[data-figure]").hidden = false;
  };
  const asDelivered = () => {
    ask.querySelector("[data-wrong]").textContent = "";
    ask.querySelector("[data-verdict]").textContent = "As delivered";
    short(null);
    ask.querySelector("[data-sentence]").textContent = "Move a slider to compare another treatment with the delivered one.";
  };

  // The address follows when the slider rests: browsers refuse it many times a second.
  let resting;
  const permalink = () => {
    const address = new URL(location.href);
    address.searchParams.delete("change"); address.searchParams.delete("standard");
    for (const line of lines()) address.searchParams.append("change", line);
    history.replaceState(null, "", address);
  };
  let busy = false, again = false;
  const run = async () => {
    const asked = lines();
    clearTimeout(resting); resting = setTimeout(permalink, 250);
    if (busy) { again = true; return; }
    if (!asked.length) { asDelivered(); return; }
    busy = true;
    try {
      const answer = await fetch(ask.dataset.ask + question(asked));
      const data = await answer.json();
      if (!data.ok) ask.querySelector("[data-wrong]").textContent = data.errors.map((one) => `${one.where}: ${one.what}; expected ${one.expected}.`).join(" ");
      else if (data.found) { show(data.found); same(data); ask.dataset.shown = asked.join("\n"); }
    } catch { ask.querySelector("[data-wrong]").textContent = "The server does not answer."; }
    busy = false;
    if (again) { again = false; run(); }
  };
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.type === "range") tell(event.target);
    if (event.target === changes) follow(); else compose();
    run();
  });
  form.querySelector("[data-reset]").addEventListener("click", () => {
    changes.value = ""; follow();
    for (const box of form.querySelectorAll("[data-targets]")) for (const one of box.querySelectorAll("input")) one.checked = box.dataset.targets.split(" ").includes(one.value);
    run();
  });
  follow();
  run();
};
if (ask) start();
