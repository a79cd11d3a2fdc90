// A live page asks again while somebody looks at it, and shows what changed; it never touches a form.
(() => {
  const script = document.currentScript;
  const every = Number(script.dataset.every || 10) * 1000;
  let running = false;
  async function refresh() {
    const live = document.getElementById("live");
    if (running || document.hidden || !live || live.contains(document.activeElement)) return;
    running = true;
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (fresh && fresh.innerHTML !== live.innerHTML) live.innerHTML = fresh.innerHTML;
    } catch {
      // No connection: the page keeps what it shows and asks again.
    } finally {
      running = false;
    }
  }
  setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
})();
