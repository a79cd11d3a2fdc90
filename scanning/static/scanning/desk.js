// The pages of the rooms and of one room: progress, scanners, keys. What changes is drawn by `live.js`.
"use strict";
(() => {
  const page = document.getElementById("scan-room") ?? document.getElementById("scan-desk");
  if (!page) return;
  document.addEventListener("live:signal", ({ detail: now }) => {
    const progress = document.getElementById("scan-progress");
    if (progress) {
      progress.hidden = !now.unread;
      progress.querySelector("i").style.width = `${now.share}%`;
      progress.querySelector("[data-words]").textContent = now.words;
    }
    const pages = document.querySelector("[data-pages]");
    if (pages && now.scanning) pages.textContent = now.scanning.pages;
  });

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
