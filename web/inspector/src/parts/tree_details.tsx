// What is chosen in a tree: where it is, and buttons that copy it.

import { CopyButton } from "./copy_button";
import { typeOf } from "./json_value";
import { type TreeRow, rowPath } from "./tree_rows";

export function TreeDetails({ row }: { row: TreeRow | undefined }) {
  if (!row || row.group) return <div className="tree-details" />;
  const path = rowPath(row);
  return (
    <div className="tree-details">
      <code className="tree-path" title={path}>
        {path}
      </code>
      <span className="badge">{typeOf(row.value)}</span>
      <CopyButton name="Copy path" text={() => path} />
      <CopyButton
        name="Copy value"
        text={() =>
          typeof row.value === "string" ? row.value : JSON.stringify(row.value, null, 2)
        }
      />
    </div>
  );
}
