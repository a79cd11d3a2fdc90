// File fields in the language of the page, with a drop zone; `data-drop` sends the form as soon as files are chosen.
// Without this file the browser's own field does the same.
"use strict";
(() => {
  const words = document.currentScript.dataset;
  const named = (files) => {
    const names = [...files].slice(0, 3).map((file) => file.name).join(", ");
    return files.length > 3 ? `${words.some} ${files.length}: ${names}, …` : names;
  };
  const enhance = (field) => {
    const label = field.closest("label");
    if (!label || field.dataset.ready) return;
    field.dataset.ready = "1";
    field.hasChangeListener = true; // the admin's own script looks for a text field beside, and there is none
    const button = document.createElement("span"), said = document.createElement("span");
    button.className = "btn small";
    button.textContent = words.choose;
    said.className = "small muted wrap";
    said.setAttribute("aria-live", "polite");
    said.textContent = words.none;
    field.classList.add("vh");
    label.classList.add("files");
    const line = document.createElement("span");
    line.className = "files-line";
    line.append(button, said);
    field.after(line);
    const chosen = () => {
      said.textContent = field.files.length ? named(field.files) : words.none;
      if (field.files.length && label.hasAttribute("data-drop")) {
        label.classList.add("busy");
        field.form.requestSubmit();
      }
    };
    field.addEventListener("change", chosen);
    for (const kind of ["dragenter", "dragover"]) {
      label.addEventListener(kind, (event) => { event.preventDefault(); label.classList.add("over"); });
    }
    label.addEventListener("dragleave", () => label.classList.remove("over"));
    label.addEventListener("drop", (event) => {
      event.preventDefault();
      label.classList.remove("over");
      if (event.dataTransfer.files.length) { field.files = event.dataTransfer.files; chosen(); }
    });
  };
  const all = () => document.querySelectorAll(".ppe input[type=file]").forEach(enhance);
  document.addEventListener("live:drawn", all);
  all();
})();
