// What the three editors are like: long sentences fold, and each says what it is.
import { pick, useGraphiQL } from "@graphiql/react";
import { useEffect } from "react";

const LOOK = { fontSize: 13.5, lineHeight: 20, wordWrap: "on", wrappingIndent: "indent" };

export function Editors() {
  const { queryEditor, variableEditor, responseEditor } = useGraphiQL(
    pick("queryEditor", "variableEditor", "responseEditor"),
  );
  useEffect(() => {
    queryEditor?.updateOptions({ ...LOOK, ariaLabel: "Document" });
    variableEditor?.updateOptions({ ...LOOK, ariaLabel: "Variables" });
    responseEditor?.updateOptions({ ...LOOK, ariaLabel: "Answer" });
  }, [queryEditor, variableEditor, responseEditor]);
  return null;
}

/** Fills the place of the answer until there is one. */
export function Waiting() {
  const { tabs, activeTabIndex, isFetching } = useGraphiQL(
    pick("tabs", "activeTabIndex", "isFetching"),
  );
  if (isFetching || tabs[activeTabIndex]?.response) return null;
  return (
    <p className="waiting">
      The answer comes here, and below it a line that says in words what became of it.
    </p>
  );
}
