#include "pluv/detail/api.h"

namespace pluv::detail {

void add_output(ApiProcedure& procedure, std::string_view event, json::ShapeId shape) {
  for (const ApiOutput& known : procedure.outputs) {
    if (known.event == event && known.shape == shape) return;
  }
  procedure.outputs.push_back({std::string(event), shape});
}

}  // namespace pluv::detail
