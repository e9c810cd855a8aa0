// Passkeys (WebAuthn). Without this script, or in a browser that has none, their buttons are not
// there, and everything goes by the other means. A button's ceremony ends as its form is sent, with
// the authenticator's answer: what was wrong with it the page says that comes back.

const passkeys = globalThis.PublicKeyCredential;
const EARLY = 30; // seconds before a ceremony is over

async function asked(part, form) {
  const body = new URLSearchParams();
  for (const name of ["csrf", "key", "flow"]) body.set(name, form.elements[name]?.value ?? "");
  const reply = await fetch(part.dataset.options, { method: "POST", body, headers: { Accept: "application/json" } });
  if (reply.redirected) location.assign(reply.url);
  if (reply.redirected || reply.status !== 200) return null;
  const ceremony = await reply.json();
  return { ...ceremony, until: Date.now() + (ceremony.expires_in - EARLY) * 1000 };
}

function answered({ options }, making, more) {
  return making
    ? navigator.credentials.create({ publicKey: passkeys.parseCreationOptionsFromJSON(options) })
    : navigator.credentials.get({ publicKey: passkeys.parseRequestOptionsFromJSON(options), ...more });
}

function offer(part) {
  const form = part.closest("form");
  const said = part.querySelector("[role=status]");
  const { making, autofill, name, unknown, notNow, known, cancelled } = part.dataset;
  let ceremony = null, waiting, busy = false;

  const send = (answer) => {
    const typed = name && document.getElementById(name);
    // What a password manager has filled in says nothing about who sits here.
    if (typed) form.elements.username.value = typed.matches(":autofill") ? "" : typed.value;
    form.elements.ceremony.value = ceremony.ceremony;
    form.elements.credential.value = JSON.stringify(answer.toJSON());
    form.requestSubmit();
  };
  const run = async () => {
    if (busy || form.dataset.sent || !form.reportValidity()) return;
    busy = true;
    said.textContent = "";
    waiting?.abort();
    try {
      if (!ceremony || Date.now() > ceremony.until) ceremony = await asked(part, form);
      if (ceremony) send(await answered(ceremony, making));
      else said.textContent = notNow;
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? known : cancelled;
      if (autofill) listen();
    } finally {
      busy = false;
    }
  };
  // Among what the browser fills in; options that are about to be over give way to new ones.
  const listen = async () => {
    const mine = waiting = new AbortController();
    try {
      send(await answered(ceremony, making, { mediation: "conditional", signal: mine.signal }));
    } catch {
      // The button was pressed, newer options came, or nobody wants one: the button is there.
    }
  };
  const renew = async () => {
    if (busy) return setTimeout(renew, EARLY * 1000);
    try {
      ceremony = await asked(part, form);
    } catch {
      return setTimeout(renew, EARLY * 1000);
    }
    if (!ceremony) return part.hidden ? null : setTimeout(renew, EARLY * 1000);
    part.hidden = form.hidden = false;
    setTimeout(renew, Math.max(ceremony.until - Date.now(), EARLY * 1000));
    waiting?.abort();
    if (await passkeys.isConditionalMediationAvailable?.()) listen();
  };

  part.querySelector("button").addEventListener("click", run);
  if (!autofill) {
    part.hidden = form.hidden = false;
    return;
  }
  renew().then(() => {
    if (unknown && ceremony) signal("signalUnknownCredential", { rpId: ceremony.options.rpId, credentialId: unknown });
  });
}

// What a browser shows of passkeys that count no more, or are called otherwise now, it can mend.
function signal(what, about) {
  passkeys[what]?.(about).catch(() => {});
}

if (passkeys?.parseCreationOptionsFromJSON && passkeys.parseRequestOptionsFromJSON) {
  for (const part of document.querySelectorAll("[data-options]")) offer(part);
  for (const text of document.querySelectorAll("[data-without-passkeys]")) text.hidden = true;
  const kept = document.querySelector("[data-accepted]")?.dataset;
  if (kept) {
    const about = { rpId: kept.rpId, userId: kept.user };
    signal("signalAllAcceptedCredentials", { ...about, allAcceptedCredentialIds: kept.accepted.split(" ").filter(Boolean) });
    signal("signalCurrentUserDetails", { ...about, name: kept.name, displayName: kept.name });
  }
}
