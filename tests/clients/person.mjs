// A person at a browser who is signed in already, as far as an app's redirect needs one: follows the
// redirects of the installation with the session's cookie and answers the page that asks for consent.
const ENTITIES = { "&amp;": "&", "&#34;": '"', "&#39;": "'", "&lt;": "<", "&gt;": ">" };
const plain = (text) => text.replace(/&(amp|lt|gt|#34|#39);/g, (entity) => ENTITIES[entity]);

// Returns the address outside the installation to which the browser is sent in the end, or the
// refusal of the installation as `{ status, text }` when it sends the browser nowhere.
export async function visit(page, cookie, decision = "allow") {
  let [at, form] = [new URL(page), null];
  const origin = at.origin;
  for (let steps = 0; steps < 8; steps += 1) {
    const response = await fetch(at, {
      method: form ? "POST" : "GET",
      headers: { cookie, origin, "sec-fetch-site": "same-origin" },
      body: form,
      redirect: "manual",
    });
    const location = response.headers.get("location");
    const text = await response.text();
    if (location) {
      [at, form] = [new URL(location, at), null];
      if (at.origin !== origin) return at;
      continue;
    }
    const key = /name="request" value="([^"]*)"/.exec(text);
    if (response.status !== 200 || !key) return { status: response.status, text };
    form = new URLSearchParams({ request: plain(key[1]), decision });
    at = new URL(plain(/<form method="post" action="([^"]*oauth\/authorize)"/.exec(text)[1]), at);
  }
  throw new Error(`sent around in a circle, last to ${at}`);
}
