// A follower as an app writes it: it remembers the last cursor, and drops what it already knows.
import { readFileSync, writeFileSync } from 'node:fs';

export const query = `
  subscription Follow($after: Cursor) {
    walletChanged(after: $after) { cursor wallet { version } }
  }
`;

export class Follower {
  constructor({ after, wanted, folder }) {
    this.folder = folder;
    // Both clients send this very object again when they connect again, so `after` moves on in it.
    this.request = { query, variables: { after } };
    this.wanted = wanted;
    this.versions = [];
    this.repeated = 0;
    this.connected = 0;
  }

  // Tells the test how often it has been let in.
  on = {
    connected: () => writeFileSync(`${this.folder}/connected`, String((this.connected += 1))),
  };

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

// node x.mjs ADDRESS FOLDER CURSOR HOW-MANY; the folder holds the token.
export function asked() {
  const [address, folder, after, wanted] = process.argv.slice(2);
  const token = readFileSync(`${folder}/token`, 'utf8').trim();
  return { address, token, follower: new Follower({ after, wanted: Number(wanted), folder }) };
}
