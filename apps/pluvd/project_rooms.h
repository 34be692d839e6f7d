// What a project's rooms are: the server's, with the project's limits and listeners of its own; and
// what is noted of everybody who comes and goes, in a project's rooms or not.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "apps/pluvd/audit_log.h"
#include "apps/pluvd/projects.h"
#include "room/definition.h"

namespace pluv::apps {

// inner, whose functions are called as before, and the counts and audit lines of joins and leaves.
// projects: null when there are none. Both outlive the rooms.
[[nodiscard]] room::Listeners noted_listeners(room::Listeners inner, const Projects* projects,
                                              AuditLog& audit);

// The definitions of all projects, for native::ServerHooks::definition_of. Immutable once made.
class ProjectRooms {
 public:
  // base: the server's own. listeners: those of a project, not noted yet.
  ProjectRooms(const room::Definition& base, const Projects& projects, AuditLog& audit,
               const std::function<room::Listeners(const Project&)>& listeners);

  // Null: there is no such project.
  [[nodiscard]] const room::Definition* find(std::string_view project) const;

 private:
  std::unordered_map<std::string_view, std::unique_ptr<room::Definition>> definitions_;
};

}  // namespace pluv::apps
