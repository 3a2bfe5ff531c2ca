// The form for a new case: another row without loading the page again.
for (const link of document.querySelectorAll("[data-add]")) {
  link.setAttribute("role", "button");
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const set = link.closest("fieldset"), rows = set.querySelectorAll(":scope > .item");
    const count = rows.length, made = rows[count - 1].cloneNode(true);
    const moved = (text) => text.replace(`[${count - 1}]`, `[${count}]`);
    made.setAttribute("aria-label", made.getAttribute("aria-label").replace(/\d+$/, String(count + 1)));
    for (const one of made.querySelectorAll("[id],[name],[for],[aria-describedby],[aria-label]")) {
      for (const name of ["id", "name", "for", "aria-describedby"]) {
        if (one.hasAttribute(name)) one.setAttribute(name, moved(one.getAttribute(name)));
      }
      if (one.hasAttribute("aria-label")) one.setAttribute("aria-label", one.getAttribute("aria-label").replace(/scan \d+$/, `scan ${count + 1}`));
      if ("value" in one && one.tagName !== "OPTION") one.value = "";
    }
    rows[count - 1].after(made);
    set.querySelector("input[type=hidden]").value = count + 1;
    made.querySelector("input,select").focus();
  });
}
