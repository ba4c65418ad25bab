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
import { hasTabs, storage } from "./storage.js";
import { asTab, tasksFor } from "./tasks.js";
import { tasksPanel } from "./Tasks.jsx";

const FIRST_TABS = 3; // the look-ups that most calls begin with
const KEEP_MS = 700; // the editor writes its tabs down half a second after a change

export function Console({ person }) {
  const [asked, setAsked] = useState(null);
  const [outcome, setOutcome] = useState(null);
  const schema = useRef(null);
  const activeTab = useRef(null);

  const sections = useMemo(() => tasksFor(person.scopes), [person]);
  const plugins = useMemo(
    () => [tasksPanel(sections), refusalsPanel(), HISTORY_PLUGIN],
    [sections],
  );
  const first = useMemo(() => beginning(sections), [sections]);
  const fetcher = useMemo(
    () =>
      makeFetcher({
        schema: () => schema.current,
        confirm: (write) => new Promise((resolve) => setAsked({ write, resolve })),
        report: setOutcome,
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
  const onTabChange = useCallback(({ tabs, activeTabIndex }) => {
    const id = tabs[activeTabIndex]?.id;
    if (activeTab.current !== null && activeTab.current !== id) setOutcome(null);
    activeTab.current = id;
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
        onSchemaChange={(loaded) => (schema.current = loaded)}
        onTabChange={onTabChange}
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

/** The first look-ups as tabs, unless this browser tab still has its own. */
function beginning(sections) {
  if (hasTabs()) return {};
  const tabs = (sections[0]?.tasks ?? []).slice(0, FIRST_TABS).map(asTab);
  if (tabs.length === 0) return {};
  return { defaultTabs: tabs, initialQuery: tabs[0].query, initialVariables: tabs[0].variables };
}
