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
  const { making, autofill, name, notNow, known, cancelled } = part.dataset;
  let begun = null, waiting, busy = false, { unknown } = part.dataset;

  const send = ({ ceremony }, answer) => {
    const typed = name && document.getElementById(name);
    // What a password manager has filled in says nothing about who sits here.
    if (typed) form.elements.username.value = typed.matches(":autofill") ? "" : typed.value;
    form.elements.ceremony.value = ceremony;
    form.elements.credential.value = JSON.stringify(answer.toJSON());
    form.requestSubmit();
  };
  const run = async () => {
    if (busy || form.dataset.sent || !form.reportValidity()) return;
    busy = true;
    said.textContent = "";
    waiting?.abort();
    try {
      if (!begun || Date.now() > begun.until) begun = await asked(part, form);
      if (begun) send(begun, await answered(begun, making));
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
    const mine = begun;
    waiting = new AbortController();
    try {
      send(mine, await answered(mine, making, { mediation: "conditional", signal: waiting.signal }));
    } catch {
      // The button was pressed, newer options came, or nobody wants one: the button is there.
    }
  };
  const renew = async () => {
    if (busy) return setTimeout(renew, EARLY * 1000);
    try {
      begun = await asked(part, form);
    } catch {
      return setTimeout(renew, EARLY * 1000);
    }
    if (!begun) return part.hidden ? null : setTimeout(renew, EARLY * 1000);
    part.hidden = form.hidden = false;
    setTimeout(renew, Math.max(begun.until - Date.now(), EARLY * 1000));
    waiting?.abort();
    if (unknown) { // a browser takes no such word while it is asked for a passkey
      const about = { rpId: begun.options.rpId, credentialId: unknown };
      unknown = null;
      await signal("signalUnknownCredential", about);
    }
    if (await passkeys.isConditionalMediationAvailable?.()) listen();
  };

  part.querySelector("button").addEventListener("click", run);
  if (autofill) renew();
  else part.hidden = form.hidden = false;
}

// What a browser shows of passkeys that count no more, or are called otherwise now, it can mend.
async function signal(what, about) {
  try {
    await passkeys[what]?.(about);
  } catch {
    // It is not bound to listen.
  }
}

if (passkeys?.parseCreationOptionsFromJSON && passkeys.parseRequestOptionsFromJSON) {
  for (const part of document.querySelectorAll("[data-options]")) offer(part);
  for (const text of document.querySelectorAll("[data-without-passkeys]")) text.hidden = true;
  const kept = document.querySelector("[data-accepted]")?.dataset;
  if (kept) {
    const about = { rpId: kept.rpId, userId: kept.user };
    await signal("signalAllAcceptedCredentials", { ...about, allAcceptedCredentialIds: kept.accepted.split(" ").filter(Boolean) });
    await signal("signalCurrentUserDetails", { ...about, name: kept.name, displayName: kept.name });
  }
}
