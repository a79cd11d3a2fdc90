// Keys and the help that lists them, for every page of the desk. By the place of a key, so that layouts do not matter.
"use strict";
window.deskKeys = (() => {
  const help = document.getElementById("scan-help");
  const inField = () => /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  // An empty number field takes digits only: until something stands in it, letters are still keys.
  const typing = () => inField() && !(document.activeElement.name === "number" && !document.activeElement.value);
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
    const loss = sure.querySelector("[data-loss]");
    loss.textContent = form.dataset.loss ?? "";
    loss.hidden = !loss.textContent;
    sure.querySelector("[data-sure]").onclick = () => { form.dataset.sure = "1"; sure.close(); form.requestSubmit(button); };
    sure.showModal();
  });
  // A hand-held reader sends its keys in a burst, some begin with letters: such a letter is nobody's decision. A person's
  // key stands alone for this long, in ms (readers leave 2 to 30 between two).
  const ALONE = 90;
  let last = 0, waiting = 0;
  /** Call `keys[code]` for a pressed key that stands alone; `Escape` leaves a field first, then the page. */
  const listen = (keys) => document.addEventListener("keydown", (event) => {
    const burst = event.timeStamp - last < ALONE && !event.repeat;
    if (event.key.length === 1) last = event.timeStamp;
    clearTimeout(waiting);
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "?") { if (!typing()) { event.preventDefault(); help?.showModal(); } return; }
    if (event.code === "Escape" && typing()) { document.activeElement.blur(); return; }
    if (typing()) return;
    const done = keys[event.code] ?? keys[event.key];
    if (!done) return;
    event.preventDefault();
    if (event.key.length > 1 || event.key === " ") { done(event); return; }
    if (!burst) waiting = setTimeout(() => done(event), ALONE);
  });
  const press = (selector) => document.querySelector(selector)?.click();
  return { listen, press, typing };
})();
