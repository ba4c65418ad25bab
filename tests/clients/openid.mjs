// openid-client, unchanged, against the authorization server: node openid.mjs <scenario> <facts>
// prints what happened as JSON. http is allowed because the server listens on loopback.
import * as oauth from "openid-client";
import { visit } from "./person.mjs";

const [scenario, given] = [process.argv[2], JSON.parse(process.argv[3])];
const REDIRECT = "http://127.0.0.1:53682/signed-in";
const SCOPE = "openid offline_access profile email member";

const discover = (clientId, proof, metadata) =>
  oauth.discovery(new URL(given.issuer), clientId, metadata, proof ?? oauth.None(), {
    execute: [oauth.allowInsecureRequests],
  });

async function begin(config, changed = {}) {
  const verifier = oauth.randomPKCECodeVerifier();
  const checks = {
    pkceCodeVerifier: verifier,
    expectedState: oauth.randomState(),
    expectedNonce: oauth.randomNonce(),
  };
  const parameters = {
    redirect_uri: REDIRECT,
    scope: SCOPE,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...changed,
  };
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === null) delete parameters[name];
  }
  return { checks, page: oauth.buildAuthorizationUrl(config, parameters) };
}

async function signIn(config, { changed = {}, check = {}, decision = "allow" } = {}) {
  const { checks, page } = await begin(config, changed);
  const back = await visit(page, given.cookie, decision);
  const all = { ...checks, ...check };
  return { back, all, tokens: await oauth.authorizationCodeGrant(config, back, all) };
}

// The code of an error, the server's or the client's own.
const failure = async (promise) => {
  try {
    await promise;
    return "none";
  } catch (error) {
    return error.error ?? error.cause?.error ?? error.code ?? String(error);
  }
};

const viewer = async (token) => {
  const response = await fetch(`${given.issuer}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query: "{ viewer { id displayName } }" }),
  });
  return { status: response.status, body: await response.json() };
};

const where = (back) =>
  back instanceof URL
    ? { to: back.origin + back.pathname, error: back.searchParams.get("error") }
    : { status: back.status };

const scenarios = {
  async flow() {
    const config = await discover(given.app);
    const { tokens } = await signIn(config);
    const claims = tokens.claims();
    const info = await oauth.fetchUserInfo(config, tokens.access_token, claims.sub);
    const before = await viewer(tokens.access_token);
    const next = await oauth.refreshTokenGrant(config, tokens.refresh_token);
    const after = await viewer(next.access_token);
    await oauth.tokenRevocation(config, next.refresh_token);
    return {
      issuer: config.serverMetadata().issuer,
      claims,
      info,
      scope: tokens.scope,
      seconds: tokens.expires_in,
      before,
      after,
      renewed: next.access_token !== tokens.access_token && next.refresh_token !== tokens.refresh_token,
      revoked: await failure(oauth.refreshTokenGrant(config, next.refresh_token)),
      closed: (await viewer(next.access_token)).status,
      unknown: await failure(oauth.tokenRevocation(config, "cp_rt_unknown")),
    };
  },

  async refused() {
    const config = await discover(given.app);
    const { checks, page } = await begin(config);
    const back = await visit(page, given.cookie, "deny");
    return {
      ...where(back),
      client: await failure(oauth.authorizationCodeGrant(config, back, checks)),
    };
  },

  async silent() {
    const config = await discover(given.app);
    const { page } = await begin(config, { prompt: "none" });
    return where(await visit(page, ""));
  },

  // The client looks, too: what it is told to expect must be what it gets.
  async watchful() {
    const config = await discover(given.app);
    const forged = async (name, value) => {
      const { checks, page } = await begin(config);
      const back = await visit(page, given.cookie);
      if (value === null) back.searchParams.delete(name);
      else back.searchParams.set(name, value);
      return (await failure(oauth.authorizationCodeGrant(config, back, checks))) !== "none";
    };
    return {
      foreignIssuer: await forged("iss", "https://evil.example"),
      noIssuer: await forged("iss", null),
      state: await forged("state", "another"),
      nonce: (await failure(signIn(config, { check: { expectedNonce: "another" } }))) !== "none",
      maxAge: await failure(signIn(config, { changed: { max_age: "300" }, check: { maxAge: 300 } })),
    };
  },

  async challenges() {
    const config = await discover(given.app);
    const ask = async (changed) => where(await visit((await begin(config, changed)).page, given.cookie));
    return {
      none: await ask({ code_challenge: null, code_challenge_method: null }),
      plain: await ask({ code_challenge_method: "plain" }),
      nameless: await ask({ code_challenge_method: null }),
      token: await ask({ response_type: "token" }),
      scope: await ask({ scope: "openid purchases:report" }),
    };
  },

  // What is asked for is never the address that was registered: the browser stays here.
  async redirects() {
    const config = await discover(given.app);
    const tried = {};
    for (const redirect_uri of given.redirects) {
      tried[redirect_uri] = where(await visit((await begin(config, { redirect_uri })).page, given.cookie));
    }
    return tried;
  },

  async twice() {
    const config = await discover(given.app);
    const ask = async (name, value) => {
      const { page } = await begin(config);
      page.searchParams.append(name, value);
      return where(await visit(page, given.cookie));
    };
    return {
      redirect: await ask("redirect_uri", "http://evil.example/"),
      scope: await ask("scope", "openid"),
      state: await ask("state", "another"),
    };
  },

  async verifier() {
    const config = await discover(given.app);
    const wrong = { pkceCodeVerifier: oauth.randomPKCECodeVerifier() };
    const none = { pkceCodeVerifier: undefined };
    return {
      wrong: await failure(signIn(config, { check: wrong })),
      none: await failure(signIn(config, { check: none })),
    };
  },

  async replay() {
    const config = await discover(given.app);
    const { back, all, tokens } = await signIn(config);
    return {
      before: (await viewer(tokens.access_token)).status,
      replay: await failure(oauth.authorizationCodeGrant(config, back, all)),
      after: (await viewer(tokens.access_token)).status,
      refresh: await failure(oauth.refreshTokenGrant(config, tokens.refresh_token)),
    };
  },

  async race() {
    const config = await discover(given.app);
    const { checks, page } = await begin(config);
    const back = await visit(page, given.cookie);
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () => failure(oauth.authorizationCodeGrant(config, back, checks))),
    );
    return { won: outcomes.filter((one) => one === "none").length };
  },

  async stolen() {
    const [config, other] = [await discover(given.app), await discover(given.other)];
    const { checks, page } = await begin(config);
    const back = await visit(page, given.cookie);
    const thief = await failure(oauth.authorizationCodeGrant(other, back, checks));
    const mine = await oauth.authorizationCodeGrant(config, back, checks);
    return {
      thief,
      refresh: await failure(oauth.refreshTokenGrant(other, mine.refresh_token)),
      revoke: await failure(oauth.tokenRevocation(other, mine.refresh_token)),
      harmless: await failure(oauth.refreshTokenGrant(config, mine.refresh_token)),
    };
  },

  async mismatch() {
    const config = await discover(given.app);
    const { checks, page } = await begin(config);
    const back = await visit(page, given.cookie);
    const moved = new URL(back);
    moved.port = "53683";
    return { token: await failure(oauth.authorizationCodeGrant(config, moved, checks)) };
  },

  async reuse() {
    const config = await discover(given.app);
    const { tokens } = await signIn(config);
    const second = await oauth.refreshTokenGrant(config, tokens.refresh_token);
    // The answer was lost on the way: the same token once more, within seconds, is forgiven once.
    const retry = await oauth.refreshTokenGrant(config, tokens.refresh_token);
    const grown = await failure(
      oauth.refreshTokenGrant(config, retry.refresh_token, { scope: `${SCOPE} purchases:report` }),
    );
    const thief = await failure(oauth.refreshTokenGrant(config, second.refresh_token));
    return {
      grown,
      thief,
      family: await failure(oauth.refreshTokenGrant(config, retry.refresh_token)),
      access: (await viewer(retry.access_token)).status,
    };
  },

  async merchant() {
    const jwk = given.privateKey;
    const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
    const ways = {
      basic: await discover(given.basic.id, oauth.ClientSecretBasic(given.basic.secret)),
      post: await discover(given.post.id, oauth.ClientSecretPost(given.post.secret)),
      signed: await discover(given.signed, oauth.PrivateKeyJwt({ key, kid: jwk.kid })),
    };
    const told = {};
    for (const [name, config] of Object.entries(ways)) {
      const tokens = await oauth.clientCredentialsGrant(config, { scope: "purchases:report" });
      const seen = await oauth.tokenIntrospection(config, tokens.access_token);
      const report = await fetch(`${given.issuer}/graphql`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${tokens.access_token}`,
          "content-type": "application/json",
        },
        body: JSON.stringify({ query: "{ merchants(first: 1) { edges { node { id } } } }" }),
      });
      await oauth.tokenRevocation(config, tokens.access_token);
      const gone = await oauth.tokenIntrospection(config, tokens.access_token);
      told[name] = {
        scope: tokens.scope,
        refresh: tokens.refresh_token ?? null,
        active: [seen.active, gone.active],
        client: seen.client_id,
        status: report.status,
      };
    }
    const foreign = await oauth.clientCredentialsGrant(ways.post, { scope: "purchases:report" });
    const wrong = await discover(given.basic.id, oauth.ClientSecretBasic("cp_cs_wrong"));
    return {
      told,
      foreign: await oauth.tokenIntrospection(ways.basic, foreign.access_token),
      tooMuch: await failure(oauth.clientCredentialsGrant(ways.basic, { scope: "member" })),
      wrong: await failure(oauth.clientCredentialsGrant(wrong, { scope: "purchases:report" })),
    };
  },

  async resource() {
    const app = await discover(given.app);
    const server = await discover(given.server.id, oauth.ClientSecretBasic(given.server.secret));
    const { tokens } = await signIn(app);
    return {
      access: await oauth.tokenIntrospection(server, tokens.access_token),
      nonsense: await oauth.tokenIntrospection(server, "cp_at_nonsense"),
      app: await failure(oauth.tokenIntrospection(app, tokens.access_token)),
    };
  },
};

console.log(JSON.stringify(await scenarios[scenario]()));
