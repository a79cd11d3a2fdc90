// Keys and the help that lists them, for every page of the desk. By the place of a key, so that layouts do not matter.
"use strict";
window.deskKeys = (() => {
  const help = document.getElementById("scan-help");
  // An empty number field takes digits only: until something stands in it, letters are still keys.
  const typing = () => {
    const field = document.activeElement;
    return /^(INPUT|SELECT|TEXTAREA)$/.test(field?.tagName ?? "") && !(field.name === "number" && !field.value);
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) help?.showModal();
    if (event.target.closest("[data-close]") || event.target === help) event.target.closest("dialog")?.close();
  });
  // Leaving a sheet out is asked once, with its reason before the eyes.
  const sure = document.getElementById("scan-discard");
  document.addEventListener("submit", (event) => {
    const button = event.submitter, form = event.target;
    if (!sure || button?.value !== "discard" || form.dataset.sure) return;
    const reason = button.closest(".inline")?.querySelector("input[name=reason]");
    if (!reason?.value.trim()) { event.preventDefault(); reason?.focus(); return; }
    event.preventDefault();
    sure.querySelector("[data-sheet]").textContent = form.dataset.sheet ?? "";
    sure.querySelector("[data-reason]").textContent = reason.value.trim();
    sure.querySelector("[data-sure]").onclick = () => { form.dataset.sure = "1"; sure.close(); form.requestSubmit(button); };
    sure.showModal();
  });
  /** Call `keys[code]` for a pressed key; `Escape` leaves a field first, then the page. */
  const listen = (keys) => document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { if (!typing()) { event.preventDefault(); help?.showModal(); } return; }
    if (event.code === "Escape" && typing()) { document.activeElement.blur(); return; }
    if (typing()) return;
    const done = keys[event.code] ?? keys[event.key];
    if (done) { event.preventDefault(); done(event); }
  });
  const press = (selector) => document.querySelector(selector)?.click();
  return { listen, press, typing };
})();
