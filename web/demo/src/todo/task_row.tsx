import { useState } from "react";

import { Icon, type IconName } from "../../../shared/icon";
import { useSession } from "../use_room";
import { moveTask, removeTask, renameTask, setDone, textSizeMax, type TaskView } from "./tasks";

export function TaskRow({ task, isFirst, isLast }:
    { task: TaskView; isFirst: boolean; isLast: boolean }) {
  const { tasks } = useSession();
  const [draft, setDraft] = useState<string | null>(null);
  const { id, text, done } = task;

  const rename = () => {
    if (draft !== null && draft.trim() !== "" && draft !== text) {
      renameTask(tasks, id, draft.trim());
    }
    setDraft(null);
  };

  const onKeyDown = (event: React.KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") event.currentTarget.blur();
    if (event.key === "Escape") setDraft(null);
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      moveTask(tasks, id, event.key === "ArrowUp" ? -1 : 1);
    }
  };

  const tool = (label: string, icon: IconName, disabled: boolean, onClick: () => void) => (
    <button type="button" className="button button-quiet button-icon" disabled={disabled}
      aria-label={`${label}: ${text}`} title={label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );

  return (
    <li className={`task${done ? " task-done" : ""}`}>
      <input type="checkbox" className="checkbox" checked={done} aria-label={`Done: ${text}`}
        onChange={(event) => setDone(tasks, id, event.target.checked)} />
      <input className="task-text" aria-label={`Task: ${text}`} value={draft ?? text}
        maxLength={textSizeMax} title="Alt and the arrow keys move it"
        onChange={(event) => setDraft(event.target.value)} onBlur={rename} onKeyDown={onKeyDown} />
      <div className="task-tools">
        {tool("Move up", "arrowUp", isFirst, () => moveTask(tasks, id, -1))}
        {tool("Move down", "arrowDown", isLast, () => moveTask(tasks, id, 1))}
        {tool("Delete", "trash", false, () => removeTask(tasks, id))}
      </div>
    </li>
  );
}
