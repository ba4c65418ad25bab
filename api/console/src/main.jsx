// Starts the console once it knows who works at it.
import "graphiql/setup-workers/vite";
import "graphiql/style.css";
import "./style.css";

import { createRoot } from "react-dom/client";

import { Console } from "./Console.jsx";
import { leaveForSignIn } from "./door.js";
import { ownedBy, widthOfPanel } from "./storage.js";

const PANEL_SHARE = 0.3;

const root = createRoot(document.getElementById("root"));

async function start() {
  const response = await fetch("console/me", { credentials: "same-origin" });
  if (response.status === 401) {
    leaveForSignIn();
    return;
  }
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  const person = await response.json();
  ownedBy(person.id);
  widthOfPanel(PANEL_SHARE);
  root.render(<Console person={person} />);
}

start().catch((error) => {
  root.render(
    <p className="starting" role="alert">
      The console could not start. {error.message} Reload the page in a moment.
    </p>,
  );
});
