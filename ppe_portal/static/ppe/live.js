// Keeps a page fresh without being asked, never under a typing hand. Without this file reloading shows the news.
//   data-live="…"         on the root: where the page's parts come from, as HTML; empty for the page itself
//   data-live-signal="…"  JSON asked instead; the parts are asked for when it changed (its `mark`, else its whole text)
//   data-live-mark="…"    the mark that the page shows already
//   data-live-every="10"  seconds between two questions; without it every 3 s for 20 rounds after the person did
//                         something, then every 60 s. A hidden tab asks nothing.
//   data-part="…"         on what is drawn anew; data-keep="…" on a <details> that stays open
//   data-live-status      on the note that the portal does not answer
//   data-live-ended       on the note that the session has ended, for whoever has typed something
// No two pages keep the same step, and a portal that answers slowly or not at all is asked less often.
// Pages listen to `live:signal` (detail: the JSON), `live:answered` (detail: the server's Date) and `live:drawn`.
"use strict";
(() => {
  const root = document.querySelector("[data-live]");
  if (!root) return;
  const ROUNDS = 20, BUSY_MS = 4000, MOST_MS = 30000, ENDED = "logged out", LINKS = "a[href], button, summary";
  const { live, liveSignal: signal, liveEvery: every } = root.dataset;
  const stale = document.querySelector("[data-live-status]"), ended = document.querySelector("[data-live-ended]");
  let rounds = ROUNDS, timer = 0, tag = "", known = root.dataset.liveMark, drawn = 0, wasBusy = false, asking = false, over = false, failed = 0, took = 0;

  const changed = (field) => {
    if (field.type === "file") return field.files.length > 0;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.tagName === "SELECT") {
      const first = [...field.options].some((each) => each.defaultSelected);
      return [...field.options].some((each, at) => each.selected !== (first || field.multiple || field.size > 1 ? each.defaultSelected : at === 0));
    }
    return field.value !== field.defaultValue;
  };
  // What was typed, what is being typed, and what came back because it was not done. An empty number of a sheet that
  // only has the focus holds nothing: letters are still keys of the desk there.
  const typing = (part) => {
    const focus = document.activeElement;
    if (part.contains(focus) && focus.matches("input, select, textarea") && (focus.name !== "number" || focus.value)) return true;
    return part.querySelector("form [data-unsent]") !== null
      || [...part.querySelectorAll("input:not([type=hidden]), textarea, select")].some(changed);
  };

  // Every drawing has its own token against forged forms; it is no news.
  const plain = (part) => part.innerHTML.replace(/(name="csrfmiddlewaretoken" value=")\w+/g, "$1");
  const shown = new Map([...document.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, plain(part)]));
  const name = (details) => details.dataset.keep ?? details.querySelector("summary")?.textContent;

  const replace = (part, news) => {
    const open = [...part.querySelectorAll("details[open]")].map(name);
    const focus = part.contains(document.activeElement) ? document.activeElement : null;
    const at = focus ? [...part.querySelectorAll(LINKS)].indexOf(focus) : -1;
    part.replaceChildren(...news.childNodes);
    for (const each of part.querySelectorAll("details")) if (open.includes(name(each))) each.open = true;
    if (focus) (document.getElementById(focus.id) ?? part.querySelectorAll(LINKS)[at])?.focus({ preventScroll: true });
  };

  /** Draw the parts that changed; return whether nothing had to be left for later. */
  const show = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    let whole = true;
    for (const part of document.querySelectorAll("[data-part]")) {
      const news = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
      if (!news) continue;
      const words = plain(news);
      if (words === shown.get(part.dataset.part)) continue;
      if (typing(part)) { whole = false; continue; }
      shown.set(part.dataset.part, words);
      replace(part, news);
    }
    const late = fresh.querySelector("[data-title]");
    if (late) document.title = late.dataset.title;
    // A whole page that has nothing more to wait for says so by being live no more.
    over = fresh.querySelector(".ppe") !== null && fresh.querySelector("[data-live]") === null && !live;
    document.dispatchEvent(new Event("live:drawn"));
    return whole;
  };

  const get = async (address, headers) => {
    const answer = await fetch(address, { headers: { "X-Requested-With": "fetch", ...headers }, cache: "no-store" });
    if (!answer.redirected && answer.status !== 403) {
      document.dispatchEvent(new CustomEvent("live:answered", { detail: answer.headers.get("Date") }));
      return answer;
    }
    // The session has ended. Whoever types keeps what is typed: sending it leads through the log-in and back.
    if (!typing(document.body)) location.reload();
    throw new Error(ENDED);
  };

  const draw = async () => {
    const answer = await get(live || location.href, tag ? { "If-None-Match": tag } : {});
    if (answer.status === 304) return true;
    if (!answer.ok) throw new Error(answer.status);
    drawn = Date.now();
    const whole = show(await answer.text());
    tag = whole ? answer.headers.get("ETag") ?? "" : "";
    return whole;
  };

  const heed = async () => {
    const answer = await get(signal, { Accept: "application/json" });
    if (!answer.ok) throw new Error(answer.status);
    const text = await answer.text(), now = JSON.parse(text), mark = now.mark ?? text;
    document.dispatchEvent(new CustomEvent("live:signal", { detail: now }));
    const settled = wasBusy && !now.busy;
    wasBusy = Boolean(now.busy);
    // While the node is at work the lists follow every few seconds, the signal at every question.
    if (mark !== known && (settled || !wasBusy || Date.now() - drawn > BUSY_MS) && await draw()) known = mark;
  };

  const ask = async () => {
    if (asking || over) return;
    asking = true;
    const begun = Date.now();
    let wrong = "";
    try {
      await (signal ? heed() : draw());
    } catch (error) { wrong = error.message || "no answer"; }
    failed = wrong ? failed + 1 : 0;
    took = Date.now() - begun;
    if (stale) stale.hidden = !wrong || (ended !== null && wrong === ENDED);
    if (ended) ended.hidden = wrong !== ENDED;
    asking = false;
  };

  /** Milliseconds until the next question: longer while the portal fails or is slow, never the same for all pages. */
  const pause = () => {
    const usual = every ? every * 1000 : rounds > 0 ? 3000 : 60000;
    const patient = Math.min(MOST_MS, Math.max(usual * 2 ** Math.min(failed, 5), 5 * took));
    return Math.max(usual, patient) * (0.8 + 0.4 * Math.random());
  };

  const plan = () => {
    clearTimeout(timer);
    if (document.hidden || over) return;
    timer = setTimeout(async () => {
      rounds = Math.max(0, rounds - 1);
      await ask();
      plan();
    }, pause());
  };
  const wake = () => {
    const asleep = rounds === 0 && !every;
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
