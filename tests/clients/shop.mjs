// openid-client, unchanged, links an account at the reference shop: node shop.mjs <facts> prints
// what happened as JSON. http is allowed because the shop listens on loopback.
import * as oauth from "openid-client";

const given = JSON.parse(process.argv[2]);
const cookies = new Map();

// A shopper's browser: follows redirects within the shop, signs in, and presses one button.
async function visit(page, decision) {
  let [at, form] = [new URL(page), null];
  for (let steps = 0; steps < 10; steps += 1) {
    const response = await fetch(at, {
      method: form ? "POST" : "GET",
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; "), origin: given.issuer },
      body: form,
      redirect: "manual",
    });
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split("=");
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    const text = await response.text();
    if (location) {
      [at, form] = [new URL(location, at), null];
      if (at.origin !== given.issuer) return at;
      continue;
    }
    const [, name, value] = /<input type="hidden" name="(\w+)" value="([^"]*)">/.exec(text);
    form = new URLSearchParams(
      name === "next"
        ? { next: value, email: "bruno.keller@shoppers.example", password: "juniper-demo" }
        : { request: value, decision },
    );
    at = new URL(/<form method="post" action="([^"]*)"/.exec(text)[1], at);
  }
  throw new Error(`sent around in a circle, last to ${at}`);
}

const config = await oauth.discovery(
  new URL(given.issuer),
  given.id,
  undefined,
  oauth.ClientSecretBasic(given.secret),
  { algorithm: "oauth2", execute: [oauth.allowInsecureRequests] },
);

async function begin(decision = "allow") {
  const checks = {
    pkceCodeVerifier: oauth.randomPKCECodeVerifier(),
    expectedState: oauth.randomState(),
  };
  const page = oauth.buildAuthorizationUrl(config, {
    redirect_uri: given.redirect,
    scope: "account redeem",
    state: checks.expectedState,
    code_challenge: await oauth.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
  });
  return { checks, back: await visit(page, decision) };
}

const failure = async (promise) => {
  try {
    await promise;
    return "none";
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.code ?? String(error);
  }
};

async function forged(name, value) {
  const { checks, back } = await begin();
  if (value === null) back.searchParams.delete(name);
  else back.searchParams.set(name, value);
  return (await failure(oauth.authorizationCodeGrant(config, back, checks))) !== "none";
}

const { checks, back } = await begin();
const tokens = await oauth.authorizationCodeGrant(config, back, checks);
const info = await oauth.fetchUserInfo(config, tokens.access_token, oauth.skipSubjectCheck);
const next = await oauth.refreshTokenGrant(config, tokens.refresh_token);
const reuse = await failure(oauth.refreshTokenGrant(config, tokens.refresh_token));
const no = await begin("deny");

console.log(
  JSON.stringify({
    issuer: config.serverMetadata().issuer,
    info,
    scope: tokens.scope,
    seconds: tokens.expires_in,
    renewed: next.access_token !== tokens.access_token && next.refresh_token !== tokens.refresh_token,
    reuse,
    family: await failure(oauth.refreshTokenGrant(config, next.refresh_token)),
    foreignIssuer: await forged("iss", "https://evil.example"),
    noIssuer: await forged("iss", null),
    wrongState: await forged("state", "another"),
    denied: await failure(oauth.authorizationCodeGrant(config, no.back, no.checks)),
  }),
);
