// Follows a wallet with graphql-sse, through restarts of the server.
import { createClient } from 'graphql-sse';
import { asked, Follower } from './follow.mjs';

const { address, token, after, wanted } = asked();
const follower = new Follower(after, wanted);
const client = createClient({
  url: address,
  headers: { Authorization: `Bearer ${token}` },
  retryAttempts: 50,
  retry: () => new Promise((done) => setTimeout(done, 200)),
  on: { connected: () => (follower.connected += 1) },
});

await new Promise((done, fail) => {
  const stop = client.subscribe(follower.request, {
    next: (answer) => follower.take(answer) && (stop(), done()),
    error: fail,
    complete: done,
  });
});
console.log(follower.told());
