// Keys and the help that lists them, for every page of the desk. By the place of a key, so that layouts do not matter.
"use strict";
window.deskKeys = (() => {
  const help = document.getElementById("scan-help");
  const typing = () => /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) help?.showModal();
    if (event.target.closest("[data-close]") || event.target === help) event.target.closest("dialog")?.close();
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
