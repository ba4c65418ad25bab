// The bar on top: the product, who works here with which role, and the way out.
import icon from "./icon.svg";
import { leaveForSignIn, signOut } from "./door.js";
import { forget } from "./storage.js";

export function Bar({ person }) {
  return (
    <header className="bar">
      <img src={icon} alt="" width="28" height="28" />
      <h1>
        Commonpurse <span>support console</span>
      </h1>
      {person.goodwill && (
        <p className="limits">
          Goodwill up to {person.goodwill.once} {person.goodwill.currency} a credit
        </p>
      )}
      <p className="person">{person.name}</p>
      <p className={`role role-${person.role}`}>{person.role}</p>
      <button type="button" onClick={leave}>
        Sign out
      </button>
    </header>
  );
}

async function leave() {
  forget();
  await signOut();
  leaveForSignIn();
}
