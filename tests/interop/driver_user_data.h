// The steps of permanent user data, for ycrdt_driver.cc; lib/user_data_steps.mjs says which there
// are.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "driver_step.h"
#include "ycrdt/permanent_user_data.h"

namespace pluv::ycrdt {

template <class Answer>
void user_data_step(PermanentUserData& users, Doc& doc, const Step& step, Answer answer) {
  const std::string& operation = step.string(3);
  const auto show = [&](const std::optional<std::string>& user) {
    answer(user ? "is " + *user : "nobody");
  };
  if (operation == "map") {
    PermanentUserData::Filter filter;
    if (step.boolean(6)) {
      filter = [](const Transaction&, const DeleteSet& deletes) {
        return deletes.ranges().front().client == deletes.ranges().back().client;
      };
    }
    const auto set = users.set_user_mapping(doc, step.number(4), step.string(5), filter);
    answer(set ? "ok" : "error " + set.error().message);
  } else if (operation == "settle") {
    users.settle();
    answer("ok");
  } else {
    for (const Any& any : step.list(4)) {
      const Step id(any);
      show(users.user_by_client_id(id.number(0)));
      show(users.user_by_deleted_id({id.number(0), id.index(1)}));
    }
  }
}

}  // namespace pluv::ycrdt
