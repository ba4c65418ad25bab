// Two strips: one asks before a mutation is sent, one says in words what came back.
import { useGraphiQL } from "@graphiql/react";
import { formatResult } from "@graphiql/toolkit";
import { useEffect, useRef } from "react";

export function Ask({ write, answer }) {
  const run = useRef(null);
  useEffect(() => {
    // The way back has the focus: Enter by habit changes nothing.
    run.current?.focus();
    const onKey = (event) => event.key === "Escape" && answer(false);
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [answer]);
  return (
    <div className="veil">
      <div className="ask" role="alertdialog" aria-labelledby="ask-title" aria-describedby="ask-about">
        <h2 id="ask-title">{write.money ? "This moves money. Run it?" : "This changes records. Run it?"}</h2>
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
          <button type="button" ref={run} onClick={() => answer(false)}>
            Do not run
          </button>
          <button type="button" className="go" onClick={() => answer(true)}>
            Run it
          </button>
        </div>
      </div>
    </div>
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
