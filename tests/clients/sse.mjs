// Follows a wallet with graphql-sse, through restarts of the server.
import { createClient } from 'graphql-sse';
import { asked } from './follow.mjs';

const { address, token, follower } = asked();
const client = createClient({
  url: address,
  headers: { Authorization: `Bearer ${token}` },
  retryAttempts: 50,
  retry: () => new Promise((done) => setTimeout(done, 200)),
  on: follower.on,
});

await new Promise((done, fail) => {
  const stop = client.subscribe(follower.request, {
    next: (answer) => follower.take(answer) && (stop(), done()),
    error: fail,
    complete: done,
  });
});
console.log(follower.told());
