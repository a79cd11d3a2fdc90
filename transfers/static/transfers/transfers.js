// Keeps the table of packets fresh. Without scripts the page shows the same facts when it is loaded again.
(() => {
  const table = document.getElementById("packets");
  const address = document.currentScript && document.currentScript.dataset.state;
  if (!table || !address) return;
  const colours = ["ok", "warn", "bad", "info", "idle"];
  const shown = new Map([...table.querySelectorAll("tr[data-uid]")].map((row) => [row.dataset.uid, row]));
  let known = null;

  const put = (row, packet) => {
    const chip = row.querySelector("[data-chip]");
    chip.classList.remove(...colours);
    chip.classList.add(packet.colour);
    chip.textContent = packet.label;
    row.querySelector("[data-detail]").textContent = packet.detail;
    if (packet.number) row.querySelector("[data-number]").textContent = "№ " + packet.number;
    row.classList.toggle("bad", packet.state === "stuck" || packet.state === "rejected");
  };

  const busy = () => [...document.querySelectorAll("input[type=password]")].some((field) => field.value)
    || ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement && document.activeElement.tagName);

  const look = async () => {
    if (document.hidden) return;
    let state;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      state = await answer.json();
    } catch (error) {
      return;
    }
    const live = state.packets.filter((packet) => packet.state !== "superseded");
    live.forEach((packet) => { const row = shown.get(packet.uid); if (row) put(row, packet); });
    // Buttons and forms belong to states: when a state changed, the page is read anew, never under a typing hand.
    const now = JSON.stringify([live.map((packet) => [packet.uid, packet.state]), state.ready, state.callout]);
    if (known !== null && now !== known && !busy()) location.reload();
    if (known === null || !busy()) known = now;
  };
  look();
  setInterval(look, 2000);
  document.addEventListener("visibilitychange", look);
})();
