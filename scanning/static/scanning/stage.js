// One sheet on the whole screen: zoom, turn, drag, decide by letter, go on by arrow. Digits belong to the number.
"use strict";
(() => {
  const stage = document.getElementById("stage");
  if (!stage) return;
  const views = [...stage.querySelectorAll("[data-view]")].map((box) => ({
    box, paper: box.querySelector(".stage-paper"), image: box.querySelector("img"), zoom: 1, turn: 0, x: 0, y: 0,
  }));

  const paint = (view) => {
    view.paper.style.transform = `translate(${view.x}px, ${view.y}px) rotate(${view.turn}deg) scale(${view.zoom})`;
  };
  const fit = (view) => { Object.assign(view, { zoom: 1, x: 0, y: 0 }); paint(view); };
  const zoom = (view, by, at) => {
    const before = view.zoom;
    view.zoom = Math.min(Math.max(view.zoom * by, 1), 8);
    const share = view.zoom / before, middle = view.box.getBoundingClientRect();
    const x = at ? at.clientX - middle.left - middle.width / 2 : 0, y = at ? at.clientY - middle.top - middle.height / 2 : 0;
    view.x = x - (x - view.x) * share;
    view.y = y - (y - view.y) * share;
    if (view.zoom === 1) fit(view); else paint(view);
  };
  const closeUp = (view) => {
    if (view.zoom > 1) { fit(view); return; }
    const mark = view.paper.querySelector(".scan-mark"), sheet = view.paper.getBoundingClientRect();
    const place = (mark ?? view.paper).getBoundingClientRect();
    // What nobody marked is read at its head, where the code stands.
    const x = mark ? place.left + place.width / 2 : sheet.left + sheet.width / 2;
    const y = mark ? place.top + place.height / 2 : sheet.top + sheet.height * 0.12;
    view.zoom = 3;
    view.x = -(x - (sheet.left + sheet.width / 2)) * view.zoom;
    view.y = -(y - (sheet.top + sheet.height / 2)) * view.zoom;
    paint(view);
  };
  const every = (act) => () => views.filter((view) => view.image).forEach(act);
  const turn = every((view) => { view.turn = (view.turn + 90) % 360; paint(view); });

  for (const view of views) {
    view.box.addEventListener("wheel", (event) => { event.preventDefault(); zoom(view, event.deltaY < 0 ? 1.25 : 0.8, event); }, { passive: false });
    view.box.addEventListener("dblclick", () => closeUp(view));
    view.box.addEventListener("pointerdown", (event) => {
      const from = { x: event.clientX - view.x, y: event.clientY - view.y };
      view.box.setPointerCapture(event.pointerId);
      const move = (to) => { view.x = to.clientX - from.x; view.y = to.clientY - from.y; paint(view); };
      view.box.addEventListener("pointermove", move);
      view.box.addEventListener("pointerup", () => view.box.removeEventListener("pointermove", move), { once: true });
    });
  }
  stage.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-zoom], [data-rotate]");
    if (!tool) return;
    if ("rotate" in tool.dataset) turn();
    else every((view) => (tool.dataset.zoom === "fit" ? fit(view) : zoom(view, tool.dataset.zoom === "in" ? 1.4 : 1 / 1.4)))();
  });

  const go = (address) => { if (address) location.href = address; };
  const decide = (letter) => {
    const row = stage.querySelector(`.stage-side .inline[data-key="${letter}"]`);
    if (!row) return;
    const field = row.querySelector("input[type=text], select");
    if (field && !field.value.trim()) field.focus();
    else if (field?.tagName === "SELECT") { field.focus(); row.querySelector("button").focus(); }
    else row.querySelector("button").click();
  };
  // Enter in a field presses the button beside it, not the first one of the form.
  const number = stage.querySelector("input[name=number]");
  stage.addEventListener("keydown", (event) => {
    const row = event.target.closest?.(".inline");
    if (event.key === "Enter" && row && event.target.matches("input[type=text]")) {
      event.preventDefault();
      // A reader's number that ran into another field is a number all the same, and no reason.
      if (number && event.target !== number && /^[0-9]{13}$/.test(event.target.value.trim())) {
        number.value = event.target.value.trim();
        event.target.value = "";
        number.closest(".inline").querySelector("button").click();
        return;
      }
      row.querySelector("button").click();
    }
  });
  // A hand-held reader, or a person in a hurry: whatever has the focus, digits go into the number field.
  document.addEventListener("keydown", (event) => {
    if (number && /^[0-9]$/.test(event.key) && !window.deskKeys.typing() && !event.ctrlKey && !event.metaKey && !event.altKey
      && !document.querySelector("dialog[open]")) number.focus();
  }, { capture: true });
  const keys = {
    ArrowRight: () => go(stage.dataset.after), ArrowLeft: () => go(stage.dataset.before), Escape: () => go(stage.dataset.back),
    Space: every(closeUp), KeyR: turn, KeyU: () => window.deskKeys.press("#undo button"),
    "+": every((view) => zoom(view, 1.4)), "=": every((view) => zoom(view, 1.4)), "-": every((view) => zoom(view, 1 / 1.4)), KeyF: every(fit),
  };
  for (const letter of "ANMXTO") keys[`Key${letter}`] = () => decide(letter);
  window.deskKeys.listen(keys);
})();
