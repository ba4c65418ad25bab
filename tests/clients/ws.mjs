// Follows a wallet with graphql-ws, through restarts of the server.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { asked, Follower } from './follow.mjs';

const { address, token, after, wanted } = asked();
const follower = new Follower(after, wanted);
const client = createClient({
  url: address.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
  retryAttempts: 50,
  retryWait: () => new Promise((done) => setTimeout(done, 200)),
  shouldRetry: () => true, // also while nobody listens
  keepAlive: 1_000,
  on: { connected: () => (follower.connected += 1) },
});

await new Promise((done, fail) => {
  const stop = client.subscribe(follower.request, {
    next: (answer) => follower.take(answer) && (stop(), done()),
    error: fail,
    complete: done,
  });
});
await client.dispose();
console.log(follower.told());
