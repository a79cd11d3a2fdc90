// Counts what is left until a deadline, and the point's clock: the tag of a live page holds no minute.
//   data-until="…"   an ISO moment, on the words of the time left; data-late="late by %s" once it is over
//   data-clock="…"   a time zone, on a clock
// Deadlines are judged by the server's clock: its answers (`live:answered`) tell how far this computer's is off.
"use strict";
(() => {
  const words = document.documentElement.lang.startsWith("en") ? ["h", "min"] : ["ч", "мин"];
  const FAR = 172800000;
  let skew = null;

  const span = (milliseconds) => {
    const minutes = Math.floor(milliseconds / 60000), hours = Math.floor(minutes / 60), rest = minutes % 60;
    if (!hours) return `${minutes} ${words[1]}`;
    return rest ? `${hours} ${words[0]} ${rest} ${words[1]}` : `${hours} ${words[0]}`;
  };

  const count = () => {
    if (skew === null) return;
    const now = Date.now() + skew;
    for (const each of document.querySelectorAll("[data-until]")) {
      const left = Date.parse(each.dataset.until) - now;
      if (Math.abs(left) < FAR) each.textContent = left >= 0 ? span(left) : each.dataset.late.replace("%s", span(-left));
    }
    for (const each of document.querySelectorAll("[data-clock]")) {
      const timeZone = each.dataset.clock;
      each.textContent = new Intl.DateTimeFormat("ru", { hour: "2-digit", minute: "2-digit", timeZone }).format(now);
    }
  };

  document.addEventListener("live:answered", (told) => {
    const at = Date.parse(told.detail ?? "");
    if (!Number.isNaN(at)) skew = at - Date.now();
    count();
  });
  document.addEventListener("live:drawn", count);
  setInterval(count, 15000);
})();
