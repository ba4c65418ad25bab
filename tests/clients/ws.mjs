// Follows a wallet with graphql-ws, through restarts of the server.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { asked } from './follow.mjs';

const { address, token, follower } = asked();
const client = createClient({
  url: address.replace(/^http/, 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
  retryAttempts: 50,
  retryWait: () => new Promise((done) => setTimeout(done, 200)),
  shouldRetry: () => true, // also while nobody listens
  keepAlive: 1_000,
  on: follower.on,
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
