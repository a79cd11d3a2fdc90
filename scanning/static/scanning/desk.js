/* The page of a room: progress without reloading, zoom, keys. Everything works without it, only slower. */
(() => {
  const room = document.getElementById("scan-room");
  if (!room) return;
  const view = document.getElementById("scan-view");
  const progress = document.getElementById("scan-progress");
  const first = Number(room.dataset.unread);
  let most = first;

  const show = (address) => { view.querySelector("img").src = address; view.showModal(); };
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".scan-zoom, .scan-zoom-link, .scan-thumb[href]");
    if (link) { event.preventDefault(); show(link.href); }
    if (event.target.closest("[data-close]") || event.target === view) view.close();
  });

  const typing = () => /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName ?? "");
  document.addEventListener("keydown", (event) => {
    if (typing() || event.ctrlKey || event.metaKey || event.altKey) return;
    const problems = [...document.querySelectorAll(".scan-problem")];
    const here = problems.indexOf(document.activeElement.closest(".scan-problem"));
    if (event.code === "KeyN" && problems.length) {
      const next = problems[(here + 1) % problems.length];
      next.focus(); next.scrollIntoView({ block: "center" });
    } else if (event.code === "Space" && here >= 0) {
      const link = problems[here].querySelector(".scan-zoom");
      if (link) { event.preventDefault(); view.open ? view.close() : show(link.href); }
    } else if (event.code === "KeyD" && here >= 0) {
      const reason = problems[here].querySelector("input[name=reason]");
      if (reason) { event.preventDefault(); reason.focus(); }
    }
  });

  const dirty = () => [...document.querySelectorAll("#scan-room input:not([type=hidden]), #scan-room textarea")]
    .some((field) => (field.type === "file" ? field.files.length : field.value !== field.defaultValue));
  const look = async () => {
    try {
      const answer = await fetch(room.dataset.stateUrl, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const state = await answer.json();
      most = Math.max(most, state.unread);
      progress.hidden = state.unread === 0;
      progress.querySelector("[data-left]").textContent = state.unread;
      progress.querySelector("i").style.width = most ? `${100 * (most - state.unread) / most}%` : "0";
      const equation = document.getElementById("equation");
      if (equation && state.balance.equation) equation.textContent = state.balance.equation;
      const changed = state.state !== room.dataset.state || String(state.sealed) !== room.dataset.sealed || (first > 0 && state.unread === 0);
      if (changed && !dirty() && !view.open) location.reload();
    } catch { /* the node restarts or the network is away: look again later */ }
  };
  setInterval(() => { if (!document.hidden) look(); }, first > 0 ? 1500 : 5000);

  for (const drop of document.querySelectorAll(".drop")) {
    drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault(); drop.classList.remove("over");
      drop.querySelector("input[type=file]").files = event.dataTransfer.files;
    });
  }
})();
