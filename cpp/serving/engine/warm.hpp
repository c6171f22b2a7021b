// A context that an idle engine computes before anybody has asked for it.
#pragma once

#include <optional>
#include <vector>

#include "serving/engine/traffic.hpp"

namespace headway::serving {

struct Warming {
    Int request;
    Contents contents;
    Int computed = 0;  // tokens in the cache
    Int target = 0;    // tokens to be there, in full blocks
    bool is_unwanted = false;  // somebody came while a step of it was under way
    std::vector<std::int32_t> blocks;
};

}  // namespace headway::serving
