// The pages of the rooms and of one room: what changes is drawn anew in its place, never under a typing hand.
"use strict";
(() => {
  const page = document.getElementById("scan-room") ?? document.getElementById("scan-desk");
  if (!page) return;
  const live = () => document.getElementById("live");
  let known = live()?.dataset.mark, drawn = Date.now(), busy = false, asking = false;

  const touched = (part) => part.contains(document.activeElement) && window.deskKeys.typing()
    || [...part.querySelectorAll("input:not([type=hidden]), textarea")].some((field) => field.value !== field.defaultValue);

  const draw = async (mark) => {
    const answer = await fetch(page.dataset.part, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok) return;
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    for (const id of ["live", "closing"]) {
      const fresh = made.content.getElementById(id), old = document.getElementById(id);
      if (!fresh || !old) continue;
      // Whoever types a reason or a PIN goes on typing; the rest is drawn when they are done.
      if (touched(old)) { mark = known; continue; }
      const open = [...old.querySelectorAll("details[open]")].map((each) => each.querySelector("summary")?.textContent);
      const focus = document.activeElement?.id;
      old.replaceWith(fresh);
      fresh.querySelectorAll("details").forEach((each) => { if (open.includes(each.querySelector("summary")?.textContent)) each.open = true; });
      if (focus) document.getElementById(focus)?.focus();
    }
    known = mark;
    drawn = Date.now();
    document.dispatchEvent(new Event("desk:drawn"));
  };

  const look = async () => {
    if (document.hidden || asking) return;
    asking = true;
    try {
      const answer = await fetch(page.dataset.pulse, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      const progress = document.getElementById("scan-progress");
      if (progress) {
        progress.hidden = !now.unread;
        progress.querySelector("i").style.width = `${now.share}%`;
        progress.querySelector("[data-words]").textContent = now.words;
      }
      const pages = document.querySelector("[data-pages]");
      if (pages && now.scanning) pages.textContent = now.scanning.pages;
      const settled = busy && !now.busy;
      busy = now.busy;
      // While sheets are being read the lists follow every few seconds, the bar every second.
      if (now.mark !== known && (settled || !busy || Date.now() - drawn > 4000)) await draw(now.mark);
    } catch { /* the node starts anew or the line is away: look again later */ } finally { asking = false; }
  };
  setInterval(look, 1200);
  document.addEventListener("visibilitychange", look);

  // Looking for scanners takes seconds: only when somebody wants to know.
  const scanners = page.querySelector("[data-scanners]");
  page.querySelector("[data-find]")?.addEventListener("click", async (event) => {
    const said = page.querySelector("[data-scanners-said]"), button = event.currentTarget;
    button.disabled = true;
    said.textContent = scanners.dataset.searching;
    try {
      const found = await (await fetch(scanners.dataset.scanners)).json();
      while (scanners.options.length > 1) scanners.remove(1);
      for (const each of found.devices) scanners.add(new Option(each.label, each.name));
      if (found.devices.length) scanners.selectedIndex = 1;
      said.textContent = found.said || found.devices.map((each) => each.label).join(", ");
    } catch (error) { said.textContent = String(error); } finally { button.disabled = false; }
  });
  for (const field of page.querySelectorAll("select[name=preset]")) {
    const kept = localStorage.getItem("desk-preset");
    if ([...field.options].some((each) => each.value === kept)) field.value = kept;
    field.addEventListener("change", () => localStorage.setItem("desk-preset", field.value));
  }

  const rooms = [...document.querySelectorAll(".scan-rooms a[aria-current], .scan-rooms a.chip")];
  const here = rooms.findIndex((each) => each.hasAttribute("aria-current"));
  const go = (link) => { if (link) location.href = link.href; };
  window.deskKeys.listen({
    KeyN: () => go(document.querySelector("#scan-first, a.waits")),
    KeyS: () => document.getElementById("scan-button")?.focus(),
    KeyF: () => document.querySelector("#upload input[type=file]")?.click(),
    KeyC: () => document.querySelector("#card input[type=number]")?.select(),
    KeyU: () => window.deskKeys.press("#undo button"),
    BracketLeft: () => go(rooms[here - 1]), BracketRight: () => go(rooms[here + 1]),
    Escape: () => go(document.querySelector("[data-back]")),
  });
})();
