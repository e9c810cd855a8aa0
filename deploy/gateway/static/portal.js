// The one script. Every page works without it; it only helps. No library, no inline anything.

const CSRF = () => document.querySelector('input[name="csrf"]')?.value ?? "";
const UUID = () => crypto.randomUUID?.() ?? "00000000-0000-4000-8000-000000000000";

function post(path, fields) {
  const body = new URLSearchParams({ csrf: CSRF(), key: UUID(), ...fields });
  return fetch(path, { method: "POST", body, headers: { Accept: "application/json" } });
}

// A refused page: what is wrong is read first.
document.getElementById("summary")?.focus();

// Passwords can be looked at.
for (const button of document.querySelectorAll("[data-shows]")) {
  const input = document.getElementById(button.dataset.shows);
  const show = button.textContent;
  button.hidden = false;
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? button.dataset.hide : show;
    button.setAttribute("aria-label", hidden ? button.dataset.labelHide : button.dataset.label);
  });
  // What is sent is a password again, or browsers would remember it as a text.
  button.form?.addEventListener("submit", () => { input.type = "password"; });
}

// A new password's rules: ✗ becomes ✓ while one types.
const rules = document.querySelector("[data-rules]");
if (rules) {
  const password = document.getElementById("password");
  const username = document.getElementById("username");
  const spoken = rules.querySelector("[data-spoken]");
  const words = { met: rules.dataset.met, not_met: rules.dataset.notMet, on_saving: rules.dataset.onSaving };
  let pause, speech, asked = 0;
  const judge = async () => {
    const mine = ++asked;
    try {
      const fields = { candidate: password.value, username: username?.value ?? "" };
      const reply = await post(rules.dataset.rules, fields);
      if (!reply.ok || mine !== asked) return;
      mark((await reply.json()).rules);
    } catch {
      // No answer: the rules are checked when the form is sent.
    }
  };
  const mark = (states) => {
    let met = 0, all = 0;
    for (const item of rules.querySelectorAll("[data-rule]")) {
      const state = password.value ? states[item.dataset.rule] : "not_met";
      if (!state) continue;
      item.className = state;
      item.querySelector(".state").textContent = words[state];
      if (state !== "on_saving") all += 1;
      if (state === "met") met += 1;
    }
    clearTimeout(speech);
    speech = setTimeout(() => {
      spoken.textContent = rules.dataset.count.replace("{met}", met).replace("{all}", all);
    }, 1000);
  };
  const later = () => { clearTimeout(pause); pause = setTimeout(judge, 300); };
  password.addEventListener("input", later);
  username?.addEventListener("change", later);
}

// A mailed link: its token is behind the #, where no server and no Referer sees it. It is put into
// the field and taken off the address bar; a person presses the button.
const link = document.querySelector("[data-link]");
const take = () => {
  if (location.hash.length <= 20) return;
  link.querySelector("input").value = decodeURIComponent(location.hash.slice(1));
  link.hidden = true;
  for (const text of document.querySelectorAll("[data-with-link]")) text.hidden = false;
  history.replaceState(null, "", location.pathname + location.search);
  if (!document.getElementById("summary")) link.closest("form").querySelector("button").focus();
};
if (link) {
  take();
  addEventListener("hashchange", take); // a newer link, opened where an older one was
}

// A double click sends once.
for (const form of document.querySelectorAll('form[method="post"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });
}

// What the browser kept of a page is not shown again: after a log-off, Back asks the server.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Two minutes before the session ends, ask; say so, once, where no answer would make it last longer.
// Other tabs may have gone on meanwhile.
const dialog = document.getElementById("idle");
if (dialog) {
  const WARN = 120;
  const last = document.getElementById("last");
  last.querySelector("button").addEventListener("click", () => last.close());
  let told = false;
  const look = async () => {
    let left, renewable;
    try {
      const reply = await fetch(dialog.dataset.ends, { headers: { Accept: "application/json" } });
      ({ seconds: left, renewable } = await reply.json());
    } catch {
      return setTimeout(look, 30000);
    }
    if (left <= 0) return location.assign(dialog.dataset.over);
    if (left <= WARN && renewable && !dialog.open) dialog.showModal();
    if (left <= WARN && !renewable && !told) {
      told = true;
      dialog.close();
      last.showModal();
    }
    if (left > WARN && dialog.open) dialog.close();
    setTimeout(look, (left > WARN ? left - WARN + 1 : Math.min(left + 1, 10)) * 1000);
  };
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
  const stay = async () => {
    const reply = await post("/session/keep", {});
    if (reply.redirected) return location.assign(reply.url);
    delete dialog.querySelector("form").dataset.sent;
    dialog.close();
  };
  dialog.querySelector("form").addEventListener("submit", (event) => { event.preventDefault(); stay(); });
  look();
}
