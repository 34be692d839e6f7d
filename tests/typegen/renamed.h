// The server of router.h with a member of chat::Message renamed from text to body.
#pragma once

#define TYPEGEN_TEXT body
#include "tests/typegen/router.h"
