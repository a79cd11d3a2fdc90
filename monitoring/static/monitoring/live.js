// Keeps a page fresh without being asked: every 3 s for 20 rounds after the person did something, then every 60 s,
// and not at all while the tab is hidden. Without this file the page works all the same; reloading shows the news.
"use strict";
(() => {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const QUICK = 3000, SLOW = 60000, ROUNDS = 20;
  const address = root.dataset.live, told = document.querySelector("[data-live-status]");
  let rounds = ROUNDS, timer = 0, tag = "", busy = false;

  const typing = (part) => {
    const focus = document.activeElement;
    if (part.contains(focus) && focus.matches("input, select, textarea, summary")) return true;
    return [...part.querySelectorAll("input:not([type=hidden]), textarea")].some(
      (field) => field.type === "file" ? field.files.length : field.value !== field.defaultValue);
  };

  const unfolded = (part) => [...part.querySelectorAll("details[open][data-keep]")].map((each) => each.dataset.keep);

  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    for (const part of document.querySelectorAll("[data-part]")) {
      const news = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!news || news.innerHTML === part.innerHTML || typing(part)) continue;
      const open = unfolded(part);
      part.replaceChildren(...news.childNodes);
      for (const each of part.querySelectorAll("details[data-keep]")) {
        if (open.includes(each.dataset.keep)) each.open = true;
      }
    }
    const late = fresh.querySelector("[data-title]");
    if (late) document.title = late.dataset.title;
  };

  const ask = async () => {
    if (busy) return;
    busy = true;
    try {
      const answer = await fetch(address, {
        headers: { "X-Requested-With": "fetch", ...(tag ? { "If-None-Match": tag } : {}) }, cache: "no-store",
      });
      if (answer.redirected || answer.status === 403) return location.reload();
      if (answer.status === 200) {
        show(await answer.text());
        tag = answer.headers.get("ETag") || "";
      }
      if (told) told.hidden = answer.status === 200 || answer.status === 304;
    } catch {
      if (told) told.hidden = false;
    } finally {
      busy = false;
    }
  };

  const plan = () => {
    clearTimeout(timer);
    if (document.hidden) return;
    timer = setTimeout(async () => {
      rounds = Math.max(0, rounds - 1);
      await ask();
      plan();
    }, rounds > 0 ? QUICK : SLOW);
  };

  const wake = () => {
    const asleep = rounds === 0;
    rounds = ROUNDS;
    if (asleep) plan();
  };

  for (const kind of ["pointermove", "keydown", "scroll"]) addEventListener(kind, wake, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) { rounds = ROUNDS; ask(); }
    plan();
  });
  plan();
})();
