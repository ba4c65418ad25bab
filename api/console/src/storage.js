// Where the editor keeps its tabs: in this browser tab only, so that nothing about a member outlives
// it. Answers are never kept. The theme is the one thing kept for the next day.
const PREFIX = "commonpurse:";
const OWNER = `${PREFIX}owner`;
const LASTING = "graphiql:theme";

const placeOf = (key) => (key === LASTING ? localStorage : sessionStorage);

export const storage = {
  getItem: (key) => placeOf(key).getItem(PREFIX + key),
  setItem: (key, value) => placeOf(key).setItem(PREFIX + key, value),
  removeItem: (key) => placeOf(key).removeItem(PREFIX + key),
  get length() {
    return ours().length;
  },
  clear: forget,
};

function ours() {
  return Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
}

export function forget() {
  for (const key of ours()) sessionStorage.removeItem(key);
}

/** Tabs belong to one person: whoever signs in after somebody else begins with none. */
export function ownedBy(id) {
  if (sessionStorage.getItem(OWNER) !== id) forget();
  sessionStorage.setItem(OWNER, id);
}

/** How wide the panel is beside the rest, unless the person has moved it. */
export function widthOfPanel(share) {
  const key = "graphiql:docExplorerFlex";
  if (storage.getItem(key) === null) storage.setItem(key, String(share));
}

/** The tab that this browser tab last showed, or null if it has none yet. */
export function lastTab() {
  const kept = storage.getItem("graphiql:tabState");
  if (kept === null) return null;
  const { tabs, activeTabIndex } = JSON.parse(kept);
  return tabs[activeTabIndex] ?? null;
}
