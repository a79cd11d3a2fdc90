// Reads the page anew when an answer has come, never under a typing hand. Without scripts the page is loaded by hand.
(() => {
  const address = document.currentScript && document.currentScript.dataset.state;
  if (!address) return;
  let known = null;

  const busy = () => [...document.querySelectorAll("input[type=password]")].some((field) => field.value)
    || ["INPUT", "SELECT"].includes(document.activeElement && document.activeElement.tagName);

  const look = async () => {
    if (document.hidden) return;
    let now;
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      now = await answer.text();
    } catch (error) {
      return;
    }
    if (known !== null && now !== known && !busy()) location.reload();
    if (known === null || !busy()) known = now;
  };
  look();
  setInterval(look, 2000);
})();
