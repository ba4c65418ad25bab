// The panel of refusals: every code there is, with what to do, read from the schema itself.
import { useGraphiQL } from "@graphiql/react";
import { useState } from "react";

export function refusalsPanel() {
  return { title: "Refusals", icon: Icon, content: Refusals };
}

function Refusals() {
  const schema = useGraphiQL((state) => state.schema);
  const [wanted, setWanted] = useState("");
  const codes = schema?.getType("ErrorCode")?.getValues() ?? [];
  const words = wanted.trim().toLowerCase().replaceAll(" ", "_");
  const shown = codes.filter(
    ({ name, description }) =>
      name.toLowerCase().includes(words) ||
      (description ?? "").toLowerCase().includes(wanted.trim().toLowerCase()),
  );
  return (
    <section aria-label="Refusals" className="panel">
      <h2>Refusals</h2>
      <p>
        A refusal is an answer, not a failure: nothing was done, and its code says why. It stands
        under <code>errors</code> of the payload.
      </p>
      <input
        type="search"
        placeholder="Find a code or a word"
        aria-label="Find a refusal"
        value={wanted}
        onChange={(event) => setWanted(event.target.value)}
      />
      <dl>
        {shown.map(({ name, description }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{withCode(description)}</dd>
          </div>
        ))}
      </dl>
      {schema && shown.length === 0 && <p>No refusal has that word.</p>}
    </section>
  );
}

/** A description with its back-ticked words as code. */
function withCode(text) {
  const parts = (text ?? "").split("`");
  return parts.map((part, place) => (place % 2 ? <code key={place}>{part}</code> : part));
}

function Icon(props) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="1.8" {...props}>
      <circle cx="12" cy="12" r="8.5" />
      <path d="m6 18 12-12" />
    </svg>
  );
}
