// Dose: how far the reading is, and the slices, with one picture in flight.
const job = document.querySelector("[data-job]");
const look = async () => {
  const answer = await fetch(job.dataset.job), data = await answer.json();
  if (!data.ok) { job.querySelector("[data-words]").textContent = data.error; return; }
  job.querySelector("[data-words]").textContent = data.job.words;
  job.querySelector("progress").value = data.job.done_frac;
  if (["waiting", "running"].includes(data.job.state)) setTimeout(look, 400);
  else if (data.job.state !== "cancelled") location.reload();
};
if (job?.querySelector("progress")) {
  setTimeout(look, 300);
  job.querySelector("[data-cancel]").addEventListener("click", async () => {
    await fetch(`${job.dataset.job}/cancel`, { method: "POST" });
  });
}

const viewer = document.querySelector("[data-planes]");
if (viewer) {
  const controls = viewer.querySelector("[data-controls]").elements, picture = viewer.querySelector("[data-picture]");
  const address = new URL(location.href);
  for (const name of ["target", "orientation", "window"]) {
    const wanted = address.searchParams.get(name);
    if (wanted !== null && [...controls[name].options].some((one) => one.value === wanted)) controls[name].value = wanted;
  }
  const range = () => {
    const chosen = controls.target.selectedOptions[0];
    const [low, middle, high] = chosen.dataset[controls.orientation.value].split(" ").map(Number);
    Object.assign(controls.at, { min: low, max: high });
    controls.at.value = middle;
  };
  let busy = false, again = false;
  const draw = () => {
    controls.where.textContent = `${controls.at.value} mm`;
    if (busy) { again = true; return; }
    busy = true;
    const chosen = controls.target.selectedOptions[0];
    const [low, high] = controls.window.value.split(" ");
    const query = new URLSearchParams({
      lesion: chosen.dataset.lesion, course: chosen.dataset.course, orientation: controls.orientation.value,
      at_mm: controls.at.value, low_hu: low, high_hu: high,
    });
    for (const name of ["target", "orientation", "window", "at"]) address.searchParams.set(name, controls[name].value);
    history.replaceState(null, "", address);
    const next = new Image();
    next.onload = next.onerror = () => {
      busy = false;
      if (again) { again = false; draw(); }
    };
    next.addEventListener("load", () => {
      picture.src = next.src;
      picture.alt = `${controls.orientation.value} plane at ${controls.at.value} mm through ${chosen.textContent}; the tables below hold the numbers`;
    });
    next.src = `${viewer.dataset.planes}?${query}`;
  };
  for (const name of ["target", "orientation"]) controls[name].addEventListener("change", () => { range(); draw(); });
  controls.window.addEventListener("change", draw);
  controls.at.addEventListener("input", draw);
  picture.addEventListener("wheel", (event) => {
    event.preventDefault();
    controls.at.value = Number(controls.at.value) + Math.sign(event.deltaY) * 2;
    draw();
  }, { passive: false });
  range();
  if (address.searchParams.has("at")) controls.at.value = address.searchParams.get("at");
  draw();
}
