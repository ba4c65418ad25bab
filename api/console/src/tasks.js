// The tasks of support: documents with variables, kept as files beside this one. The comment at the
// top of a document is its title, the scope it needs, and what to fill in.
import sections from "./tasks/sections.json";

const documents = import.meta.glob("./tasks/*.graphql", {
  query: "?raw",
  import: "default",
  eager: true,
});
const variables = import.meta.glob(["./tasks/*.json", "!./tasks/sections.json"], {
  query: "?raw",
  import: "default",
  eager: true,
});

const NEW_KEY = /"made-new-for-each-tab"/g;
const CURRENCY = /"EUR"/g;

function read(name) {
  const document = documents[`./tasks/${name}.graphql`];
  const head = document.match(/^(#.*\n)+/)[0].replace(/^# ?/gm, "");
  const [title, scope, ...lines] = head.trim().split("\n");
  const about = lines.join(" ").trim();
  const body = document.replace(/^(#.*\n)+/, "");
  return {
    name,
    title,
    scope: scope.replace("Scope: ", ""),
    about,
    writes: body.startsWith("mutation "),
    // The comment as one line: the editor folds it to its own width.
    document: `# ${title}\n# ${scope}\n#\n# ${about}\n${body}`,
    variables: variables[`./tasks/${name}.json`].trim(),
  };
}

const ALL = Object.entries(sections).map(([title, names]) => ({ title, tasks: names.map(read) }));

/** The sections with the tasks that a person with these scopes may run. */
export function tasksFor(scopes) {
  return ALL.map(({ title, tasks }) => ({
    title,
    tasks: tasks.filter((task) => scopes.includes(task.scope)),
  })).filter(({ tasks }) => tasks.length > 0);
}

/** A task as a tab: in the programme's currency, and with a key of its own, as it is a new intent. */
export function asTab(task, currency) {
  const variables = task.variables
    .replace(NEW_KEY, () => `"${crypto.randomUUID()}"`)
    .replace(CURRENCY, () => `"${currency}"`);
  return { query: task.document, variables };
}
