// Long work: how far it is, a way to stop it, and the page anew when it is over.
const waiting = document.querySelector("[data-wait]");
if (waiting?.querySelector("progress")) {
  const words = waiting.querySelector("[data-words]"), bar = waiting.querySelector("progress");
  const look = async () => {
    let data;
    try { data = await (await fetch(waiting.dataset.wait)).json(); } catch { words.textContent = "The server does not answer."; setTimeout(look, 2000); return; }
    if (!data.ok) { words.textContent = data.error; return; }
    words.textContent = data.job.words;
    if (data.job.done_frac) bar.value = data.job.done_frac;
    if (["waiting", "running"].includes(data.job.state)) setTimeout(look, 300);
    else if (data.job.state !== "cancelled") location.reload();
  };
  setTimeout(look, 200);
  waiting.querySelector("[data-cancel]").addEventListener("click", () => fetch(`${waiting.dataset.wait}/cancel`, { method: "POST" }));
}
