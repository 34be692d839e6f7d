// The demo's events (demo_events.h) as procedures of pluvd's rooms. For development mode and
// --demo; a real application has procedures of its own.
#pragma once

#include "room/definition.h"

namespace pluv::apps {

void add_demo_procedures(room::Definition& definition);

}  // namespace pluv::apps
