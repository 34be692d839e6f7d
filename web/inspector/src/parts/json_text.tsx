// JSON text with its values coloured by type. Text that is not all of a JSON value is coloured as
// far as it can be told.

const token =
  /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function classOf(text: string, colon: string | undefined): string {
  if (text.startsWith('"')) return colon === undefined ? "json-string" : "json-name";
  if (text === "null") return "json-null";
  return text === "true" || text === "false" ? "json-boolean" : "json-number";
}

export function JsonText({ text, label }: { text: string; label: string }) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [whole, string, colon] = match;
    const value = string ?? whole;
    parts.push(
      text.slice(end, match.index),
      <span key={match.index} className={classOf(value, colon)}>
        {value}
      </span>,
      colon ?? "",
    );
    end = match.index + whole.length;
  }
  parts.push(text.slice(end));
  return (
    <pre className="json-text" role="region" aria-label={label} tabIndex={0}>
      {parts}
    </pre>
  );
}
