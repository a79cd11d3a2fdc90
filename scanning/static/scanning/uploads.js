// Files of sheets and recordings over tus: many at once, each with its verdict, resumed after a broken line or a
// closed browser. Without this file the form sends them in one piece.
"use strict";
(() => {
  const board = document.getElementById("uploads");
  const forms = [...document.querySelectorAll("form[data-tus]")];
  if (!board || !forms.length || !window.tus?.isSupported) return;
  const AT_ONCE = 3, PIECE = 16 << 20;
  const words = board.dataset, list = board.querySelector("ul"), bar = board.querySelector(".bar i");
  const queue = [], all = [];
  let running = 0;

  const show = () => {
    const done = all.filter((each) => each.state === "taken").length, bad = all.filter((each) => each.state === "refused").length;
    const bytes = all.reduce((sum, each) => sum + each.file.size, 0) || 1;
    board.hidden = !all.length;
    board.querySelector("[data-sum]").textContent = `${words.all} ${done} ${words.of} ${all.length}` + (bad ? `, ${words.refused} ${bad}` : "");
    bar.style.width = `${100 * all.reduce((sum, each) => sum + each.sent, 0) / bytes}%`;
    board.querySelector("[data-dismiss]").hidden = running > 0 || queue.length > 0;
    board.classList.toggle("busy", running > 0 || queue.length > 0);
  };
  const say = (item, state, text) => {
    item.state = state;
    item.line.className = state;
    item.line.querySelector("span").textContent = text;
    // What is refused stays in sight, what is taken makes room.
    if (state === "refused") list.prepend(item.line);
    show();
  };
  const language = document.documentElement.lang.startsWith("en") ? "" : "_ru";
  const refused = (problem) => [problem?.[`detail${language}`], problem?.[`cure${language}`]].filter(Boolean).join(" ");

  /** Ask what the room said about a whole file: the answer stands beside the upload. */
  const verdict = async (item, address) => {
    say(item, "checking", words.checking);
    for (let tries = 0; tries < 40; tries += 1) {
      try {
        const told = await (await fetch(address, { headers: { Accept: "application/json" } })).json();
        if (told.state === "handled") { item.sent = item.file.size; return say(item, "taken", told.result?.line ?? words.taken); }
        if (told.state === "refused") { item.sent = item.file.size; return say(item, "refused", `${item.file.name}: ${refused(told.problem)}`); }
      } catch { say(item, "checking", words.broken); }
      await new Promise((later) => setTimeout(later, 250 * Math.min(tries + 1, 8)));
    }
    return say(item, "refused", `${item.file.name}: ${words.broken}`);
  };

  const send = (item) => new Promise((done) => {
    const upload = new window.tus.Upload(item.file, {
      endpoint: item.form.tus, chunkSize: PIECE, uploadDataDuringCreation: true, removeFingerprintOnSuccess: true,
      retryDelays: [0, 500, 1000, 2000, 4000, 8000, 15000, 15000, 30000, 30000, 60000],
      metadata: { purpose: item.form.purpose, sitting: item.form.sitting, room: item.form.room, filename: item.file.name, batch: item.batch },
      fingerprint: async (file) => ["desk", item.form.sitting, item.form.room, item.form.purpose, file.name, file.size, file.lastModified].join("|"),
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        if (!status) say(item, "sending", words.broken);
        return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
      },
      onProgress: (sent) => { item.sent = sent; say(item, "sending", `${item.file.name}: ${Math.round(100 * sent / (item.file.size || 1))} %`); },
      onError: (error) => {
        let told = null;
        try { told = JSON.parse(error.originalResponse?.getBody() ?? ""); } catch { /* not in our words */ }
        say(item, "refused", `${item.file.name}: ${refused(told) || words.broken}`);
        done();
      },
      onSuccess: () => verdict(item, upload.url).then(done),
    });
    // An upload that a closed browser left behind goes on where it was.
    upload.findPreviousUploads().then((before) => {
      if (before.length) upload.resumeFromPreviousUpload(before[0]);
      upload.start();
    });
  });

  const next = async () => {
    while (running < AT_ONCE && queue.length) {
      running += 1;
      const item = queue.shift();
      say(item, "sending", item.file.name);
      send(item).finally(() => { running -= 1; show(); next(); });
    }
  };

  const begin = async (form, files) => {
    if (!files.length) return;
    let batch = "";
    if (form.dataset.purpose === "sheets") {
      const said = new FormData();
      said.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      said.set("form", "batch");
      try { batch = String((await (await fetch(location.pathname, { method: "POST", body: said })).json()).batch); } catch { /* each file makes its own */ }
    }
    for (const file of files) {
      const line = document.createElement("li");
      line.append(document.createElement("span"));
      list.append(line);
      const item = { file, form: form.dataset, batch, line, sent: 0, state: "waiting" };
      all.push(item);
      queue.push(item);
      say(item, "waiting", `${file.name}: ${words.waiting}`);
    }
    next();
  };

  for (const form of forms) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const field = form.querySelector("input[type=file]");
      const files = [...field.files];
      form.reset();
      field.dispatchEvent(new Event("change"));
      begin(form, files);
    });
    form.querySelector("input[type=file]").addEventListener("change", (event) => {
      if (event.target.files.length) form.requestSubmit();
    });
  }
  // Files may be dropped anywhere on the page.
  document.addEventListener("dragover", (event) => { if ([...event.dataTransfer.types].includes("Files")) event.preventDefault(); });
  document.addEventListener("drop", (event) => {
    if (event.defaultPrevented || !event.dataTransfer.files.length) return;
    event.preventDefault();
    const sound = /\.(wav|ogg|oga|opus|mp3|m4a|flac)$/i;
    const files = [...event.dataTransfer.files], talk = forms.find((form) => form.dataset.purpose === "recording");
    begin(forms[0], files.filter((file) => !talk || !sound.test(file.name)));
    if (talk) begin(talk, files.filter((file) => sound.test(file.name)));
  });
  board.querySelector("[data-dismiss]").addEventListener("click", () => { all.length = 0; list.replaceChildren(); show(); });
  window.addEventListener("beforeunload", (event) => { if (running || queue.length) event.preventDefault(); });
})();
