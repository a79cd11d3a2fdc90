// The picture of a recording: shows what was played, jumps where it is pressed.
"use strict";
(() => {
  const ready = new WeakSet();
  const enhance = () => document.querySelectorAll(".scan-player").forEach((player) => {
    if (ready.has(player)) return;
    ready.add(player);
    const wave = player.querySelector(".scan-wave"), sound = player.querySelector("audio");
    if (!wave) return;
    const length = () => (Number.isFinite(sound.duration) ? sound.duration : Number(wave.getAttribute("aria-valuemax"))) || 1;
    sound.addEventListener("timeupdate", () => {
      wave.querySelector(".played").setAttribute("width", String(120 * sound.currentTime / length()));
      wave.setAttribute("aria-valuenow", String(Math.round(sound.currentTime)));
    });
    const jump = (share) => {
      sound.currentTime = Math.min(Math.max(share, 0), 1) * length();
      sound.play();
    };
    wave.addEventListener("click", (event) => {
      const box = wave.getBoundingClientRect();
      jump((event.clientX - box.left) / box.width);
    });
    wave.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 5, ArrowLeft: -5 }[event.key];
      if (step) { event.preventDefault(); event.stopPropagation(); jump((sound.currentTime + step) / length()); }
      if (event.key === " ") { event.preventDefault(); event.stopPropagation(); sound.paused ? sound.play() : sound.pause(); }
    });
  });
  enhance();
  document.addEventListener("live:drawn", enhance);
})();
