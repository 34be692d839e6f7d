// The demo events, the same that the reference's documentation makes: sendMessage, doubleValue and
// wave. For development mode and --demo; a real application has procedures of its own.
#pragma once

#include "room/definition.h"

namespace pluv::apps {

// sendMessage {message: string}  -> receiveMessage {message} to everybody
// doubleValue {value: number}    -> doubledValue {value: 2 * value} to the sender
// wave                           -> receiveMessage {message: "Hello world!"} to everybody
void add_demo_procedures(room::Definition& definition);

}  // namespace pluv::apps
