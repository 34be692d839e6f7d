import { useMemo, useSyncExternalStore } from "react";

import { useSession } from "../use_room";
import { readTasks, type TaskView } from "./tasks";

export function useTasks(): TaskView[] {
  const { tasks } = useSession();
  const key = useSyncExternalStore(
    (listener) => {
      tasks.observeDeep(listener);
      return () => tasks.unobserveDeep(listener);
    },
    () => JSON.stringify(readTasks(tasks)));
  return useMemo(() => JSON.parse(key) as TaskView[], [key]);
}
