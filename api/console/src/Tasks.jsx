// The panel of tasks: what support does most, each ready to run in a tab of its own.
import { pick, useGraphiQL, useGraphiQLActions } from "@graphiql/react";

import { asTab } from "./tasks.js";

export function tasksPanel(sections, currency) {
  return {
    title: "Tasks",
    icon: Icon,
    content: () => <Tasks sections={sections} currency={currency} />,
  };
}

function Tasks({ sections, currency }) {
  const { addTab } = useGraphiQLActions();
  const { queryEditor, variableEditor, tabs, activeTabIndex } = useGraphiQL(
    pick("queryEditor", "variableEditor", "tabs", "activeTabIndex"),
  );
  const ready = Boolean(queryEditor && variableEditor);

  function open(task) {
    const tab = asTab(task, currency);
    const unused = !tabs[activeTabIndex]?.query && !queryEditor.getValue();
    if (!unused) addTab();
    queryEditor.setValue(tab.query);
    variableEditor.setValue(tab.variables);
    variableEditor.focus();
  }

  return (
    <section aria-label="Tasks" className="panel">
      <h2>Tasks</h2>
      <p>
        Open one, fill in the variables below the document, and run it with the round button or
        Ctrl-Enter.
      </p>
      {sections.map(({ title, tasks }) => (
        <section key={title}>
          <h3>{title}</h3>
          <ul className="tasks">
            {tasks.map((task) => (
              <li key={task.name}>
                <button type="button" disabled={!ready} onClick={() => open(task)}>
                  <span className="title">{task.title}</span>
                  <span className="about">{task.about}</span>
                  {task.writes && <em>needs a reason</em>}
                </button>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </section>
  );
}

function Icon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" {...props}>
      <rect x="4" y="3.5" width="16" height="17" rx="2.5" />
      <path d="m7.5 9 1.4 1.4L11.5 8M7.5 15l1.4 1.4 2.6-2.4M13.8 9.5h3M13.8 15.5h3" />
    </svg>
  );
}
