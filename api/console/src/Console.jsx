// The page: a bar that says who works here, the editor, and a strip that asks before a write.
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useCallback, useMemo, useRef, useState } from "react";

import { Bar } from "./Bar.jsx";
import { leaveForSignIn } from "./door.js";
import { Editors, Waiting } from "./Editors.jsx";
import { makeFetcher } from "./fetcher.js";
import { Ask, Outcome } from "./Strips.jsx";
import { refusalsPanel } from "./Refusals.jsx";
import { lastTab, storage } from "./storage.js";
import { asTab, tasksFor } from "./tasks.js";
import { tasksPanel } from "./Tasks.jsx";

const FIRST_TABS = 3; // the look-ups that most calls begin with
const KEEP_MS = 700; // the editor writes its tabs down half a second after a change

export function Console({ person }) {
  const [asked, setAsked] = useState(null);
  const [outcome, setOutcome] = useState(null);
  const schema = useRef(null);

  const currency = person.goodwill?.currency ?? "EUR";
  const sections = useMemo(() => tasksFor(person.scopes), [person]);
  const plugins = useMemo(
    () => [tasksPanel(sections, currency), refusalsPanel(), HISTORY_PLUGIN],
    [sections, currency],
  );
  const first = useMemo(() => beginning(sections, currency), [sections, currency]);
  const fetcher = useMemo(
    () =>
      makeFetcher({
        schema: () => schema.current,
        confirm: (write) => new Promise((resolve) => setAsked({ write, resolve })),
        report: (outcome, answer) => setOutcome(outcome && { ...outcome, answer }),
        signedOut: () => setTimeout(leaveForSignIn, KEEP_MS),
      }),
    [],
  );
  const answer = useCallback((yes) => {
    setAsked((current) => {
      current?.resolve(yes);
      return null;
    });
  }, []);
  return (
    <div className="console">
      <Bar person={person} />
      <GraphiQL
        {...first}
        fetcher={fetcher}
        storage={storage}
        plugins={plugins}
        visiblePlugin={plugins[0]}
        defaultEditorToolsVisibility="variables"
        isHeadersEditorEnabled={false}
        shouldPersistHeaders={false}
        inputValueDeprecation
        onTogglePluginVisibility={fromTheTop}
        onSchemaChange={(loaded) => (schema.current = loaded)}
      >
        <GraphiQL.Logo>
          <span />
        </GraphiQL.Logo>
        <GraphiQL.Footer>
          <Waiting />
          <Outcome outcome={outcome} />
        </GraphiQL.Footer>
        <Editors />
      </GraphiQL>
      {asked && <Ask write={asked.write} answer={answer} />}
    </div>
  );
}

/** A panel begins at its top, wherever the one before it was scrolled to. */
function fromTheTop() {
  requestAnimationFrame(() => document.querySelector(".graphiql-plugin")?.scrollTo(0, 0));
}

/** The tab this browser tab last showed, or else the first look-ups as tabs. */
function beginning(sections, currency) {
  const last = lastTab();
  const looks = (sections[0]?.tasks ?? []).slice(0, FIRST_TABS);
  const tabs = last ? [last] : looks.map((task) => asTab(task, currency));
  if (tabs.length === 0) return {};
  const [{ query, variables }] = tabs;
  // The editors begin with what they are given here, and find the stored tab by it.
  return {
    ...(last ? {} : { defaultTabs: tabs }),
    initialQuery: query ?? "",
    initialVariables: variables ?? "",
  };
}
