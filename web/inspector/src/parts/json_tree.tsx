// A JSON value as a tree: role=tree, one tab stop, arrow keys; what changes is highlighted for a
// moment.

import { memo, useMemo, useState } from "react";
import type { Json } from "../api_types";
import { type Changes, areFresh, noChanges } from "./json_changes";
import { JsonValue } from "./json_value";
import { TextLines } from "./text_lines";
import { TreeDetails } from "./tree_details";
import { type TreeRow, isLongText, summaryOf, treeRows } from "./tree_rows";
import { useTreeKeys } from "./use_tree_keys";

interface JsonTreeProps {
  value: Json;
  label: string;
  openLevels?: number;
  changes?: Changes;
  // Says below the tree which place is chosen, and copies it.
  details?: "shown" | "none";
}

export function JsonTree(props: JsonTreeProps) {
  const { value, label, openLevels = 2, changes = noChanges, details = "none" } = props;
  const [chosen, setChosen] = useState<ReadonlyMap<string, boolean>>(new Map());
  const rows = useMemo(() => treeRows(value, { chosen, openLevels }), [value, chosen, openLevels]);

  const setOpen = (which: readonly TreeRow[], open: boolean) => {
    const next = new Map(chosen);
    for (const row of which) if (row.opens) next.set(row.id, open);
    setChosen(next);
  };
  const keys = useTreeKeys(rows, setOpen);

  return (
    <>
      <div role="tree" aria-label={label} className="json-tree" onKeyDown={keys.onKeyDown}>
        {rows.map((row) => (
          <TreeItem
            key={row.id}
            row={row}
            active={row.id === keys.activeId}
            changes={changes}
            rowRef={keys.rowRef}
            onActivate={() => keys.activate(row.id)}
            onToggle={() => setOpen([row], !row.isOpen)}
          />
        ))}
      </div>
      {details === "shown" && <TreeDetails row={rows.find((row) => row.id === keys.activeId)} />}
    </>
  );
}

interface TreeItemProps {
  row: TreeRow;
  active: boolean;
  changes: Changes;
  rowRef: (id: string, element: HTMLElement | null) => void;
  onActivate: () => void;
  onToggle: () => void;
}

// Closed rows say that something in them changed, open ones leave it to what is in them.
function isChanged(row: TreeRow, changes: Changes): boolean {
  return !row.isOpen && !row.group && changes.places.has(row.id) && areFresh(changes);
}

const TreeItem = memo(function TreeItem(props: TreeItemProps) {
  const { row, active, changes, rowRef, onActivate, onToggle } = props;
  const changed = isChanged(row, changes);
  const longText = isLongText(row.value) && row.isOpen;
  return (
    <div
      role="treeitem"
      ref={(element) => rowRef(row.id, element)}
      aria-level={row.level}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-expanded={row.opens ? row.isOpen : undefined}
      aria-selected={active}
      tabIndex={active ? 0 : -1}
      className="tree-item"
      style={{ "--level": row.level - 1 }}
      onFocus={onActivate}
    >
      <div
        key={changed ? `row@${changes.tick}` : "row"}
        className={changed ? "tree-row changed" : "tree-row"}
        onClick={row.opens ? onToggle : undefined}
      >
        <span className={row.opens ? "twisty" : "twisty none"} aria-hidden="true" />
        <span className={row.group ? "tree-group" : "tree-name"}>{row.name}</span>
        {!row.group && <span className="tree-colon">: </span>}
        {longText ? (
          <span className="tree-summary">{textSize(row.value)}</span>
        ) : (
          <>
            <JsonValue value={row.group ? [] : row.value} />
            <span className="tree-summary">{summaryOf(row)}</span>
          </>
        )}
      </div>
      {longText && typeof row.value === "string" && (
        <TextLines text={row.value} id={row.id} changes={changes} />
      )}
    </div>
  );
}, sameItem);

// Handlers only differ in the render that they were made in, which acts on the same row.
function sameItem(before: TreeItemProps, after: TreeItemProps): boolean {
  return (
    before.row === after.row && before.active === after.active && before.changes === after.changes
  );
}

function textSize(value: Json): string {
  if (typeof value !== "string") return "";
  const lines = value.split("\n").length;
  return lines === 1 ? `${value.length} characters` : `${lines} lines`;
}
