// A follower as an app writes it: it remembers the last cursor, and drops what it already knows.
import { readFileSync } from 'node:fs';

export const query = `
  subscription Follow($after: Cursor) {
    walletChanged(after: $after) { cursor wallet { version } }
  }
`;

export class Follower {
  constructor(after, wanted) {
    // Both clients send this very object again when they connect again, so `after` moves on in it.
    this.request = { query, variables: { after } };
    this.wanted = wanted;
    this.versions = [];
    this.repeated = 0;
    this.connected = 0;
  }

  // True when all that was wanted has come.
  take(answer) {
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    const { cursor, wallet } = answer.data.walletChanged;
    this.request.variables.after = cursor;
    if (wallet.version > (this.versions.at(-1) ?? 0)) this.versions.push(wallet.version);
    else this.repeated += 1;
    return this.versions.length >= this.wanted;
  }

  told() {
    const { versions, repeated, connected } = this;
    return JSON.stringify({ versions, repeated, connected });
  }
}

// node x.mjs ADDRESS TOKEN-FILE CURSOR HOW-MANY
export function asked() {
  const [address, token, after, wanted] = process.argv.slice(2);
  return { address, token: readFileSync(token, 'utf8').trim(), after, wanted: Number(wanted) };
}
