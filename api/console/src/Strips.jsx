// Two strips: one asks before a mutation is sent, one says in words what came back.
import { useGraphiQL } from "@graphiql/react";
import { formatResult } from "@graphiql/toolkit";
import { useEffect, useRef } from "react";

export function Ask({ write, answer }) {
  const dialog = useRef(null);
  // A dialog of the browser's own: nothing behind it can be reached, and Escape is no. Its first
  // button has the focus, so Enter by habit changes nothing.
  useEffect(() => dialog.current.showModal(), []);
  return (
    <dialog
      ref={dialog}
      className="ask"
      role="alertdialog"
      aria-labelledby="ask-title"
      aria-describedby="ask-about"
      onCancel={() => answer(false)}
    >
      <h2 id="ask-title">
        {write.money ? "This moves money. Run it?" : "This changes records. Run it?"}
      </h2>
      <p id="ask-about">
        <code>{write.name}</code> {write.about}
      </p>
      {write.reason !== null && (
        <p>
          <span className="label">Your reason</span> {write.reason}
        </p>
      )}
      <p className="small">It goes into the audit log with your name and this document.</p>
      <div className="choices">
        <button type="button" onClick={() => answer(false)}>
          Do not run
        </button>
        <button type="button" className="go" onClick={() => answer(true)}>
          Run it
        </button>
      </div>
    </dialog>
  );
}

const WORDS = { done: "Done", refused: "Refused", failed: "Failed", stopped: "Not sent" };

/** Shown while the answer that it is about stands in the tab. */
export function Outcome({ outcome: latest }) {
  const shown = useGraphiQL(({ tabs, activeTabIndex }) => tabs[activeTabIndex]?.response);
  const outcome = latest && shown === formatResult(latest.answer) ? latest : null;
  return (
    <div role="status" className={`outcome ${outcome?.kind ?? "none"}`}>
      {outcome && (
        <>
          <strong>{WORDS[outcome.kind]}</strong>
          {outcome.code && <code>{outcome.code}</code>}
          <span>{outcome.text}</span>
          {outcome.note && <small>{outcome.note}</small>}
        </>
      )}
    </div>
  );
}
