// Printing prints the report itself, not the page around it.
document.querySelector("[data-print]").addEventListener("click", () => {
  document.querySelector("iframe.report").contentWindow.print();
});
