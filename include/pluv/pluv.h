// Everything of the library, for one include: #include "pluv/pluv.h", link pluv::pluv.
#pragma once

#include "pluv/auth.h"
#include "pluv/context.h"
#include "pluv/event.h"
#include "pluv/io.h"
#include "pluv/limits.h"
#include "pluv/listen.h"
#include "pluv/persistence.h"
#include "pluv/procedure.h"
#include "pluv/request.h"
#include "pluv/room.h"
#include "pluv/router.h"
#include "pluv/schema.h"
#include "pluv/server.h"
#include "pluv/storage.h"
#include "pluv/task.h"
#include "pluv/typegen.h"
