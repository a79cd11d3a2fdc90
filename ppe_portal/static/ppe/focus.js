// What a page marks with `autofocus` has the focus once it stands: a browser that is busy passes the mark over.
"use strict";
(() => {
  const give = () => {
    if (document.activeElement && document.activeElement !== document.body) return;
    [...document.querySelectorAll("[autofocus]")].find((each) => !each.closest("dialog"))?.focus();
  };
  give();
  addEventListener("load", give);
})();
