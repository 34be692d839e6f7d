import { useState } from "react";

import { Icon } from "../../../shared/icon";
import { useSession } from "../use_room";
import { addTask, textSizeMax } from "./tasks";
import { TaskRow } from "./task_row";
import { useTasks } from "./use_tasks";

export function TodoCard() {
  const { tasks } = useSession();
  const list = useTasks();
  const [draft, setDraft] = useState("");
  const left = list.filter(({ done }) => !done).length;

  const add = (event: React.FormEvent) => {
    event.preventDefault();
    if (draft.trim() === "") return;
    addTask(tasks, draft.trim());
    setDraft("");
  };

  return (
    <section className="card todo-card" data-area="todo" aria-labelledby="todo-title">
      <div className="card-head">
        <h2 id="todo-title">To do</h2>
        <span className="badge push numeric">
          {list.length === 0 ? "Nothing yet" : left === 0 ? "All done" : `${left} left`}
        </span>
      </div>
      {list.length === 0 &&
        <p className="empty small">What is added here, others can tick off, rename and move.</p>}
      <ul className="tasks" aria-label="Tasks">
        {list.map((task, at) => (
          <TaskRow key={task.id} task={task} isFirst={at === 0} isLast={at === list.length - 1} />
        ))}
      </ul>
      <form className="card-foot row" onSubmit={add}>
        <input className="field" aria-label="New task" placeholder="Add a task" value={draft}
          maxLength={textSizeMax} onChange={(event) => setDraft(event.target.value)} />
        <button type="submit" className="button button-icon" aria-label="Add task" title="Add task">
          <Icon name="plus" />
        </button>
      </form>
    </section>
  );
}
