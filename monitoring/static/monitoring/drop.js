// Files dropped on the zone are sent at once; without this file the button beside the field does the same.
"use strict";
for (const zone of document.querySelectorAll("[data-drop]")) {
  const field = zone.querySelector("input[type=file]"), form = zone.closest("form");
  const send = () => { zone.classList.add("busy"); form.requestSubmit(); };
  field.addEventListener("change", () => { if (field.files.length) send(); });
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (event) => { event.preventDefault(); zone.classList.add("over"); });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    if (event.dataTransfer.files.length) { field.files = event.dataTransfer.files; send(); }
  });
}
