// The steps of permanent user data in yjs: what driver_user_data.h does in our engine. Each is
// [number, "pud", place, operation, arguments...]:
//
//   new                                follows the document's root map "users"
//   map     client description filter  filter: only transactions that delete of one client are noted
//   settle                             lets those timers run that the document has set
//   ask     list of [client clock]     answers who wrote under the id, and who has deleted the element
import * as Y from "yjs";

import { catchTimers } from "./clock.mjs";

export class UserDataSteps {
  #timers = [];
  #users;

  constructor(doc) { this.#users = new Y.PermanentUserData(doc); }

  // Runs act(), which may set timers.
  during(act) {
    const { answer, timers } = catchTimers(act);
    this.#timers.push(...timers);
    return answer;
  }

  run(doc, [, , , operation, a, b, filtered], answer) {
    if (operation === "map") {
      const filter = filtered ? (_, deletes) => deletes.clients.size === 1 : undefined;
      this.#users.setUserMapping(doc, a, b, { filter });
      answer("ok");
    } else if (operation === "settle") {
      while (this.#timers.length > 0) {
        const due = this.#timers.splice(0);
        this.during(() => due.forEach((timer) => timer()));
      }
      answer("ok");
    } else {
      const show = (user) => answer(user === null ? "nobody" : `is ${user}`);
      for (const [client, clock] of a) {
        show(this.#users.getUserByClientId(client));
        show(this.#users.getUserByDeletedId(Y.createID(client, clock)));
      }
    }
  }
}
